"""A market that answers questions: names resolved, measures evaluated, figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from paceline import arguments, measures
from paceline.figures import Figure
from paceline.market import importing, measuring, naming, rivals, watching
from paceline.market.held import Held
from paceline.market.importing import Progress
from paceline.market.measuring import Evaluated
from paceline.market.opening import located
from paceline.market.watched import Watched

if TYPE_CHECKING:
    import polars as pl

    from paceline.market.given import Frames
    from paceline.sources import Raw


class Market(Held):
    """One market file, read at one version of its store and as of one day: see ``Held``.

    What is computed is kept until ``import_`` or ``refresh`` brings newer data; nothing else
    changes what a market answers.
    """

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        data: str | Path | None = None,
        store: str | Path | None = None,
        as_of: str | dt.date | None = None,
        version: int | str | None = None,
        plugins: Sequence[str | Path] = (),
        frames: Frames | None = None,
        calendar: str | None = None,
        dialect: str | None = None,
    ) -> Self:
        """Open a market file; without one, ``market.toml`` of the working folder or the demo.

        data     folder that relative paths of the sources start from, instead of ``market.data``
        store    folder of the store, instead of ``market.store``
        as_of    last day that may be seen (a session, or the session before it); default: the
                 latest
        version  load number or date: the store as it was then
        plugins  Python files with measures, sources, weightings or pages, beside those that the
                 market file names; naming them here is the permission to run them
        frames   polars or pandas frames, by the name of a source without ``path``; they are
                 imported at once. Without ``path`` here: by the name of their table, "prices" at
                 least, and of a market file that is written in the folder of the store
        calendar, dialect  of a market of frames without ``path``; see docs/frames.md
        """
        if frames is None and calendar is None and dialect is None:
            return cls(*located(path, data, store, plugins), as_of=as_of, version=version)
        from paceline.market import given

        found = given.located(frames, path, data, store, plugins, calendar, dialect)
        market = cls(found.file, found.path, as_of=as_of, version=version)
        with found.undone_on_error():
            market.import_(only=found.only, given=found.raws)
        return market

    def including(self, names: Sequence[str]) -> Self:
        """A market that also has the single securities among ``names`` as baskets of their own.

        It shares what is assembled with this one, which stays as it is; itself if nothing is new.
        """
        new = tuple(
            n
            for n in dict.fromkeys(arguments.names(names, "names"))
            if n not in self.moment.baskets
        )
        if not new:
            return self

        return self.memo(
            ["including", new],
            lambda: type(self)(
                self.file,
                self.path,
                as_of=self._asked,
                version=self._version,
                moment=self.moment.including(new),
            ),
        )

    @property
    def watched(self) -> list[Watched]:
        """Findings about the assembled market: who has no price, what follows what."""
        return self.memo("watched", lambda: watching.watched(self))

    def findings(self) -> pl.DataFrame:
        """Every fault found: at each import, then in the assembled market (no load)."""
        return watching.findings(self)

    # ---- data in ---------------------------------------------------------------------------------

    def import_(
        self,
        progress: Progress | None = None,
        only: Sequence[str] | None = None,
        given: Mapping[str, list[Raw]] | None = None,
    ) -> list[dict[str, Any]]:
        """Fetch, parse, check and store every source, or those in ``only``: see ``importing``."""
        arguments.function(progress, "progress")
        only = None if only is None else arguments.names(only, "only")
        place = rivals.place_of(self.path, self.file)
        done = importing.import_sources(self.file, self.store, only, progress, given, place)
        self._begin()
        return done

    def ensure(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Import the sources that the store has never seen; leaves the others as they are."""
        stored = set(self.store.log.sources())
        missing = [n for n in self.file.sources if n not in stored]
        return self.import_(progress, missing) if missing else []

    def refresh(self) -> Literal["unchanged", "extended", "rebuilt"]:
        """See what was imported since this market was opened, by whatever process.

        extended  the new imports bring sessions after the last one and touch nothing before, and no
                  basket is rebalanced on them: panels and indices go on from what is in memory
        rebuilt   everything is worked out again when asked for
        A market opened at a version or as of a day stays what it is: unchanged.
        """
        fixed = self._asked is not None or self._version is not None
        if fixed or self.store.resolve(None) == self.version:
            return "unchanged"
        before = self._moment
        self._begin()
        if before is None:
            return "rebuilt"
        self._moment = before.extended(self.stored)
        return "rebuilt" if self._moment is None else "extended"

    # ---- measures --------------------------------------------------------------------------------

    def settings(self, name: str) -> dict[str, Any]:
        """The parameters of a measure as this market sets them: its own, else the defaults.

        Raises ``MarketFileError`` where the market file sets what the measures of its plug-in files
        do not have.
        """
        measure = measures.get(name, self.plugins)
        return {**measure.defaults(), **self._settings.get(measure.name, {})}

    @cached_property
    def _settings(self) -> dict[str, dict[str, Any]]:
        return measures.settings(self.file, self.path, self.plugins)

    def evaluate(
        self,
        name: str,
        *,
        basis: str | None = None,
        pairs: Sequence[tuple[str, str]] | None = None,
        last: int | None = None,
        **params: Any,
    ) -> Evaluated:
        """Run a measure for all its subjects; the result is kept for the next caller.

        last  only the values of that many last sessions are wanted: a measure that declares how far
              it looks back sees no more than they need, and the result ends with the view but
              begins later
        """
        return measuring.evaluate(self, name, basis=basis, pairs=pairs, last=last, **params)

    def show(
        self,
        measure: str,
        *,
        subjects: Sequence[str] | None = None,
        against: Sequence[str] | None = None,
        since: str | None = None,
        basis: str | None = None,
        history: bool = False,
        **params: Any,
    ) -> list[Figure]:
        """The figures of a measure: today's, or with ``history`` one per session.

        subjects  baskets, groups, securities, or series of a measure of series (default: all)
        against   second legs: each subject is shown against each of them
        since     ISO date, or "low": the benchmark's last confirmed short-term low
        basis     "price" or "total" instead of the market's own
        Raises ``UnknownName``, ``UsageError``, ``NotEnoughData``.
        """
        return measuring.show(
            self,
            measure,
            subjects=subjects,
            against=against,
            since=since,
            basis=basis,
            history=history,
            **params,
        )

    def current(self, names: Sequence[str] | None = None) -> dict[str, list[Figure]]:
        """Today's figures of every measure (or of those named) as the market file sets them.

        What cannot be computed from this market's data is left out.
        """
        return measuring.current(self, names)

    # ---- names -----------------------------------------------------------------------------------

    def resolve(self, names: Sequence[str]) -> list[str]:
        """Basket names for what a person wrote: a basket, a group, a label, an alias or a security.

        A security that is no basket keeps its identifier; ``including`` makes it one. Raises
        ``UnknownName``.
        """
        return naming.resolve(self.moment, names)

    def names(self) -> dict[str, list[tuple[str, str]]]:
        """What can be asked for, by kind: (name, label)."""
        return naming.catalogue(self.moment, self.plugins)
