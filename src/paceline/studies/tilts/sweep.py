"""Variants of one rule: all of them shown, the choice of one made inside of time, and its chance.

swept = tilts.weigh(market, "leader:small_vs_large", {"c": [1.0, 1.5, 2.0]})
swept.frame(); swept.best; swept.walk
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from paceline.config import TradingRule
from paceline.engine import Question
from paceline.errors import UsageError
from paceline.figures import Figure, Value, finite_or_none
from paceline.methods.backtest.choice import Variant

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market
    from paceline.studies.tilts.answer import TradedRule

#: Settings whose value is a list by itself.
LISTS = ("baskets", "quadrants")
#: Settings that hold for all variants: they are compared with one another.
SHARED = ("kind", "benchmark", "since", "label")
#: Variants that are traded at most.
MOST = 10_000
#: Statistic of a variant -> unit.
SHOWN = {
    "growth": "return",
    "active": "return",
    "information_ratio": "score",
    "max_drawdown": "return",
}


@dataclass(frozen=True)
class Swept:
    """Every variant, and what choosing among them inside of time came to.

    settings  of each variant, those that differ
    best      the variant of the highest information ratio, chosen with hindsight
    walk      the rule that each year takes the variant that was best so far; None where the history
              is too short for a choice
    fooled    probability of backtest overfitting; None where it cannot be said
    """

    market: Market = field(repr=False)
    name: str
    rule: TradingRule
    settings: tuple[Mapping[str, Any], ...]
    variants: tuple[Variant, ...] = field(repr=False)
    best: int
    walk: TradedRule | None
    fooled: float | None
    benchmark: str
    benchmark_label: str
    window: tuple[str, str]
    question: Question = field(repr=False)

    @property
    def label(self) -> str:
        """What people call the rule."""
        return self.rule.label or self.name.replace("_", " ")

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Statistic to figure: "active c = 1.5", "fooled", "turnover c = 1.5" ..."""
        made = {}
        for said, one in zip(self.spoken, self.variants, strict=True):
            for statistic, unit in SHOWN.items():
                made[f"{statistic} {said}"] = self._figure(
                    f"{statistic} {said}", one.metrics[statistic], unit
                )
            made[f"turnover {said}"] = self._figure(f"turnover {said}", one.turnover, "ratio")
        made["variants"] = self._figure("variants", len(self.variants), "count")
        made["fooled"] = self._figure("fooled", self.fooled, "fraction")
        return made

    @property
    def every(self) -> list[Figure]:
        """All figures, those of the choice made inside of time as well."""
        return [*self.figures.values(), *(self.walk.figures.values() if self.walk else ())]

    @property
    def spoken(self) -> list[str]:
        """The settings of each variant in words: "c = 1.5, size = 0.2"."""
        return [", ".join(f"{k} = {v}" for k, v in one.items()) for one in self.settings]

    def _figure(self, statistic: str, value: Value, unit: str) -> Figure:
        return self.question.figure(
            self.name,
            finite_or_none(value),
            unit,
            statistic=statistic,
            label=self.label,
            against=self.benchmark,
            start=self.window[0],
            end=self.window[1],
        )

    def table(self) -> pl.DataFrame:
        """As ``frame``."""
        return self.frame()

    def frame(self) -> pl.DataFrame:
        """One row per variant: its settings, and its numbers net of costs."""
        import polars as pl

        rows = [
            {**settings, **{k: one.metrics[k] for k in SHOWN}, "turnover": one.turnover}
            for settings, one in zip(self.settings, self.variants, strict=True)
        ]
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def grid(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every combination of the settings that are given as lists, in their order.

    Raises ``UsageError`` for a list of what must be one for all, an empty one, or too many.
    """
    several = {k: _several(k, v) for k, v in settings.items()}
    count = 1
    for name, values in several.items():
        if not values:
            raise UsageError(f"{name}: an empty list.", "Give one value or more.")
        if len(values) > 1 and name in SHARED:
            raise UsageError(f"{name} is one for all variants.", "Give one value.")
        count *= len(values)
    if count > MOST:
        raise UsageError(f"{count:,} variants are too many.", f"Give at most {MOST:,}.")
    return [dict(zip(several, one, strict=True)) for one in product(*several.values())]


def _several(key: str, value: object) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        return [value]
    nested = bool(value) and all(isinstance(v, (list, tuple)) for v in value)
    return [value] if key in LISTS and not nested else list(value)
