"""Hydra's composition errors as problems that say what to type instead.

Hydra stops at the first override it cannot apply, so there is one problem here where validation reports all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra.errors import MissingConfigException, OverrideParseException
from yaml import MarkedYAMLError

from d9d_lr.composing.group_errors import listed, no_option, no_such_group, place_of_group, several_values
from d9d_lr.composing.hydra_english import Said, read
from d9d_lr.composing.key_errors import in_list, mapping_and_list, nothing_to_delete, unknown_key
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import key_of
from d9d_lr.composing.suggestions import Suggestion, hinted
from d9d_lr.composing.unparsed import unparsed
from d9d_lr.composing.unreadable import bad_yaml, missing_file
from d9d_lr.diagnostics.problems import Problem


def explain_hydra(error: Exception, overrides: Sequence[str], line: Line | None = None) -> list[Problem]:
    """Returns what a failed composition has to say.

    Args:
        error: What Hydra, or OmegaConf below it, raised.
        overrides: What was typed, to find the one at fault.
        line: The command line without what is wrong with it, to try hints out; without it, some are left out.
    """
    match error:
        case OverrideParseException():
            return [unparsed(error, overrides, line)]
        case MissingConfigException():
            return [missing_file(read(error), error, overrides)]
        case MarkedYAMLError():
            return [bad_yaml(error)]
        case UnicodeDecodeError():
            return [Problem("", f"a configuration file is not UTF-8 text: {error.reason} at byte {error.start}")]
        case RecursionError():
            return [Problem("", "a configuration file is nested too deeply, or names itself in its defaults")]
        case _:
            return [_unapplied(read(error), overrides, line)]


def _unapplied(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns why an override that parses cannot be applied."""
    if (keyless := next((one for one in overrides if not key_of(one)), None)) is not None:
        return Problem(keyless, "has no key", "an override is KEY=VALUE")
    key = said.key
    typed = next((one for one in overrides if key_of(one) == key), "")
    match said.case:
        case "no_name":
            return no_option(overrides, line)
        case "no_folder":
            return Problem("--config-dir", f"there is no folder {key!r}")
        case "not_chosen":
            return Problem(key, "must be chosen", listed(line, key))
        case "mapping_and_list":
            return mapping_and_list(said, overrides, line)
        case "index":
            return in_list(said, overrides, line)
        case "unplaced" | "no_such_place" | "taken":
            return place_of_group(said, overrides, line)
        case "not_in_defaults":
            return Problem(key, "is not in the defaults list", hinted(line, [Suggestion("to add it", (f"+{typed}",))]))
        case "two_keys":
            message = f"{said.name!r} and {said.name} are both position {said.name}"
            return Problem(
                key, message, f"Quote the position in the YAML file, as in '{said.name}':, so that it merges"
            )
        case "unknown_key":
            return unknown_key(said, typed, line)
        case "nothing_to_delete":
            return nothing_to_delete(said, line)
        case "other_value":
            return Problem(key, f"is {said.name}; it is deleted without a value, or with this one")
        case "no_group":
            return no_such_group(key, line)
        case "several_values":
            return several_values(key, typed, line)
        case "chosen_already":
            hint = hinted(line, [Suggestion("to choose another", (typed.lstrip("+"),))])
            return Problem(key, "is chosen already", hint)
        case "there_already":
            return Problem(key, "is there already", hinted(line, [Suggestion("to set it", (typed.lstrip("+"),))]))
        case "mode_in_file":
            message = "is set in a file that the primary config includes; it belongs on the command line"
            return Problem(key, message, "take it out of the file, and add --multirun to the command")
        case "not_mergeable":
            return Problem(key, said.line)
        case _:
            return Problem("", said.line)
