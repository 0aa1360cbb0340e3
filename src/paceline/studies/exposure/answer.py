"""What is known of a book: every number of it a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from paceline.engine import Question
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.methods import book as methods
from paceline.studies import theme_lines
from paceline.studies.exposure.active import Active
from paceline.studies.exposure.betas import BookBeta, BookDriver
from paceline.studies.exposure.positions import Positions
from paceline.studies.exposure.style import StyleMix
from paceline.studies.exposure.trades import BookTilt

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

QUESTION = "What does this book hold, what does it move with, and what could it lose?"
ABOUT = {
    "question": QUESTION,
    "definition": "Active weights are weights less the benchmark's; active share is half the sum "
    "of their sizes. Betas are least squares on the benchmark's daily return and, for a theme, the "
    "daily change of ln(A/B) beside it, with HAC errors (Newey and West): by holdings the weighted "
    "sum of each holding's beta, by returns a regression of the book's own past. A fall of a theme "
    "back to its pivot is exp(beta x (ln(A/B) at the pivot less today's)) - 1 of the book, the "
    "market standing still.",
    "never": "That the past betas hold, or that a theme will fall back.",
    "references": [
        "Cremers, Petajisto (2009), How active is your fund manager?",
        "Newey, West (1987), A simple, positive semi-definite, heteroskedasticity and "
        "autocorrelation consistent covariance matrix",
        "Sharpe (1992), Asset allocation: management style and performance measurement",
    ],
}
#: Names that a caveat lists.
LISTED = 6
#: How a weight is told from another.
WEIGHTS = ("book", "benchmark", "active")


class BookKey(NamedTuple):
    """What a figure of a book is about: a kind, what of it, and which number."""

    kind: str
    of: str
    number: str


@dataclass(frozen=True)
class Exposure:
    """A book against a market: its parts, and every number of them as a figure (``figures``).

    name     of the book: its fund, else its file
    tilt     None unless one was asked for; ``after``: active weights and betas of the tilted book
    without  themes that no beta can be given to, with the reason
    """

    market: Market = field(repr=False)
    name: str
    book: Positions = field(repr=False)
    active: Active = field(repr=False)
    betas: tuple[BookBeta, ...] = field(repr=False)
    mix: StyleMix = field(repr=False)
    tilt: BookTilt | None = field(repr=False)
    after: tuple[Active, tuple[BookBeta, ...]] | None = field(repr=False)
    without: tuple[str, ...]
    params: Mapping[str, Any] = field(repr=False)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What has to be said of the book."""
        listed = ", ".join(list(self.book.why)[:LISTED])
        more = ", ..." if len(self.book.why) > LISTED else ""
        lost = f"not matched, {self.book.weight('unmatched'):.2%} of the book: {listed}{more}"
        return (*self.book.said, *([lost] if self.book.why else []), *self.looked_through)

    @property
    def looked_through(self) -> tuple[str, ...]:
        """Which funds the weights were looked through, and with holdings of which day."""
        through = self.active.through.items()
        return tuple(f"{fund} is looked through, by its holdings of {day}" for fund, day in through)

    @cached_property
    def question(self) -> Question:
        """What the figures of weights rest on; the step that the book is asked again by."""
        names = [self.active.against]
        return self.market.provenance(names).question(
            "exposure",
            dict(self.params),
            code_of("paceline.studies.exposure"),
            names=names,
            caveats=self.caveats,
        )

    def _moving(self, driver: BookDriver | None, names: tuple[str, ...] = ()) -> Question:
        """What the figures of betas to a driver rest on."""
        market = theme_lines.widened(self.market).including(self.book.funds)
        legs = [self.market.benchmark, self.active.against, *names, *self.book.funds]
        line = driver.line if driver is not None else None
        if line is not None:
            legs += line.legs or [line.name.removeprefix("-")]
        legs = list(dict.fromkeys(legs))
        known = market.provenance([n for n in legs if n in market.baskets])
        if line is not None and not line.legs:
            known = market.moment.lineage.with_series(known)
        return known.question(
            "exposure",
            {**self.params, "driver": driver.name if driver is not None else "styles"},
            code_of("paceline.studies.exposure"),
            names=legs,
            caveats=self.caveats,
        )

    @cached_property
    def figures(self) -> dict[BookKey, Figure]:
        """Every number: see ``BookKey``."""
        found = dict(self._weights())
        for beta in self.betas:
            found |= self._beta(beta)
        found |= self._mix()
        if self.tilt is not None:
            found |= self._tilt(self.tilt)
        return found

    def _weights(self) -> Iterator[tuple[BookKey, Figure]]:
        """Active weights, active share, concentration, coverage."""
        for kind, rows in self.active.cuts.items():
            for row in rows:
                for number in WEIGHTS:
                    value = getattr(row, number)
                    yield self._made(
                        self.question, BookKey(kind, row.label, number), value, _unit(number)
                    )
        whole: list[tuple[str, Value, str]] = [
            ("active_share", self.active.active_share, "fraction"),
            ("companies", self.active.companies, "count"),
            ("covered", self.betas[0].share, "fraction"),
            *(
                (k, v, "fraction" if k == "top10" else "estimate")
                for k, v in self.active.concentration.items()
            ),
            *((k, self.book.weight(k), "fraction") for k in ("cash", "unmatched")),
        ]
        for number, value, unit in whole:
            yield self._made(self.question, BookKey("whole", "", number), value, unit)
        for name in self.book.why:
            weight = float(self.book.weights[self.book.names.index(name)])
            yield self._made(
                self.question, BookKey("unmatched", name, "weight"), weight, "fraction"
            )

    def _beta(self, beta: BookBeta) -> dict[BookKey, Figure]:
        """A beta by holdings and by returns, and what a way back to the pivot does."""
        driver, question = beta.driver, self._moving(beta.driver)
        made = []
        short = f"{beta.share:.1%} of the book has a beta" if beta.share < 1 else ""
        reason = {
            "holdings": f"no value: only {short}",
            "returns": "no value: too few sessions on which the book has a return",
            "benchmark": "no value: too few sessions on which the benchmark has a return",
        }
        for number, fit in (
            ("holdings", beta.holdings),
            ("returns", beta.returns),
            ("benchmark", beta.benchmark),
        ):
            low, high = fit.interval(beta.at)
            known = short if number == "holdings" else ""
            told = (reason[number] if not fit.n else known,)
            made.append(
                self._made(
                    question,
                    BookKey("beta", driver.name, number),
                    float(fit.beta[beta.at]),
                    "beta",
                    start=beta.first,
                    evidence={"low": low, "high": high, "n": fit.n},
                    caveats=told,
                )
            )
            for edge, value in (("low", low), ("high", high)):
                key = BookKey("beta", driver.name, f"{number} {edge}")
                made.append(self._made(question, key, value, "beta", start=beta.first))
        fit, key = beta.returns, BookKey("beta", driver.name, "r_squared")
        made.append(self._made(question, key, fit.r_squared, "fraction", start=beta.first))
        key = BookKey("beta", driver.name, "n")
        made.append(self._made(question, key, fit.n, "sessions", start=beta.first))
        if driver.pivot:
            made += self._way_back(beta, question)
        return dict(made)

    def _way_back(self, beta: BookBeta, question: Question) -> list[tuple[BookKey, Figure]]:
        """The line's move back to its pivot, and what the book does by its beta.

        One stated move of one driver. A scenario states moves of several: its rows belong beside
        these, made in the same way from the betas to what ``betas.drivers`` gives.
        """
        driver, at = beta.driver, beta.at
        gain, low, high = methods.way_back(
            float(beta.holdings.beta[at]), beta.holdings.interval(at), driver.back
        )
        line = methods.way_back(1.0, (1.0, 1.0), driver.back)[0]
        numbers = (("line", line), ("book", gain), ("book low", low), ("book high", high))
        return [
            self._made(
                question, BookKey("way back", driver.name, n), v, "return", start=driver.pivot
            )
            for n, v in numbers
        ]

    def _mix(self) -> dict[BookKey, Figure]:
        if self.mix.why:
            return {}
        question = self._moving(None, tuple(self.mix.weights))
        start, end = self.mix.start, self.mix.end
        made = [
            self._made(
                question,
                BookKey("style", name, "weight"),
                weight,
                "fraction",
                evidence={} if error is None else {"error": error, "n": self.mix.months},
                start=start,
                end=end,
            )
            for name, (weight, error) in self.mix.weights.items()
        ]
        for number, unit in (
            ("r_squared", "fraction"),
            ("tracking", "fraction"),
            ("months", "count"),
        ):
            value, key = getattr(self.mix, number), BookKey("style", "", number)
            made.append(self._made(question, key, value, unit, start=start, end=end))
        return dict(made)

    def _tilt(self, tilt: BookTilt) -> dict[BookKey, Figure]:
        """The trades, turnover and cost, and what the book is after them."""
        assert self.after is not None
        after, moved = self.after
        whole: list[tuple[str, Value, str]] = [
            ("trades", len(tilt.trades), "count"),
            ("turnover", tilt.turnover, "fraction"),
            ("cost", 1e4 * tilt.cost, "estimate"),
            ("active_share", after.active_share, "fraction"),
        ]
        if tilt.worth is not None:
            whole.append(("money", tilt.worth * tilt.cost, "level"))
        made = [
            self._made(self.question, BookKey("tilt", "", n), v, u, caveats=tilt.told)
            for n, v, u in whole
        ]
        for trade in tilt.trades:
            rows: list[tuple[str, Value, str]] = [
                ("before", trade.before, "fraction"),
                ("after", trade.after, "fraction"),
                ("change", 100 * (trade.after - trade.before), "points"),
                ("cost", trade.cost, "estimate"),
            ]
            if trade.shares is not None:
                rows.append(("shares", round(trade.shares), "count"))
            made += [
                self._made(self.question, BookKey("trade", trade.name, n), v, u) for n, v, u in rows
            ]
        for beta in moved:
            question = self._moving(beta.driver)
            key = BookKey("tilt", beta.driver.name, "beta")
            value = float(beta.holdings.beta[beta.at])
            made.append(self._made(question, key, value, "beta", start=beta.first))
        return dict(made)

    def _made(
        self,
        question: Question,
        key: BookKey,
        value: Value,
        unit: str,
        *,
        start: str | None = None,
        end: str | None = None,
        evidence: Mapping[str, Any] | None = None,
        caveats: tuple[str, ...] = (),
    ) -> tuple[BookKey, Figure]:
        told = " ".join(part for part in (key.kind, key.number) if part)
        return key, question.figure(
            self.name,
            value,
            unit,
            statistic=told,
            label=self.name,
            against=key.of or None,
            start=start,
            end=end,
            evidence=evidence,
            caveats=caveats,
        )

    def figure(self, kind: str, of: str, number: str) -> Figure:
        """One number."""
        return self.figures[BookKey(kind, of, number)]

    def frame(self) -> pl.DataFrame:
        """One row per number: kind, of, number, value, unit, window, interval, figure id."""
        import polars as pl

        rows = [
            {**key._asdict(), "value": f.value, "unit": f.unit, "start": f.start, "end": f.end}
            | {edge: f.evidence.get(edge) for edge in ("low", "high")}
            | {"figure": f.id}
            for key, f in self.figures.items()
        ]
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def _unit(number: str) -> str:
    return "return" if number == "active" else "fraction"
