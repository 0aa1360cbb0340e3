"""The numbers of a scenario, row by row, before they are figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from paceline.evidence import adjust
from paceline.figures import Value
from paceline.studies.scenario.study import Found, InOther

#: One number: subject, statistic, value, unit, and what else its figure says.
Row = tuple[str, str, Value, str, dict[str, Any]]
#: Adjusted p at and below which an effect is beyond noise.
CLEAR = 0.05


class _Judged(NamedTuple):
    """Two-sided p of "no effect" of each subject, and corrected over all of them."""

    p: list[float]
    adjusted: list[float]


def rows(f: Found, other: Mapping[str, InOther]) -> Iterator[Row]:
    """Every number: effects on the subjects, the drivers, sensitivities, past stretches.

    other  subject -> its effect by periods of the other length
    """
    judged = _judged(f)
    yield from _effects(f, other, judged)
    yield from _whole(f, judged)
    yield from _drivers(f)
    yield from _sensitivities(f)
    yield from _near(f)


def simple(log_return: float) -> float:
    """The simple return of a log return."""
    return math.expm1(float(log_return))


def _judged(f: Found) -> _Judged:
    from scipy.special import stdtr

    e, freedom = f.effects, f.by.fit.freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(freedom, -np.abs(e.effect) / e.error)
    return _Judged(p.tolist(), adjust(p).tolist())


def _effects(f: Found, other: Mapping[str, InOther], judged: _Judged) -> Iterator[Row]:
    """What the scenario does to each subject, by each set of coefficients."""
    fit, e = f.by.fit, f.effects
    for i, s in enumerate(f.by.subjects):
        span = {"start": f.by.first(i), "end": f.by.last(i)}
        n = float(fit.n[i])
        told = {"low": simple(e.low[i]), "high": simple(e.high[i]), "n": int(n)}
        yield s.name, "effect", simple(e.effect[i]), "return", {**span, "evidence": told}
        for statistic, value in (
            ("low", e.low[i]),
            ("high", e.high[i]),
            ("outcome_low", e.outcome_low[i]),
            ("outcome_high", e.outcome_high[i]),
            ("ordinary", e.ordinary[i]),
            ("ridge_effect", f.ridge[i]),
            ("alone", f.alone[i]),
            ("effect_without_a_year", f.without[i]),
        ):
            yield s.name, statistic, simple(value), "return", span
        recent = f.recent
        told = {"low": simple(recent.low[i]), "high": simple(recent.high[i])}
        shown = {**span, "evidence": told}
        yield s.name, "recent_effect", simple(recent.effect[i]), "return", shown
        by_other = other.get(s.name)
        yield s.name, "other_effect", by_other and simple(by_other.effect), "return", span
        yield s.name, "other_explained", by_other and by_other.explained, "fraction", span
        for statistic, value, unit in (
            ("p", judged.p[i], "estimate"),
            ("adjusted_p", judged.adjusted[i], "estimate"),
            ("explained", fit.explained[i], "fraction"),
            ("foretold", f.by.ridge.skill[i], "fraction"),
            ("same_sign", f.share[i], "fraction"),
            ("sign_changes", f.turns[i], "count"),
            ("periods", n, "count"),
        ):
            yield s.name, statistic, float(value), unit, span
        year = int(f.year[i]) if np.isfinite(f.without[i]) else None
        yield s.name, "weightiest_year", year, "text", span


def _whole(f: Found, judged: _Judged) -> Iterator[Row]:
    """How many subjects were asked about, and how many are moved beyond noise."""
    fit, skill = f.by.fit, f.by.ridge.skill
    yield "all", "asked", len(f.by.subjects), "count", {}
    yield "all", "beyond_noise", sum(p <= CLEAR for p in judged.adjusted), "count", {}
    for name, values in (("explained", fit.explained), ("foretold", skill)):
        yield "all", f"least_{name}", float(values.min()), "fraction", {}
        yield "all", f"most_{name}", float(values.max()), "fraction", {}


def _drivers(f: Found) -> Iterator[Row]:
    """What each driver does in the scenario, what it has done, and how it is tied to others."""
    d = f.by.drivers
    whole = {"start": d.ends[0], "end": d.ends[-1]}
    for k, name in enumerate(d.names):
        subject, is_return = f"driver {name}", d.specs[name].is_return
        unit = "return" if is_return else "points"
        past = f.history[k][np.isfinite(f.history[k])]
        ends = (past.min(), past.max()) if len(past) else (math.nan, math.nan)
        values = {"change": f.change[k], "lowest": ends[0], "highest": ends[1]}
        caveat = "beyond all that history holds" if f.beyond[k] else ""
        for statistic, value in values.items():
            shown = simple(value) if is_return else float(value)
            said = {"caveats": (caveat,)} if statistic == "change" else {}
            yield subject, statistic, shown, unit, {**whole, **said}
        inflation = float(f.by.collinearity.inflation[k])
        yield subject, "inflation", inflation, "ratio", whole
    yield "drivers", "condition", f.by.collinearity.condition, "ratio", whole


def _sensitivities(f: Found) -> Iterator[Row]:
    """Log return of each subject per unit of each driver, and its return at a usual move of it.

    A usual move is one standard deviation of the driver's changes, upwards.
    """
    fit, x = f.by.fit, f.by.drivers.values
    usual = np.nanstd(np.where(f.by.whole, x, np.nan), axis=1, ddof=1)
    for i, s in enumerate(f.by.subjects):
        span = {"start": f.by.first(i), "end": f.by.last(i)}
        for k, name in enumerate(f.by.drivers.names):
            beta, error = float(fit.beta[i, k]), math.sqrt(fit.covariance[i, k, k])
            t = beta / error if error > 0 else None
            evidence = {"standard_error": error, "t": t, "n": int(fit.n[i])}
            told = {**span, "evidence": evidence}
            yield s.name, f"beta {name}", beta, "ratio", told
            yield s.name, f"move {name}", simple(beta * usual[k]), "return", told
    for k, name in enumerate(f.by.drivers.names):
        is_return = f.by.drivers.specs[name].is_return
        shown = simple(usual[k]) if is_return else float(usual[k])
        yield f"driver {name}", "usual_move", shown, "return" if is_return else "points", {}


def _near(f: Found) -> Iterator[Row]:
    """Past stretches most like it: how far, and what each subject did."""
    for s, then in zip(f.by.subjects, f.then, strict=True):
        known = then[np.isfinite(then)]
        told = {"evidence": {"n": len(known)}}
        mean = simple(known.mean()) if len(known) else None
        yield s.name, "then_mean", mean, "return", told
        yield s.name, "then_up", int((known > 0).sum()), "count", told
        yield s.name, "then_known", len(known), "count", told
    for j, (start, end) in enumerate(f.stretches):
        span: dict[str, Any] = {"start": start, "end": end}
        yield "nearest", f"distance {j + 1}", float(f.nearest.distance[j]), "ratio", span
        for i, s in enumerate(f.by.subjects):
            yield s.name, f"then {j + 1}", simple(f.then[i, j]), "return", span
        for k, name in enumerate(f.by.drivers.names):
            is_return = f.by.drivers.specs[name].is_return
            value = float(f.history[k, f.nearest.at[j]])
            shown, unit = (simple(value), "return") if is_return else (value, "points")
            yield f"driver {name}", f"then {j + 1}", shown, unit, span
