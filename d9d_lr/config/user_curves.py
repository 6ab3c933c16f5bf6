"""A user-defined curve in a configuration: a class by its dotted path, `_target_`, and its fields beside it.

    curve: {_target_: my_curves.CurveSine, periods: 2}

The class is a frozen dataclass derived from `CurveBase`, so its fields are checked as those of a packaged curve are,
and it is saved, compared and resumed as they are.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_args

from pydantic import SerializerFunctionWrapHandler, ValidatorFunctionWrapHandler

from d9d_lr.diagnostics.problems import ConfigError, did_you_mean
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import Curve
from d9d_lr.schedule.values import curve_to_plain


def read_curve(value: Any, packaged: ValidatorFunctionWrapHandler) -> Any:
    """Returns a user-defined curve, or what the union of the packaged ones makes of the value.

    Raises:
        ValueError: If the class cannot be imported, is no curve, or does not take the fields.
    """
    if isinstance(value, CurveBase) and not isinstance(value, Curve):
        return value
    if isinstance(value, Mapping) and value.get("_target_") is not None:
        return _built(str(value["_target_"]), {name: each for name, each in value.items() if name != "_target_"})
    if isinstance(value, Mapping) and "_target_" in value:  # null, as after _target_=null
        return packaged({name: each for name, each in value.items() if name != "_target_"})
    return packaged(value)


def write_curve(curve: Any, packaged: SerializerFunctionWrapHandler) -> Any:
    """Returns a curve as plain values: what `read_curve` reads."""
    return packaged(curve) if isinstance(curve, Curve) else curve_to_plain(curve)


def _built(target: str, arguments: dict[str, Any]) -> CurveBase:
    try:
        kind = pkgutil.resolve_name(target)
    except Exception as error:  # importing a person's module may raise anything
        raise ValueError(f"_target_ {target!r} cannot be imported: {type(error).__name__}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, CurveBase)):
        raise ValueError(f"_target_ {target!r} is no class derived from CurveBase")
    known = {field.name: field for field in fields(kind) if field.init}
    given = {name: value for name, value in arguments.items() if name in known or not _left_over(name, arguments)}
    for name in set(given) - set(known):
        takes = ", ".join(known) or "nothing"
        raise ValueError(f"{target} does not take {name!r}; it takes {takes}. {did_you_mean(name, known)}".strip())
    missing = [each.name for each in known.values() if each.name not in given and _is_required(each)]
    if missing:
        raise ValueError(f"{target} needs {', '.join(missing)}")
    try:
        curve: CurveBase = kind(**given)
    except ConfigError as error:
        raise ValueError("; ".join(f"{problem.key}: {problem.message}" for problem in error.problems)) from error
    return curve


def _left_over(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a field belongs to the packaged curve that a `_target_` was typed over."""
    packaged = next((each for each in get_args(Curve) if each.type == arguments.get("type")), None)
    return packaged is not None and name in {field.name for field in fields(packaged)}


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
