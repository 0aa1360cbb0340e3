"""Whether a value can be a parameter of a measure: its type, and the limits of numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

if TYPE_CHECKING:
    from paceline.measures import Measure

#: No count of sessions, months, names ... is larger: there are as many sessions in four centuries.
MOST = 100_000


def fault(measure: Measure, name: str, value: object) -> str:
    """Why ``value`` cannot be the parameter ``name`` of a measure; "" where it can.

    The type is the parameter's annotation. A number is finite and within the measure's ``limits``;
    a whole number without limits counts something: from 1 (from -100,000, where its default is
    below 1) to 100,000.
    """
    parameter = measure.params[name]
    given = value.tolist() if hasattr(value, "tolist") else value  # NumPy's numbers
    if given is parameter.default:
        return ""
    given = tuple(given) if isinstance(given, list) else given
    try:
        _adapter(parameter.annotation).validate_python(given, strict=True)
    except ValidationError as error:
        return error.errors()[0]["msg"].removeprefix("Input ")
    except PydanticUserError:  # a type of somebody's own: for their measure to judge
        return ""
    numbers = given if isinstance(given, tuple) else (given,)
    return next((f for n in numbers if (f := _beyond(measure, parameter, n))), "")


def _beyond(measure: Measure, parameter: inspect.Parameter, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not math.isfinite(value):
        return "should be a finite number"
    low, high = _limits(measure, parameter, value)
    return "" if low <= value <= high else f"should lie between {low:,g} and {high:,g}"


def _limits(measure: Measure, parameter: inspect.Parameter, value: float) -> tuple[float, float]:
    if parameter.name in measure.limits:
        return measure.limits[parameter.name]
    if isinstance(value, float):
        return -math.inf, math.inf
    usual = parameter.default
    below = isinstance(usual, int) and usual < 1
    return (-MOST if below else 1), MOST


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a type as it was written
    return TypeAdapter(annotation)


def example(parameters: Mapping[str, inspect.Parameter], name: str) -> str:
    """What to give instead."""
    usual = parameters[name].default
    return "" if usual is inspect.Parameter.empty or usual is None else f"Default: {usual!r}."
