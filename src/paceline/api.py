"""What ``paceline.open`` returns: a market with the studies, the report and the charts at hand.

market = paceline.open("market.toml")
market.frame("performance", subjects=["russell2000"], since="low")
market.report()
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import arguments
from paceline.market import Market, frames

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from paceline.document import Document
    from paceline.factcheck import Checked
    from paceline.lineage import Step
    from paceline.market.importing import Progress
    from paceline.studies.episodes import Study
    from paceline.studies.exposure import Exposure
    from paceline.studies.scenario import Catalyst, ScenarioAnswer
    from paceline.studies.target import Answer
    from paceline.studies.themes import ThemeFound
    from paceline.studies.tilts import Swept, TradedRule
    from paceline.write import Story


class OpenMarket(Market):
    """A market, and in one call each: frames, studies, the report, charts, a commentary checked."""

    # ---- frames ----------------------------------------------------------------------------------

    def frame(self, measure: str, **how: Any) -> pl.DataFrame:
        """The rows of ``show`` as a polars frame (``.to_pandas()`` gives pandas)."""
        return frames.figures(self, measure, **how)

    def levels(
        self, names: Sequence[str] | None = None, *, basis: str | None = None
    ) -> pl.DataFrame:
        """Index levels: one column ``date`` and one per basket; null before a basket exists."""
        return frames.levels(self, names, basis)

    def weights(self, name: str, date: str | dt.date | None = None) -> pl.DataFrame:
        """Weights of a basket's members at the close of a session, largest first."""
        return frames.weights(self, name, date)

    def contributions(
        self,
        name: str,
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
        *,
        basis: str | None = None,
    ) -> pl.DataFrame:
        """Contribution of each member to a basket's return between two closes.

        ``start`` defaults to the last close of the year before.
        """
        return frames.contributions(self, name, start, end, basis)

    def changes(self) -> pl.DataFrame:
        """Rows that imports changed or withdrew, by load and table: see ``store.told``."""
        from paceline.store import told

        return told.changes(self.stored.store, self.stored.version)

    def quarantine(self) -> pl.DataFrame:
        """Every row set aside, with the reason."""
        return self.stored.quarantine()

    def origins(self) -> list[dict[str, Any]]:
        """Every import the market rests on: source, load, checksum, origins of its bytes."""
        return self.stored.loads

    def lineage(self, steps: Iterable[Step]) -> list[Step]:
        """These steps and all that they rest on, each once, parents first."""
        return self.steps.behind(steps)

    # ---- studies ---------------------------------------------------------------------------------

    def episodes(self, rotation: str | tuple[str, str], **how: Any) -> Study:
        """One rotation from all sides; ``how`` as in ``studies.episodes.study``."""
        from paceline.studies import episodes

        return episodes.study(self, rotation, **how)

    def themes(self) -> tuple[ThemeFound, ...]:
        """Every theme with its word, its lines and its figures: see ``studies.themes``."""
        from paceline.studies import themes

        return themes.weigh(self).themes

    def signals(self, *, history: bool = False) -> pl.DataFrame:
        """Who leads in every rotation at three sizes: see ``studies.rotations.signals``."""
        from paceline.studies import rotations

        return rotations.signals(self, history=history)

    def calls(self, path: str | Path | None = None) -> pl.DataFrame:
        """What became of each call of a ledger, one row per record.

        path  the ledger; default: ``calls.toml`` beside the market file
        """
        from paceline.studies import calls

        return calls.score(self, path).frame()

    def target(self, level: float, by: str | dt.date, **how: Any) -> Answer:
        """What a level by a date asks for and how likely it is.

        how  subject, drift, volatility, since, draws, seed: see ``studies.target.weigh``
        """
        from paceline.studies import target

        return target.weigh(self, level, by, **how)

    def backtest(
        self, rule: str, settings: Mapping[str, Any] | None = None, **how: Any
    ) -> TradedRule | Swept:
        """What a rule would have earned after costs, and whether it is more than chance.

        rule, settings, how  see ``studies.tilts.weigh``
        """
        from paceline.studies import tilts

        return tilts.weigh(self, rule, settings, **how)

    def exposure(self, holdings: object, **how: Any) -> Exposure:
        """A book of holdings against the market: see ``studies.exposure.weigh``.

        holdings  a file, a frame of polars or pandas, or {ticker: weight}
        how       fund, against, unit, window, past, tilt, value, sheet
        """
        from paceline.studies import exposure

        return exposure.weigh(self, holdings, **how)

    def scenario(self, name: str, **how: Any) -> ScenarioAnswer:
        """What a declared scenario would do to themes and sectors.

        how  every, subjects, drivers: see ``studies.scenario.weigh``
        """
        from paceline.studies import scenario

        return scenario.weigh(self, name, **how)

    def catalyst(self, name: str, *, subjects: Sequence[str] | None = None) -> Catalyst:
        """What themes and sectors did around the days of a declared kind of event.

        subjects  rotations and baskets; default: every rotation, pair of a theme, and sector
        """
        from paceline.studies import scenario

        return scenario.around(self, name, subjects)

    def factcheck(
        self,
        text: str,
        date: str | dt.date | None = None,
        *,
        ask: Callable[[str], str] | None = None,
    ) -> Checked:
        """The claims of a market commentary with their verdicts: see ``factcheck.factcheck``.

        date  the day it was written, where the text does not say
        ask   a language model that may propose further claims: from a prompt to its reply
        """
        from paceline.factcheck import factcheck

        return factcheck(self, text, date, ask=ask)

    def write(
        self,
        style: str = "wire",
        length: str = "medium",
        seed: int = 0,
        *,
        phrases: str | Path | None = None,
    ) -> Story:
        """The story of the day, from the figures; ``print`` shows it: see ``write.write``.

        style    "wire", "note", "bullets" or "script"
        length   "short", "medium" or "long"
        phrases  a TOML file of phrases that take the place of those shipped
        """
        from paceline import write

        return write.write(self, style=style, length=length, seed=seed, own=phrases)

    # ---- report and charts -----------------------------------------------------------------------

    def report(self, progress: Progress | None = None, *, whole: bool = False) -> Document:
        """The report as a ``Document``; shows itself in a notebook.

        whole  with the sections that are built only when asked for: signals that others quote,
               co-movement, past leaders, value spread, mix of styles
        """
        from paceline import record

        arguments.function(progress, "progress")
        return record.report(self, progress, whole=whole)

    def plot(
        self,
        measure: str,
        subjects: Sequence[str] | None = None,
        *,
        statistic: str | None = None,
        sessions: int = 504,
        **params: Any,
    ) -> go.Figure:
        """A Plotly figure of a measure: lines through time of a series, else bars, best first.

        statistic  which of the measure's statistics; default: its first
        sessions   how much of a series is drawn
        """
        from paceline import charts
        from paceline.document import Attribution
        from paceline.report.page import publishers
        from paceline.studies import answers

        arguments.whole(sessions, "sessions", 1)
        names = None if subjects is None else arguments.names(subjects, "subjects")
        chart = answers.chart(self, measure, names, statistic, sessions, params)
        source = publishers({"sources": self.stored.loads})
        return charts.plot(chart, Attribution(self.title, self.as_of, source, self.simulated))

    def _repr_html_(self) -> str:
        """What a notebook shows of a market: what it is and what can be asked."""
        rows = "".join(
            f"<tr><th>{escape(kind)}</th><td>{escape(', '.join(n for n, _ in names))}</td></tr>"
            for kind, names in self.names().items()
        )
        return f"<h4>{escape(self.title)}, as of {escape(self.as_of)}</h4><table>{rows}</table>"


open_market = OpenMarket.open
