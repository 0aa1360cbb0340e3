"""A figure: a value that knows what it is, on which basis, over which window, and its lineage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from paceline.lineage import Step

T = TypeVar("T")
#: A number, an ISO date or a short text, None where it could not be computed.
Value = float | int | str | bool | None
#: How a unit is written for people. Machine-readable output always carries the plain number.
UNITS = (
    "fraction",
    "percentile",
    "return",
    "level",
    "count",
    "sessions",
    "places",
    "date",
    "ratio",
    "estimate",
    "points",
    "text",
    "score",
    "beta",
)

#: Columns beside a value whose numbers are estimates: two significant digits say all of it.
ESTIMATES = frozenset(
    {"p", "p_adjusted", "adjusted_p", "n_effective", "rank_correlation", "correlation", "hhi"}
)
#: Units whose sign is the message: direction by colour, scales symmetric around zero.
SIGNED = ("return", "points", "score")
#: Units that are shown by their format alone.
PLAIN = {"fraction": ".1%", "count": ",.0f", "sessions": ",.0f", "level": ",.2f"}


def show(value: object, unit: str) -> str:
    """The value as a person reads it: returns and fractions as percent, missing as an em dash.

    >>> show(0.0939, "return"), show(0.627, "fraction"), show(float("nan"), "return")
    ('+9.39%', '62.7%', '—')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "—"
    if isinstance(value, str) or not isinstance(value, (int, float)):
        return str(value)
    if unit in PLAIN:
        return format(value, PLAIN[unit])
    match unit:
        case "return":
            return f"{_whole(value, 4):+.2%}" if _whole(value, 4) else "0.00%"
        case "percentile":
            return _percentile(value)
        case "points":
            return f"{_whole(value, 2):+.2f}"
        case "beta":
            return f"{_whole(value, 2):.2f}"
        case "places":
            return f"{value:+.0f}" if value else "0"
        case "estimate":
            return _rough(float(value))
        case _:
            return _significant(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Figure:
    """One value a surface may show.

    value       number, ISO date or short text; None when it could not be computed (``caveats`` says
                why)
    unit        one of ``UNITS``; returns and fractions are plain fractions, never percent
    basis       "price", "total" or "" where neither applies
    start, end  ISO dates of the window (end = as-of for a value of one day)
    n_used, n_eligible  members with valid data, members there should be (None where it does not
                        apply)
    caveats     every known weakness of the data the value rests on
    evidence    interval, effective n, p ... where the measure judges
    step        the lineage; its id is the figure's id
    """

    measure: str
    subject: str
    value: Value
    unit: str
    step: Step
    label: str = ""
    against: str | None = None
    statistic: str = ""
    start: str | None = None
    end: str | None = None
    as_of: str | None = None
    basis: str = ""
    n_used: int | None = None
    n_eligible: int | None = None
    caveats: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the step that made it: a hash of what went in, never of the value."""
        return self.step.id

    @property
    def number(self) -> float:
        """The value as a float; ``TypeError`` for a text and where there is none."""
        if not isinstance(self.value, (int, float)):
            raise TypeError(f"{self.measure} {self.statistic}: {self.value!r} is no number.")
        return float(self.value)

    @property
    def text(self) -> str:
        """The value as a person reads it."""
        return show(self.value, self.unit)

    def to_json(self) -> dict[str, Any]:
        """One flat row; returns stay fractions; missing values are null."""
        return {
            "measure": self.measure,
            "subject": self.subject,
            "against": self.against,
            "statistic": self.statistic,
            "start": self.start,
            "end": self.end,
            "value": finite_or_none(self.value),
            "unit": self.unit,
            "basis": self.basis,
            "n_used": self.n_used,
            "n_eligible": self.n_eligible,
            "as_of": self.as_of,
            **{k: finite_or_none(v) for k, v in self.extra.items()},
            "caveats": list(self.caveats),
            **({"evidence": dict(self.evidence)} if self.evidence else {}),
            "figure": self.id,
        }


def _percentile(share: float) -> str:
    """A share of others below as a whole percentile; 0 and 100 only where none or all are.

    >>> _percentile(0.973), _percentile(0.9996), _percentile(0.0004), _percentile(1.0)
    ('97', '99', '1', '100')
    """
    return f"{share * 100 if share in (0, 1) else min(max(share * 100, 1), 99):.0f}"


def _significant(value: float) -> str:
    """Four significant digits, without an exponent.

    >>> _significant(0.12345), _significant(3.71e-07), _significant(123456.0)
    ('0.1235', '0.000000371', '123,456')
    """
    if abs(value) >= 9_999.5:
        return f"{value:,.0f}"
    if 0 < abs(value) < 1e-4:
        return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"
    return f"{value:.4g}"


def _rough(value: float) -> str:
    """Two significant digits, without an exponent: what an estimate is known to at best.

    >>> _rough(0.01234), _rough(90.83), _rough(1234.0), _rough(1.0), _rough(0.0)
    ('0.012', '91', '1,200', '1.0', '0')
    """
    if not value:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    digits = max(1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:,.{digits}f}"


def _whole(value: float, digits: int) -> float:
    """Rounded, and never minus zero."""
    return round(value, digits) + 0.0


def finite_or_none(value: T) -> T | None:
    """The value, or None for a number that is not finite: JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
