"""What the packaged options of the entrypoint's groups say, read from their files: the one place of their defaults."""

from __future__ import annotations

from typing import Any, cast

from omegaconf import OmegaConf

from d9d_lr.composing.paths import APP_DIR


def packaged_values(group: str, name: Any) -> dict[str, Any]:
    """Returns the fields of a packaged option, such as `task=charlm`; none where there is no such option."""
    file = next((file for file in (APP_DIR / group).glob("*.yaml") if file.stem == name), None)
    return {} if file is None else cast(dict[str, Any], OmegaConf.to_container(OmegaConf.load(file)))
