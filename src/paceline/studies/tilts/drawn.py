"""What the page of a backtest draws and lists: plain lists, each with its figure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.figures import Figure
from paceline.methods.backtest.portfolio import SAME
from paceline.studies.tilts.answer import NAMED, OTHERS, TradedRule
from paceline.studies.tilts.known import CASH
from paceline.studies.tilts.sweep import SHOWN, Swept

#: Points that a line is drawn with at most: a page is no archive.
POINTS = 2000
#: Lines whose weights are drawn at most.
LINES = 8


class WealthLine(NamedTuple):
    """Wealth of 1 by day, and the figure of its growth."""

    name: str
    days: list[str]
    values: list[float]
    figure: Figure


def wealth(answer: TradedRule) -> list[WealthLine]:
    """The rule before costs and after them, and the benchmark, from the first trade on."""
    r, f = answer.result, answer.figures
    step = max(1, -(-len(r.days) // POINTS))
    keep = np.unique(np.r_[0 : len(r.days) : step, len(r.days) - 1])
    days = [str(d) for d in r.days[keep]]
    return [
        WealthLine(name, days, np.cumprod(1 + returns)[keep].tolist(), f[f"{key}_growth"])
        for name, returns, key in (
            (f"{answer.label}, net of costs", r.net, "net"),
            (f"{answer.label}, before costs", r.gross, "gross"),
            (answer.benchmark_label, r.benchmark, "benchmark"),
        )
    ]


def exposure(answer: TradedRule) -> list[WealthLine]:
    """The weight of each line that was held, after the trades of each close; none of many lines."""
    r, f = answer.result, answer.figures
    called = dict(zip(answer.lines.names, answer.lines.labels, strict=True))
    rows = [(n, w) for n, w in zip(answer.lines.names, r.run.held[:, 1:], strict=True) if w.any()]
    if len(rows) > LINES:
        return []
    # where a weight changes at a trade, the day before it and the day itself are drawn
    trades = np.flatnonzero(r.run.turnover[1:] > SAME)
    step = max(1, -(-len(r.days) // POINTS))
    keep = np.unique(np.r_[0 : len(r.days) : step, trades, trades - 1, len(r.days) - 1])
    keep = keep[keep >= 0]
    days = [str(d) for d in r.days[keep]]
    return [WealthLine(called[n], days, w[keep].tolist(), f[f"weight {n}"]) for n, w in rows]


def months(answer: TradedRule) -> list[tuple[str, list[Figure | None]]]:
    """(year, the net return of each of its months, None where there is none), newest first."""
    f = answer.figures
    return [
        (str(y), [f.get(f"month {y}-{m:02d}") for m in range(1, 13)])
        for y in reversed(answer.result.years()[0].tolist())
    ]


def held(answer: TradedRule) -> list[tuple[str, Figure, Figure]]:
    """(label, mean weight, what it added) of each line that was held, and of cash."""
    f = answer.figures
    called = dict(zip(answer.lines.names, answer.lines.labels, strict=True))
    called |= {CASH: "Cash", OTHERS: "All others together"}
    names = [k.removeprefix("weight ") for k in f if k.startswith("weight ")]
    return [(called[n], f[f"weight {n}"], f[f"effect {n}"]) for n in names]


def years(answer: TradedRule) -> list[tuple[str, Figure, Figure]]:
    """(year, the rule's net return, the benchmark's), newest first."""
    f = answer.figures
    names = answer.result.years()[0].tolist()
    return [(str(y), f[f"year {y}"], f[f"benchmark year {y}"]) for y in reversed(names)]


def falls(answer: TradedRule) -> list[Figure]:
    """The deepest falls; ``start`` and ``end`` are high and low, ``extra["of"]`` the new high."""
    return [answer.figures[f"fall {k}"] for k in range(1, 1 + len(answer.result.falls))]


def days(answer: TradedRule) -> list[Figure]:
    """The days that carry the lead, best first, as many as are named."""
    count = min(len(answer.result.carried), NAMED)
    return [answer.figures[f"day {k}"] for k in range(1, 1 + count)]


class VariantRow(NamedTuple):
    """One variant: its settings in words, and its figures."""

    said: str
    growth: Figure
    active: Figure
    ratio: Figure
    fall: Figure
    turnover: Figure


def variants(answer: Swept) -> list[VariantRow]:
    """Every variant, in the order of its settings."""
    f = answer.figures
    keys = (*SHOWN, "turnover")
    return [VariantRow(said, *(f[f"{k} {said}"] for k in keys)) for said in answer.spoken]
