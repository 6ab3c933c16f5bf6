"""What Hydra 1.3 has to be given, and 1.4 warns of, and the other way round."""

from typing import Any

from d9d_lr.composing.hydra_internals import BEFORE_1_4

BASE: dict[str, Any] = {"version_base": None} if BEFORE_1_4 else {}
"""For `hydra.main` and `initialize_config_dir`."""

MAY_CALL: dict[str, Any] = {} if BEFORE_1_4 else {"_execution_whitelist_": "d9d_lr.*"}
"""For `instantiate`."""


def for_this_version(text: str) -> str:
    """Returns an application of the documentation as it is written under the Hydra that is installed."""
    return text if BEFORE_1_4 else text.replace("version_base=None, ", "")
