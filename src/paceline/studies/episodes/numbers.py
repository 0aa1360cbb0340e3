"""One rotation from all sides, in numbers; what costs time is computed when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import COVERAGE
from paceline.errors import UsageError
from paceline.methods import AfterLows, after_lows
from paceline.methods.detector import MARGIN, STEP, Turns, TurnState
from paceline.methods.episode_table import Episode, episode_table
from paceline.signals.lows import confirmed_lows
from paceline.studies.episodes.history import DRAWS, ITSELF, History, histories
from paceline.studies.rotations import C, Pair, Proxy, pairs, proxies, rotation_set

if TYPE_CHECKING:
    from paceline.market import Market

#: The largest barrier, which no line reaches, and the sessions of the longest step.
LARGEST, LONGEST_STEP = 100.0, 126


class RotationNumbers:
    """The lines of one rotation, their turns, what followed them, and who took part.

    market    the market, its legs being baskets of it
    pair      the rotation; ``c``, ``step``: size of the barrier, sessions per return of its sigma
    draws     draws of the bootstrap
    days      (T,) sessions of the lines; ``basis``: "price", "total" or "mixed"
    """

    def __init__(
        self, market: Market, pair: Pair, *, c: float = C, step: int = STEP, draws: int = DRAWS
    ) -> None:
        if not MARGIN < c <= LARGEST:
            size = "large" if c > LARGEST else "small"
            raise UsageError(
                f"c = {c} is too {size} a barrier.", f"Give more than {MARGIN}, e.g. {C}."
            )
        if not 1 <= step <= LONGEST_STEP:
            raise UsageError(f"a step of {step} sessions.", f"Give 1 to {LONGEST_STEP}, e.g. 5.")
        market = market.including([pair.lead, pair.against])
        self.market, self.pair, self.c, self.step, self.draws = market, pair, c, step, draws
        declared = pair.name in pairs(market)
        self.rotations = rotation_set(market, () if declared else (pair,), c=c, step=step)
        self.days, self.basis = self.rotations.days, self.rotations.basis[pair.name]

    @property
    def lines(self) -> list[str]:
        """The lines there are: "raw", and "neutral" where it is asked for."""
        return ["raw", "neutral"] if self.pair.neutral else ["raw"]

    def turns(self, line: str = "raw", c: float | None = None) -> tuple[Turns, int]:
        """The turns of all rotations at one size, and the row of this one."""
        size = self.c if c is None else c
        return self.rotations.ladder[size], self.rotations.row(self.pair.name, line)

    def turn_state(self, line: str = "raw", c: float | None = None) -> TurnState:
        """The state of the line today at one size."""
        return self.rotations.turn_state(self.pair.name, line, self.c if c is None else c)

    def table(self, line: str = "raw") -> list[Episode]:
        """The episodes of the line in order of time."""
        turns, row = self.turns(line)
        return episode_table(turns, self.rotations.lines[row], row)

    @cached_property
    def proxy(self) -> Proxy | None:
        """The proxy's line and turns; None where none is declared or stored."""
        return proxies(self.market, [self.pair.proxy], self.c, self.step).get(self.pair.proxy)

    def histories(self, direction: int = 1) -> list[History]:
        """What followed the turns to one side, of the pair and of its proxy."""
        asked = ["histories", self.pair, self.c, self.step, self.draws, direction]
        return self.market.memo(asked, lambda: self._histories(direction))

    def _histories(self, direction: int) -> list[History]:
        turns, row = self.turns()
        line = self.rotations.lines[row]
        year, draws = self.market.stored.sessions_of_year, self.draws
        cache = self.market.store.cache
        own = histories(
            cache, ITSELF, self.days, line, turns, row, direction, year=year, draws=draws
        )
        if self.proxy is None:
            return list(own)
        days, line, period, turns, row = self.proxy
        name = self.pair.proxy
        more = histories(cache, name, days, line, turns, row, direction, period=period, draws=draws)
        return [*own, *more]

    @cached_property
    def low(self) -> AfterLows | None:
        """The move since the benchmark's last low beside those after earlier ones; None without."""
        have = self.market.all_levels
        lows = confirmed_lows(have.dating(self.market.benchmark)[1], self.market.file.market.low)
        at = len(have.sessions) - len(self.days)
        after = [(low - at, confirmed - at) for low, confirmed in lows if low >= at]
        if not after or after[-1][0] >= len(self.days) - 1:
            return None
        return after_lows(
            self.rotations.line(self.pair.name),
            [low for low, _ in after],
            confirmed=[confirmed for _, confirmed in after],
            draws=self.draws,
        )

    def members_ahead(self, pivot: int, known: int) -> tuple[float, int, int] | None:
        """(share, counted, members) of the lead's members that beat the other leg since the pivot.

        At the close ``known``; None where the lead has no members or they have no data then.
        """
        market = self.market
        index = market.built.get("price") if self.pair.lead in market.composites else None
        if index is None or market.stocks is None or self.basis == "mixed":
            return None
        a, b = (int(np.searchsorted(index.sessions, self.days[t])) for t in (pivot, known))
        if (
            a >= len(index.sessions)
            or index.sessions[a] != self.days[pivot]
            or b >= len(index.sessions)
        ):
            return None
        held = index.weights_at(b)[index.names.index(self.pair.lead)] > 0
        level = market.stocks.field(f"{self.basis}_index")
        have = market.all_levels
        row, at = have.names.index(self.pair.against), len(have.sessions) - len(self.days)
        against = have.by_basis[self.basis][row]
        with np.errstate(invalid="ignore", divide="ignore"):
            own = level[held, b] / level[held, a]
        seen = np.isfinite(own)
        if not seen.any() or seen.sum() < COVERAGE * held.sum():
            return None
        bar = against[at + known] / against[at + pivot]
        return float((own[seen] > bar).mean()), int(seen.sum()), int(held.sum())
