"""A rule traded in a market, every number of it a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paceline.config import TradingRule
from paceline.engine import Question
from paceline.figures import Figure, Value
from paceline.methods.backtest.result import Backtest
from paceline.studies.tilts.known import CASH
from paceline.studies.tilts.lines import MONTHS, TradedLines
from paceline.wording import number_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

#: Statistic -> unit, of what each set of returns is worth.
METRICS = {
    "growth": "return",
    "volatility": "fraction",
    "sharpe": "score",
    "sortino": "score",
    "max_drawdown": "return",
    "calmar": "score",
    "active": "return",
    "tracking_error": "fraction",
    "information_ratio": "score",
    "beta": "ratio",
    "alpha": "return",
    "up_capture": "ratio",
    "down_capture": "ratio",
    "skew": "score",
    "kurtosis": "ratio",
    "best": "return",
    "worst": "return",
    "ahead": "fraction",
}
#: The sets of returns: the rule before costs, at half, one and two times the costs; the benchmark.
SETS = ("gross", "half", "net", "double", "benchmark")
#: Those that say nothing of the benchmark itself.
AGAINST = frozenset(
    "active tracking_error information_ratio beta alpha ahead up_capture down_capture".split()
)
#: What the choice made inside of time is called.
WALK = "chosen each year"
#: Lines named of those that were held, and what all the others are called.
MOST, OTHERS = 20, "others"
#: Days named of those that carry a result.
NAMED = 10
POINTS = 1e4


@dataclass(frozen=True)
class Trials:
    """What was tried in this store before and with this: how many variants, and what to deflate by.

    count     variants, this one among them; None where the store may not be written to
    deflated  probability that the Sharpe ratio of the active return exceeds the best that chance
              gives among so many
    """

    count: int | None
    deflated: float | None


@dataclass(frozen=True)
class TradedRule:
    """The numbers (``result``), and each of them as a figure (``figures``, by statistic)."""

    market: Market = field(repr=False)
    name: str
    rule: TradingRule
    lines: TradedLines = field(repr=False)
    benchmark: str
    result: Backtest = field(repr=False)
    trials: Trials
    question: Question = field(repr=False)
    variant: str = ""

    @property
    def label(self) -> str:
        """What people call the rule."""
        plain = self.rule.label or self.name.replace("_", " ")
        return f"{plain}, {self.variant}" if self.variant else plain

    @property
    def period(self) -> str:
        """What one of its sessions is: a day, or a month."""
        return "month" if self.lines.year == MONTHS else "day"

    @property
    def benchmark_label(self) -> str:
        """What people call what it is compared with."""
        return self.lines.labels[self.lines.names.index(self.benchmark)]

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Statistic to figure: "net_growth", "benchmark_sharpe", "as_good", "turnover" ..."""
        r = self.result
        made = {}
        for group in SETS:
            for statistic, unit in METRICS.items():
                if group != "benchmark" or statistic not in AGAINST:
                    key = f"{group}_{statistic}"
                    made[key] = self._figure(key, r.metrics[group][statistic], unit)
        rows: dict[str, tuple[Value, str]] = {
            "break_even": (r.break_even * POINTS, "ratio"),
            "turnover": (r.turnover, "ratio"),
            "trades": (r.trades, "count"),
            "holdings": (r.holdings, "ratio"),
            "late_active": (r.late, "return"),
            "carried": (len(r.carried), "count"),
            "sessions": (len(r.days), "sessions"),
            "paid": (r.costs_paid, "return"),
            "unfilled": (r.run.unfilled, "count"),
        }
        made |= {key: self._figure(key, *row) for key, row in rows.items()}
        made |= self._chance() | self._parts() | self._falls()
        return made

    @property
    def every(self) -> list[Figure]:
        """All figures."""
        return list(self.figures.values())

    def _chance(self) -> dict[str, Figure]:
        """How many random rules did as well, and what the number of variants leaves of it."""
        own, trials = self.result.random, self.trials
        evidence = {"draws": len(own.growths), "method": own.method}
        made = {
            "as_good": self._figure(
                "as_good", own.as_good if len(own.growths) else None, "fraction", evidence
            )
        }
        count = trials.count
        tried = "" if count is None else number_of(count, "variant")
        made["variants"] = self._figure("variants", count, "count", which=tried)
        made["deflated"] = self._figure("deflated", trials.deflated, "fraction", which=tried)
        return made

    def _parts(self) -> dict[str, Figure]:
        """Mean weight of each line and of cash, and what it added."""
        made = {}
        for name, weight, effect in self._shown():
            made[f"weight {name}"] = self._figure(f"weight {name}", weight, "fraction")
            made[f"effect {name}"] = self._figure(f"effect {name}", effect, "return")
        months, own, _ = self.result.months()
        for month, a in zip(months.tolist(), own.tolist(), strict=True):
            key = f"month {month // 100}-{month % 100:02d}"
            made[key] = self._figure(key, a, "return")
        years, own, theirs = self.result.years()
        for year, a, b in zip(years.tolist(), own.tolist(), theirs.tolist(), strict=True):
            made[f"year {year}"] = self._figure(f"year {year}", a, "return")
            made[f"benchmark year {year}"] = self._figure(f"benchmark year {year}", b, "return")
        return made

    def _shown(self) -> list[tuple[str, float, float]]:
        """(name, mean weight, effect): of many lines the largest, and all others together."""
        names, weights, effects = (
            (*self.lines.names, CASH),
            self.result.exposure.tolist(),
            self.result.effects.tolist(),
        )
        rows = [r for r in zip(names, weights, effects, strict=True) if r[1] or r[2]]
        if len(rows) <= MOST:
            return rows
        rows.sort(key=lambda r: -abs(r[1]))
        rest = rows[MOST - 1 :]
        return [*rows[: MOST - 1], (OTHERS, sum(r[1] for r in rest), sum(r[2] for r in rest))]

    def _falls(self) -> dict[str, Figure]:
        """The deepest falls, and the days that carry the result."""
        days, made = self.result.days, {}
        for k, fall in enumerate(self.result.falls, 1):
            start = days[fall.high] if fall.high >= 0 else self.first
            over = str(days[fall.over]) if fall.over >= 0 else "not yet"
            made[f"fall {k}"] = self._figure(
                f"fall {k}", fall.depth, "return", start=start, end=days[fall.low], which=over
            )
        for k, at in enumerate(self.result.carried[:NAMED].tolist(), 1):
            value = float(self.result.active[at])
            made[f"day {k}"] = self._figure(
                f"day {k}", value, "return", start=days[at], end=days[at]
            )
        return made

    @property
    def first(self) -> str:
        """The session of the first trade."""
        return str(self.lines.days[self.result.run.first])

    def _figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        evidence: Mapping[str, Any] | None = None,
        *,
        start: object = None,
        end: object = None,
        which: str = "",
    ) -> Figure:
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        return self.question.figure(
            self.name,
            value,
            unit,
            statistic=f"{self.variant} {statistic}".strip(),
            label=self.label,
            against=self.benchmark,
            start=start or self.first,
            end=end or str(self.lines.days[-1]),
            evidence=evidence,
            extra={"of": which} if which else {},
        )

    def frame(self) -> pl.DataFrame:
        """One row per number: statistic, value, unit, window, caveats, figure id."""
        import polars as pl

        rows = [f.to_json() for f in self.figures.values()]
        keep = (
            "subject",
            "against",
            "statistic",
            "value",
            "unit",
            "start",
            "end",
            "basis",
            "figure",
        )
        return pl.DataFrame(
            [{k: r[k] for k in keep} | {"caveats": "; ".join(r["caveats"])} for r in rows],
            infer_schema_length=None,
            strict=False,
        )

    def table(self) -> pl.DataFrame:
        """One row per session: returns before and after costs, benchmark, turnover, weights."""
        import polars as pl

        r = self.result
        columns = {
            "date": r.days,
            "gross": r.gross,
            "net": r.net,
            "benchmark": r.benchmark,
            "cash": r.cash,
            "turnover": r.run.turnover[1:],
            **{
                f"weight {n}": w[1:]
                for n, w in zip(self.lines.names, r.run.held, strict=True)
                if w.any()
            },
        }
        return pl.DataFrame(columns).with_columns(pl.col("date").cast(pl.Date))
