"""Why a basket or a universe has no members: the first step of its selection that leaves nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline import config
from paceline.baskets import spelling
from paceline.baskets.history import stored
from paceline.baskets.universe import SECURITY, asked, rules_of, too_few
from paceline.wording import agreeing, none_of, number_of

if TYPE_CHECKING:
    from paceline.arrays import Bools
    from paceline.baskets.history import Day
    from paceline.baskets.select import Selector

#: How every reason begins.
NO_MEMBERS = "no members"
#: How the names of a list begin that no security bears.
NOT_FOUND = "not found in the data"
#: Kinds of lack: fewer companies than a basket's ranks ask for, than those of its universe do.
FEW, FEW_RULED = "few", "few_ruled"
#: Kind of lack: who was left out for want of a kind, country or exchange.
WORDLESS = "wordless"
#: How a basket is made from others.
OTHERS = ("union", "minus", "intersect")
#: Names told as a sample.
SAMPLE = 5


def why_empty(selector: Selector, name: str) -> str:
    """The reason in a sentence, as of the last session on which any security has data.

    The steps are those of the selection, in its order: the universe, the list, the classes, the
    rank, other baskets, and at last the weights.
    """
    panel, spec = selector.panel, selector.basket(name)
    days = np.flatnonzero(panel.listed.any(axis=0))
    if not len(days):
        return f"{NO_MEMBERS}: no source has a price or a return of any security"
    day = selector.history.day(int(days[-1]))
    when = panel.sessions[day.t]
    reason = (
        _universe(selector, spec, day)
        or _list(spec, name, selector, day)
        or _classes(selector, spec, name, day)
        or _rank(selector, spec, name, day)
        or _others(selector, spec, name, day)
        or _weights(selector, spec, name, day)
    )
    return f"{NO_MEMBERS} on {when}: {reason}" if reason else f"{NO_MEMBERS} by {when}"


def _universe(selector: Selector, spec: config.Basket, day: Day) -> str:
    if spec.universe is None or selector.universes[spec.universe].at(day).any():
        return ""
    universe = selector.market.universes[spec.universe]
    if universe.members is not None:
        members = day.members(universe.members)
        if not members.any():
            return _unknown(selector, universe.members)
        return f"{none_of(int(members.sum()), 'member')} of the list {universe.members!r} has data"
    return _rules(spec.universe, universe, day)


def _unknown(selector: Selector, name: str) -> str:
    """That no source has a security of a list, with some of either, and which may be the same."""
    rows = selector.panel.facts.table("members")
    listed = rows.filter(pl.col("universe") == name)["security"].unique().sort().to_list()
    why = f"the list {name!r} names no security that any source has"
    if listed:
        why += f": {spelling.sample(listed)} against {spelling.sample(selector.panel.securities)}"
    pairs = spelling.alike(listed, selector.panel.securities)
    return why + (f"; {pairs[0][0]} may be {pairs[0][1]}" if pairs else "")


def _rules(name: str, universe: config.UniverseEntry, day: Day) -> str:
    """The first rule of a universe that nobody keeps."""
    left = np.ones(len(day.listed), bool)
    for rule, keeps in rules_of(day, universe):
        before, left = int(left.sum()), left & keeps
        if not left.any():
            why = f"{none_of(before, *SECURITY)} before that rule of universe {name!r} is {rule}"
            return why + _words_there(rule, universe, day)
    asked = []
    if universe.eligible is not None and universe.eligible.min_cap > 0:
        asked.append(f"a company worth {universe.eligible.min_cap:,.0f} or more")
    if universe.rank is not None:
        asked.append(f"a rank from {config.spoken(universe.rank)}")
    lacking = " and ".join(asked) or "a day on which the universe is formed"
    kept = number_of(int(left.sum()), "security keeps", "securities keep")
    return f"{kept} the rules of universe {name!r}, none has {lacking}"


def _words_there(rule: str, universe: config.UniverseEntry, day: Day) -> str:
    """The kinds, countries or exchanges that there are, where a rule asks for others."""
    for column, accepted in asked(universe.eligible or config.Eligible()).items():
        if accepted and rule.startswith(f"of {column} "):
            there = day.attributes[column].drop_nulls().unique().sort().to_list()
            told = ", ".join(there[:SAMPLE]) + (", ..." if len(there) > SAMPLE else "")
            return f"; there are {told}" if there else f"; no {column} is known"
    return ""


def _list(spec: config.Basket, name: str, selector: Selector, day: Day) -> str:
    if spec.securities is None or selector.pool(name, spec, day).any():
        return ""
    sample = ", ".join(spec.securities[:SAMPLE])
    more = ", ..." if len(spec.securities) > SAMPLE else ""
    where = f" and in universe {spec.universe!r}" if spec.universe else ""
    return f"{none_of(len(spec.securities), *SECURITY)} {sample}{more} has data{where}"


def _classes(selector: Selector, spec: config.Basket, name: str, day: Day) -> str:
    pool = selector.pool(name, spec, day)
    if not pool.any() or selector.in_classes(spec, pool, day).any():
        return ""
    scheme = selector.market.universes[spec.universe].scheme if spec.universe else None
    level = next(k for k in ("sector", "industry", "sub_industry") if getattr(spec, k))
    present = sorted(day.classes(level, scheme, pool))
    told = ", ".join(present[:SAMPLE]) + (", ..." if len(present) > SAMPLE else "")
    return (
        none_of(int(pool.sum()), *SECURITY, whose="its ")
        + f" is in {level} {getattr(spec, level)!r}; "
        + (f"there are {told}" if present else f"no {level} is known")
    )


def _rank(selector: Selector, spec: config.Basket, name: str, day: Day) -> str:
    if spec.rank is None:
        return ""
    chosen = selector.in_classes(spec, selector.pool(name, spec, day), day)
    universe = selector.universe_of(name)
    sized = chosen & (np.nan_to_num(selector.sizes(universe, day).company) > 0)
    if not chosen.any() or selector.ranked(spec.rank, chosen, universe, day).any():
        return ""
    if not sized.any():
        nobody = none_of(int(chosen.sum()), *SECURITY, whose="its ")
        return f"{nobody} has {size_of(selector, universe)}{_unsized(selector, universe, chosen)}"
    return (
        f"rank {spec.rank[0]} is beyond {number_of(int(sized.sum()), *SECURITY)} "
        f"with {size_of(selector, universe)}"
    )


def _others(selector: Selector, spec: config.Basket, name: str, day: Day) -> str:
    if selector.members(name, day).any():
        return ""
    told = [f"{word} {getattr(spec, word)!r}" for word in OTHERS if getattr(spec, word)]
    return f"nobody is left after {', '.join(told)}" if told else ""


def _weights(selector: Selector, spec: config.Basket, name: str, day: Day) -> str:
    members: Bools = selector.members(name, day)
    nobody = none_of(int(members.sum()), "member", whose="its ")
    universe = selector.universe_of(name)
    if not np.isfinite(selector.sizes(universe, day).line[members]).any() and spec.weight == "cap":
        return (
            f"{nobody} has {size_of(selector, universe)} to weigh by"
            f'{_unsized(selector, universe, members)}; weight = "equal" needs none'
        )
    return f"weight = {spec.weight!r} gives {nobody} a weight"


def size_of(selector: Selector, universe: str | None) -> str:
    """What members are ranked and weighed by: market caps, or a fund's holdings."""
    if universe in selector.holdings:
        return "a holding of the fund"
    return "a market cap"


