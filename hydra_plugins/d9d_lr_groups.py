"""The groups of `lr/` under a name of one's choice: `hydra.searchpath: [d9d_lr://schedule]`.

For an application that has a plain key `lr` of its own. Hydra imports this module for every application, so it imports
nothing heavy.
"""

from __future__ import annotations

from pathlib import Path

from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import OmegaConf

from d9d_lr.composing.paths import SCHEDULES_DIR


class D9dLrGroups(ConfigSource):
    """Finds `schedule/wsd` for `d9d_lr://schedule`, and `lr/wsd` for `d9d_lr://lr`."""

    @staticmethod
    def scheme() -> str:
        """Called by Hydra; what stands in front of `://`."""
        return "d9d_lr"

    def available(self) -> bool:
        """Called by Hydra, which warns where it is not: a name must be there, and be one word."""
        return self.path.isidentifier()

    def is_group(self, config_path: str) -> bool:
        """Called by Hydra."""
        found = self._at(config_path)
        return found is not None and found.is_dir()

    def is_config(self, config_path: str) -> bool:
        """Called by Hydra."""
        found = self._at(self._normalize_file_name(config_path))
        return found is not None and found.is_file()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Called by Hydra; the groups and options below a path."""
        found = self._at(config_path)
        names = [self.path] if found is None else [entry.name for entry in found.iterdir()]
        listed: list[str] = []
        for name in sorted(names):
            self._list_add_result(listed, f"{config_path}/{name}".lstrip("/"), name, results_filter)
        return sorted(set(listed))

    def load_config(self, config_path: str) -> ConfigResult:
        """Called by Hydra; the parts that an option is made of are chosen from the groups under the same name."""
        found = self._at(self._normalize_file_name(config_path))
        if found is None or not found.is_file():
            raise ConfigLoadError(f"Config not found: {config_path}")
        text = found.read_text(encoding="utf-8")
        config = OmegaConf.create(text.replace("- /lr/", f"- /{self.path}/"))
        return ConfigResult(self.provider, self.full_path(), config, self._get_header_dict(text))

    def _at(self, config_path: str) -> Path | None:
        first, _, below = config_path.strip("/").partition("/")
        return SCHEDULES_DIR / "lr" / below if first == self.path else None
