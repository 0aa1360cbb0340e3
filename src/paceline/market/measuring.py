"""Measures run for a market, and the figures of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paceline import arguments, config, engine, measures
from paceline.errors import NotEnoughData, UsageError
from paceline.figures import Figure
from paceline.indices.gaps import NO_RETURN
from paceline.indices.levels import BASES
from paceline.market import results
from paceline.market.view import view_of
from paceline.measures import Measure, Result, View
from paceline.signals.windows import HORIZONS

if TYPE_CHECKING:
    from paceline.market.asked import Market


class Evaluated(NamedTuple):
    """A measure that was run for all its subjects: what it saw, how it was set, what came out."""

    measure: Measure
    view: View
    params: dict[str, Any]
    result: Result
    known: engine.Provenance


def evaluate(
    market: Market,
    name: str,
    *,
    basis: str | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    last: int | None = None,
    **params: Any,
) -> Evaluated:
    """Run a measure for all its subjects: see ``Market.evaluate``."""
    measure = measures.get(name, market.plugins)
    name = measure.name
    settings = {**market.settings(name), **params}
    if "basis" in measure.params:
        settings["basis"] = basis or settings.get("basis")
    measure.check(settings)
    if settings.get("since") == "low":
        settings["since"] = _low_or_error(market)
    question = ["evaluate", name, basis, pairs, settings]
    sessions = None if last is None else measure.lookback(settings)
    if last is None or sessions is None or market.remembers(question):
        return market.memo(question, lambda: _evaluate(market, measure, basis, pairs, settings))
    return market.memo(
        [*question, last],
        lambda: _evaluate(market, measure, basis, pairs, settings, sessions + last),
    )


def _evaluate(
    market: Market,
    measure: Measure,
    basis: str | None,
    pairs: Sequence[tuple[str, str]] | None,
    settings: dict[str, Any],
    sessions: int | None = None,
) -> Evaluated:
    view, known = view_of(market.moment, measure, basis, pairs)

    def made() -> Result:
        seen = view if sessions is None else engine.recent(view, sessions)
        return engine.evaluate(measure, seen, settings, known)

    asked = (basis, pairs, settings, sessions)
    result = results.kept(market.moment, measure, asked, made)
    return Evaluated(measure, view, settings, result, known)


def _low_or_error(market: Market) -> str:
    if market.low is None:
        fall, rise = market.file.market.low
        raise NotEnoughData(
            f"no short-term low of {market.benchmark} (fall of {fall:.0%}, then rise of "
            f"{rise:.0%}) is known by {market.as_of}.",
            "Give a date with --since.",
        )
    return str(market.low[0])


def show(
    market: Market,
    measure: str,
    *,
    subjects: Sequence[str] | None = None,
    against: Sequence[str] | None = None,
    since: str | None = None,
    basis: str | None = None,
    history: bool = False,
    **params: Any,
) -> list[Figure]:
    """The figures of a measure: see ``Market.show``."""
    declared = measures.get(measure, market.plugins)
    if basis is not None:
        known_basis(basis)
    if since is not None:
        since = since if isinstance(since, str) else str(arguments.day(since, "since"))
        params["since"] = _since(market, declared, since)
    subjects = None if subjects is None else arguments.names(subjects, "subjects")
    against = None if against is None else arguments.names(against, "against")
    apart = [n for n in subjects or () if "series" in declared.needs and n in market.series]
    baskets = market.resolve([n for n in subjects or () if n not in apart])
    names = [*apart, *baskets] if subjects else None
    others = market.resolve(against) if against else []
    market = market.including([*baskets, *others])
    pairs = None
    if others:
        pairs = [(a, b) for a in names or market.all_levels.names for b in others if a != b]
    if names is not None and declared.of == "basket":
        alone = [n for n in names if n not in market.composites]
        if alone and len(alone) == len(names):
            raise UsageError(
                f"{measure} looks at the members of a basket; {alone[0]!r} is one instrument.",
                f"Baskets with members: {', '.join(market.composites[:12])}.",
            )
    how = {"pairs": pairs, "last": None if history else 1, **params}
    asked = evaluate(market, measure, basis=basis, **how)
    figures = engine.figures(*asked, subjects=names, history=history)
    if basis is None and "basis" in declared.params and "basis" not in params:
        figures = _or_other_basis(market, figures, measure, names, history, how)
    if not others:
        return figures
    if pairs == []:
        raise UsageError(
            f"{measure}: {' and '.join(others)} cannot be compared with itself.",
            "Give another basket as the subject or as the second leg.",
        )
    found = [f for f in figures if f.against in others]
    pairs_only = declared.of == "pair" or "pairs" in declared.needs
    if figures and not pairs_only and not any(f.against for f in figures):
        raise UsageError(
            f"{measure} does not compare one basket with another: it takes no second leg.",
            "Leave out against, or ask performance, relative_strength, streaks or attribution.",
        )
    return found or figures


def show_or_why(market: Market, measure: str, **how: Any) -> list[Figure]:
    """The figures of ``show``; where there is none, one without a value that says why."""
    figures = market.show(measure, **how)
    if figures or how.get("subjects"):
        return figures
    declared = measures.get(measure, market.plugins)
    own = market.composites if declared.of in ("basket", "market") else market.all_levels.names
    names = [market.benchmark] if market.benchmark in own else list(own[:1])
    return market.show(measure, **{**how, "subjects": names}) if names else []


def current(market: Market, names: Sequence[str] | None = None) -> dict[str, list[Figure]]:
    """Today's figures of every measure: see ``Market.current``."""
    figures = {}
    for name in arguments.names(names or (), "names") or measures.discover(market.plugins):
        try:
            figures[name] = market.show(name)
        except NotEnoughData:
            continue
    return figures