def _unsized(selector: Selector, universe: str | None, among: Bools) -> str:
    """Why nobody among them has a size, though holdings or shares are on record."""
    panel = selector.panel
    if universe in selector.holdings:
        return _not_yet(selector, selector.holdings[universe].fund)
    close = stored(panel, "close")
    if panel.facts.table("shares").is_empty():
        return ""
    if close is not None and np.isfinite(close[among]).any():
        return ""
    return (
        ": shares are on record, and no source has closes as they were traded to multiply them by "
        "(adjusted ones are not; map close or market_cap)"
    )


def _not_yet(selector: Selector, fund: str) -> str:
    """That the first holdings of a fund are known after the last session."""
    rows = selector.panel.facts.table("holdings").filter(pl.col("fund") == fund)
    last = selector.panel.sessions[-1].astype("datetime64[D]").item()
    first = rows.select(pl.max_horizontal("known", "date").min()).item()
    if first is None or first <= last:
        return ""
    return (
        f": the first of {fund} count from {first} on, after the last session, {last}; bring "
        "prices up to then, or, if they are of an earlier day, leave out the date column and state "
        f'constants = {{ date = "{last}" }}'
    )


def why_thin(selector: Selector, name: str, day: Day) -> str:
    """How few could be ranked where a basket, or one that it is made from, ranks by size."""
    spec = selector.basket(name)
    if spec.rank is None:
        others = (o for key in OTHERS for o in config.listed(getattr(spec, key)))
        return next((why for o in others if (why := why_thin(selector, o, day))), "")
    codes = selector.panel.companies
    chosen = selector.in_classes(spec, selector.pool(name, spec, day), day)
    universe = selector.universe_of(name)
    sized = chosen & (selector.sizes(universe, day).company > 0)
    pool, ranked = (len(np.unique(codes[mask])) for mask in (chosen, sized))
    if ranked == pool:
        return ""
    asked = f"ranks {config.spoken(spec.rank)} on {selector.panel.sessions[day.t]}"
    return (
        f"{asked}: only {ranked:,} of {number_of(pool, 'company', 'companies')} "
        f"{agreeing(ranked, 'has', 'have')} {size_of(selector, universe)} to rank by"
    )


def by_rank(selector: Selector, name: str) -> bool:
    """Whether a basket, its universe, or one that it is made from, is chosen by rank."""
    spec, universe = selector.basket(name), selector.universe_of(name)
    others = (o for key in OTHERS for o in config.listed(getattr(spec, key)))
    ruled = universe is not None and selector.universes[universe].spec.rank is not None
    return ruled or spec.rank is not None or any(by_rank(selector, o) for o in others)


def why_few(selector: Selector, name: str, day: Day) -> str:
    """How many companies are there where fewer could be ranked than a basket's ranks ask for.

    Said of the basket, or of the first that it is made from.
    """
    spec = selector.basket(name)
    if spec.rank is None:
        others = (o for key in OTHERS for o in config.listed(getattr(spec, key)))
        return next((why for o in others if (why := why_few(selector, o, day))), "")
    chosen = selector.in_classes(spec, selector.pool(name, spec, day), day)
    sized = chosen & (selector.sizes(selector.universe_of(name), day).company > 0)
    there = len(np.unique(selector.panel.companies[sized]))
    return too_few(spec.rank, there, str(selector.panel.sessions[day.t]))
