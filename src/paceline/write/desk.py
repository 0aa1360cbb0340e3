"""The desk at which facts are gathered: one market's figures, and the sentences several share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

from paceline.figures import Figure
from paceline.studies.answers import Answers
from paceline.write.facts import MEDIUM, Claim, Fact, Parts, Window, month_of, on, the

#: Returns below half of this, a tenth of a point, are no move: prose would say 0.0%.
LEAST = 0.001
#: Baskets in one sentence.
TOGETHER = 3
BASES = ("price", "total")


class Desk:
    """Figures by name, on the basis that each basket has by itself."""

    def __init__(self, ask: Answers) -> None:
        self.ask, self.market = ask, ask.market
        self.today = dt.date.fromisoformat(ask.market.as_of)
        self.own = ask.market.file.market.basis

    def name(self, subject: str) -> str:
        """A basket as people call it; one of a trade by one word has stocks: "Retail stocks"."""
        name = self.ask.name(subject).text
        spec = self.market.file.baskets.get(subject)
        trade = spec is not None and not spec.instrument and name.isalpha() and name[-1] != "s"
        return f"{name} stocks" if trade else name

    @cached_property
    def chosen(self) -> list[str]:
        """The baskets of the market file's first section; without it, all that are named.

        A copy of a published index is left to the index itself.
        """
        named = self.market.file.report.since_low
        named = named or [n for n in self.market.declared if ":" not in n]
        return [n for n in named if self.published(n) == n and self.distinct(n)]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The legs of the rotations, those of the headline first."""
        declared = self.market.file.rotations
        first = [n for n in self.market.file.report.headline if n in declared]
        return [(declared[n].lead, declared[n].against) for n in dict.fromkeys([*first, *declared])]

    @cached_property
    def _called(self) -> dict[str, str]:
        """What a basket is called in any case -> the basket."""
        baskets = self.market.file.baskets
        return {n.casefold(): b for b, s in baskets.items() for n in (s.label or b, *s.aliases)}

    def distinct(self, subject: str) -> bool:
        """Whether a reader can tell a basket by its name.

        "S&P 500 (SPY)" cannot be told from "S&P 500", where that is another basket.
        """
        bare = self.name(subject).partition(" (")[0].casefold()
        return self._called.get(bare, subject) == subject

    def published(self, subject: str) -> str:
        """The declared basket of the published level of which this one is a copy, else itself."""
        other = self.market.file.published.get(subject, subject)
        spec = self.market.file.baskets.get(other)
        level = self.ask.one("performance", other, "1d") if spec is not None else None
        return other if level is not None and level.basis == self.own else subject

    @cached_property
    def sectors(self) -> list[str]:
        """The baskets of the group that splits the market by sector."""
        group = self.ask.sector_group()
        return (
            list(self.market.groups.get(group, ())) if group is not None else []
        )  # none of early days

    def value(self, subject: str, window: str) -> Figure | None:
        """A return that can be said; None where there is none, or none to speak of."""
        figure = self.ask.one("performance", subject, window)
        return figure if figure is not None and abs(figure.number) >= LEAST / 2 else None

    def known(self, subject: str, window: str) -> bool:
        """Whether a basket has a return, however small."""
        return self.ask.one("performance", subject, window) is not None

    def plain(self, subject: str, window: str) -> Figure | None:
        """A return on the market's own basis."""
        figure = self.value(subject, window)
        return figure if figure is not None and figure.basis == self.own else None

    def when(self, window: str, figure: Figure | None = None) -> Window:
        """The time of a sentence on a window of ``performance``."""
        if window == "since_low":
            low = self.market.low
            assert low is not None
            return Window("low", on(low[0], self.today))
        if window == "last_month":
            assert figure is not None and figure.end is not None
            return Window("month", month_of(figure.end))
        if window == "1d":
            return Window("day", on(self.today, self.today))
        return Window("year")

    # ---- sentences -------------------------------------------------------------------------------

    def clause(self, figure: Figure) -> Fact:
        """Who moved, and by how much; the sentence around it says when."""
        return Fact(
            f"clause_{way(figure)}",
            {"subject": the(self.name(figure.subject)), "value": figure},
            claims=(self.returned(figure),),
        )

    def returned(self, figure: Figure) -> Claim:
        """The claim of a return."""
        return Claim("return", self.name(figure.subject), figure, figure.number)

    def move(self, figure: Figure, window: str, length: int = MEDIUM) -> Fact:
        """One return in one sentence."""
        return Fact(
            f"move_{way(figure)}",
            {
                "subject": the(self.name(figure.subject)),
                "value": figure,
                "window": self.when(window, figure),
            },
            length,
            (self.returned(figure),),
        )

    def two(self, lead: str, against: str, window: str, length: int = MEDIUM) -> list[Fact]:
        """The legs of a pair side by side; nothing where either is missing or of another basis."""
        legs = [self.published(leg) for leg in (lead, against)]
        a, b = (self.plain(leg, window) if self.distinct(leg) else None for leg in legs)
        if a is None or b is None:
            return []
        first, second = self.clause(a), self.clause(b)
        parts: Parts = {"window": self.when(window, a), "first": first, "second": second}
        return [Fact("two", parts, length, (*first.claims, *second.claims))]

    def several(
        self, figures: Sequence[Figure], window: str, length: int = MEDIUM, kind: str = "several"
    ) -> list[Fact]:
        """Many returns over one window, a few to a sentence."""
        made = []
        for at in range(0, len(figures), TOGETHER):
            moves = tuple(self.clause(f) for f in figures[at : at + TOGETHER])
            claims = tuple(c for move in moves for c in move.claims)
            parts: Parts = {"window": self.when(window, figures[at]), "moves": moves}
            made.append(Fact(kind, parts, length, claims))
        return made

    def everywhere(self, names: Sequence[str], window: str) -> dict[str, list[Figure]]:
        """Basis -> the returns of these baskets, best first; only bases that all of them have."""
        found = {}
        for basis in sorted(BASES, key=lambda b: b != self.own):
            how = {"subjects": tuple(names), "basis": basis, "horizons": (window,)}
            rows = [f for f in self.ask.rows("performance", **how) if f.against is None]
            if rows and all(f.value is not None for f in rows):
                found[basis] = sorted(rows, key=lambda f: -f.number)
        return found

    def on_every_basis(self, measure: str, subject: str) -> list[Figure]:
        """A subject's figures that have a value, on each basis, the market's own first."""
        bases = sorted(BASES, key=lambda b: b != self.own)
        how = {"subjects": [subject]}
        rows = [f for basis in bases for f in self.ask.rows(measure, **how, basis=basis)]
        return [f for f in rows if f.value is not None]


def way(figure: Figure) -> str:
    """Up or down."""
    return "up" if figure.number > 0 else "down"