def _since(market: Market, measure: Measure, since: str) -> str:
    """The start of a measure's window as its parameter takes it."""
    if "since" not in measure.params:
        raise UsageError(
            f"{measure.name} has no window to start: it takes no since.",
            f"Its parameters: {', '.join(measure.params) or 'none'}.",
        )
    horizon = since in HORIZONS and measure.params["since"].default is not None
    return since if since == "low" or horizon else _session_or_error(market, since)


def _or_other_basis(
    market: Market,
    figures: list[Figure],
    measure: str,
    names: Sequence[str] | None,
    history: bool,
    how: Mapping[str, Any],
) -> list[Figure]:
    """Figures on the measure's own basis; on the other one for baskets without a value.

    The other one lacks fewer returns, or the own one lacks too many in the window.
    """
    # n_eligible = 0: nobody to count on either basis
    counted = {f.subject for f in figures if f.n_eligible != 0}
    empty = counted - {f.subject for f in figures if f.value is not None}
    other = "price" if figures and figures[0].basis == "total" else "total"
    refused = {f.subject for f in figures if any(c.startswith(NO_RETURN) for c in f.caveats)}
    empty = {
        n
        for n in empty
        if n in refused or _missing(market, n, other) < _missing(market, n, figures[0].basis)
    }
    if not empty:
        return figures
    again = evaluate(market, measure, basis=other, **how)
    lacking = f"too many {figures[0].basis} returns are missing: {other} returns stand in for them"
    known = replace(again.known, general=(*again.known.general, lacking))
    again = again._replace(known=known)
    subjects = [n for n in (names or market.composites) if n in empty]
    more = engine.figures(*again, subjects=subjects, history=history)
    filled = {f.subject for f in more if f.value is not None}
    return [f for f in figures if f.subject not in filled] + [
        f for f in more if f.subject in filled
    ]


def _missing(market: Market, name: str, basis: str) -> float:
    """Returns that members of a basket lack on a basis, over its whole history."""
    index = market.built.get(basis)
    if index is None or name not in index.names:
        return 0.0
    return float(index.missing[index.row(name)].sum())


def _session_or_error(market: Market, since: str) -> str:
    day = arguments.day(since, "since")
    first = market.all_levels.sessions[0]
    if np.datetime64(day) < first:
        raise NotEnoughData(
            f"since {day}: the data start on {first}.", f"Give a date from {first} on."
        )
    if np.datetime64(day) > np.datetime64(market.as_of):
        raise UsageError(
            f"since {day} lies after the as-of day {market.as_of}.", "Give an earlier date."
        )
    return str(day)


def known_basis(basis: str) -> config.Basis:
    """``basis`` if it is "price" or "total"; else a ``UsageError``."""
    for one in BASES:
        if basis == one:
            return one
    raise UsageError(f"basis {basis!r} is not known.", "Use price or total.")
