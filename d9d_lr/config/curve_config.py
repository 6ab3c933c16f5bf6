"""A curve as it is written in a configuration: a packaged one by its `type`, a user-defined one by its `_target_`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, SerializerFunctionWrapHandler, TypeAdapter, ValidationError, WrapSerializer, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler
from typing_extensions import TypeAliasType

from d9d_lr.diagnostics.explain import explain
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import Curve
from d9d_lr.schedule.values import curve_to_plain


def _read(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Reads a user-defined curve, which may stand on the `type` of a packaged one; leaves those to the union."""
    if isinstance(value, CurveBase):
        return value
    if not isinstance(value, Mapping) or "_target_" not in value:
        return handler(value)
    target = value["_target_"]
    if target is None:
        return handler({name: given for name, given in value.items() if name != "_target_"})
    owner = _curve_class(target)
    left = _left_over(value.get("type"), owner)
    fields = {name: given for name, given in value.items() if name not in ("_target_", "type", *left)}
    try:
        return TypeAdapter(owner).validate_python(fields)
    except ValidationError as error:
        raise ConfigError(explain(error, owner, fields)) from None


def _write(curve: Any, handler: SerializerFunctionWrapHandler) -> Any:
    return handler(curve) if isinstance(curve, get_args(Curve)) else curve_to_plain(curve)


def _left_over(kind: Any, owner: type[CurveBase]) -> set[str]:
    """Returns the fields of the packaged curve that a `_target_` was typed over, but for those of its own class."""
    packaged = next((curve for curve in get_args(Curve) if curve.type == kind), owner)
    return set(packaged.__dataclass_fields__) - set(vars(owner).get("__dataclass_fields__", ()))


def _curve_class(target: Any) -> type[Any]:
    try:
        found = pkgutil.resolve_name(str(target))
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError([Problem("_target_", f"{target!r} cannot be imported: {error}")]) from error
    if isinstance(found, type) and issubclass(found, CurveBase) and "__dataclass_fields__" in vars(found):
        return found
    message = f"{target!r} is no curve; it must be a frozen dataclass that derives from d9d_lr.CurveBase"
    raise ConfigError([Problem("_target_", message)])


CurveConfig = TypeAliasType(
    "CurveConfig", Annotated[Curve, Field(discriminator="type"), WrapValidator(_read), WrapSerializer(_write)]
)
"""A packaged curve, discriminated by `type`, or a user-defined one."""
