"""The report's sections on rotation: where each pair stands, factors, the end of the year, and what has changed.

The verdict page and the episodes are in ``run.verdict_page``. Nothing is computed here but counts
of figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from paceline import evidence
from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.lineage import Step
from paceline.market.view import pair_name
from paceline.pages import Page
from paceline.pages.words import day, month
from paceline.signals import french
from paceline.studies import analogues
from paceline.studies.answers import Answers

Builder = Callable[[Answers], Section | None]

#: Windows of the factor table; statistics of the year-end table.
WINDOWS = (
    ("since_low", "Since the low"),
    ("mtd", "Month to date"),
    ("last_month", "Last full month"),
    ("ytd", "Year to date"),
    ("1y", "One year"),
)
SEASONS = (
    ("quarter_end", "End of a quarter"),
    ("year_end", "End of the year"),
    ("turn_of_year", "Turn of the year"),
    ("january", "January"),
    ("turn_of_month", "Turn of the month"),
    ("earnings_season", "Earnings season"),
)
FACTOR_NAMES = {
    "size": "Small",
    "value": "Value",
    "momentum": "Momentum",
    "reversal_short": "Last month's losers",
    "reversal_long": "Long-term losers",
    "quality": "Quality",
    "low_volatility": "Low volatility",
    "ytd_winners": "Winners of the year",
    "ytd_laggards": "Laggards of the year",
}
#: Columns of a season's row and their units.
EFFECT = (
    ("control", "return"),
    ("effect", "return"),
    ("low", "return"),
    ("high", "return"),
    ("p", "ratio"),
    ("years", "count"),
)
#: Statistics whose change from one report to the next is news.
NEWS = (
    "grade",
    "changing",
    "digesting",
    "state 1",
    "state 1.5",
    "state 2",
    "since_low rank",
    "last_month rank",
)
SHOWN_CHANGES = 24


def words(*parts: Part | None) -> Sentence:
    """A sentence of words, labels and figures; missing figures become "no value"."""
    return Sentence(tuple("no value" if p is None else p for p in parts))


def derived(
    book: Answers,
    like: Figure,
    statistic: str,
    value: Any,
    unit: str,
    parents: Sequence[Figure],
    **params: Any,
) -> Figure:
    """A number worked out from other figures, resting on them."""
    for parent in parents:
        book.market.steps.keep(parent.step)
    step = Step(
        "derived",
        {"statistic": statistic, **params},
        tuple(dict.fromkeys(p.id for p in parents)),
        code="",
    )
    book.market.steps.keep(step)
    return replace(
        like,
        statistic=statistic,
        value=value,
        unit=unit,
        step=step,
        n_used=None,
        n_eligible=None,
        evidence={},
        extra={k: str(v) for k, v in params.items()},
    )


def relative_rotation(book: Answers) -> Section | None:
    """Trend and momentum of every pair and of every sector against the benchmark, with tails."""
    blocks: list[Block] = []
    for title, how in (
        ("Declared pairs", {}),
        ("Sectors against the benchmark", {"group": book.sector_group()}),
    ):
        if how and how["group"] is None:
            continue
        found = [f for f in book.rows("relative_rotation", **how) if f.value is not None]
        legs = list(dict.fromkeys((f.subject, f.against) for f in found))
        tails, rows, changes = [], [], []
        for subject, against in legs:
            mine = [f for f in found if (f.subject, f.against) == (subject, against)]
            ratio, momentum = (
                {f.end: f for f in mine if f.statistic == s} for s in ("rs_ratio", "rs_momentum")
            )
            weeks = sorted(w for w in ratio if w in momentum and w is not None)
            if not weeks:
                continue
            name = (
                pair_name(book.market.moment, subject, str(against))
                if not how
                else book.name(subject).text
            )
            last = momentum[weeks[-1]]
            tails.append(
                Series(
                    name,
                    [float(ratio[w].value) for w in weeks],
                    [float(momentum[w].value) for w in weeks],
                    last,
                )
            )
            by = {
                f.statistic: f
                for f in mine
                if f.statistic not in ("rs_ratio", "rs_momentum", "quadrant_change")
            }
            rows.append(
                (
                    Label(name),
                    Label(str(last.extra["quadrant"])),
                    by.get("weeks_in_quadrant"),
                    ratio[weeks[-1]],
                    last,
                    by.get("heading"),
                    by.get("velocity"),
                    "under way" if last.extra.get("provisional") else "over",
                )
            )
            newest = max(
                (f for f in mine if f.statistic == "quadrant_change"),
                key=lambda f: str(f.end),
                default=None,
            )
            if newest is not None:
                changes.append(
                    (
                        Label(name),
                        day(newest.end),
                        Label(str(newest.extra["left"])),
                        Label(str(newest.extra["quadrant"])),
                        newest,
                    )
                )
        if not tails:
            continue
        blocks += [
            Chart(
                "scatter",
                f"{title}: trend and momentum, eight weeks",
                tuple(tails),
                "level",
                reference=100.0,
                x_title="Trend of the price relative",
                y_title="Momentum of that trend",
            ),
            Grid(
                title,
                (
                    "Pair",
                    "Quadrant",
                    "Weeks in it",
                    "Trend",
                    "Momentum",
                    "Heading, degrees",
                    "Velocity",
                    "The week is",
                ),
                tuple(rows),
            ),
            Grid(
                f"{title}: newest change of quadrant",
                ("Pair", "Week to", "From", "To", "Weeks it had lasted"),
                tuple(changes),
            ),
        ]
    if not blocks:
        return None
    said = Sentence(
        (
            "Both axes are about ",
            Label("100"),
            ": to the right the first leg is in an up-trend against the "
            "second, above the trend gathers pace. The definition is Paceline's own and stands on its card; "
            "a place here is a description, not evidence that anything lasts.",
        )
    )
    return Section(
        "relative_rotation",
        "Relative rotation",
        "Where does each pair stand, and where is it heading?",
        (said, *blocks),
    )


def factors(book: Answers) -> Section | None:
    """Factor portfolios by window and month, and the published factors' falls."""
    blocks: list[Block] = []
    broad = book.broad
    rows = [f for f in book.rows("factors") if f.subject == broad and f.value is not None]
    at = {(f.extra.get("factor"), f.extra.get("side"), f.statistic): f for f in rows}
    names = [n for n in FACTOR_NAMES if any(k[0] == n for k in at)]
    if names:
        lead = (
            at.get(("momentum", "long_over_index", "last_month")),
            at.get(("momentum", "long_short", "last_month")),
        )
        if lead[0] is not None:
            blocks.append(
                words(
                    "In ",
                    month(lead[0].end),
                    " past winners (months two to twelve) were ",
                    lead[0],
                    " against the index when only bought, and ",
                    lead[1],
                    " when past losers were sold as well: two different bets.",
                )
            )
        for side, title in (
            ("long_short", "Bought the top fifth, sold the bottom fifth"),
            ("long_over_index", "Only bought: against the index"),
        ):
            blocks.append(
                Grid(
                    title,
                    ("Factor", *(t for _, t in WINDOWS)),
                    tuple(
                        (Label(FACTOR_NAMES[n]), *(at.get((n, side, w)) for w, _ in WINDOWS))
                        for n in names
                    ),
                    heat=(3, 4),
                )
            )
        months = sorted({str(k[2]) for k in at if len(str(k[2])) == 7 and str(k[2])[:4].isdigit()})
        if months:
            blocks.append(
                Grid(
                    "Month by month: top fifth less bottom fifth",
                    ("Factor", *(month(f"{m}-01") for m in months)),
                    tuple(
                        (Label(FACTOR_NAMES[n]), *(at.get((n, "long_short", m)) for m in months))
                        for n in names
                    ),
                    heat=tuple(range(1, len(months) + 1)),
                )
            )
        spread = [f for f in rows if f.statistic == "valuation_spread"]
        if len(spread) > 1:
            line = Series(
                f"{book.name(str(broad)).text}: cheap over dear",
                [str(f.end) for f in spread],
                [float(f.value) for f in spread],
                spread[-1],
            )
            blocks.append(
                Chart(
                    "line",
                    "How much cheaper the cheapest fifth is: median book to market over that of "
                    "the dearest",
                    (line,),
                    "ratio",
                )
            )
        missing = [n for n in ("value", "quality") if n not in names]
        if missing:
            blocks.append(
                words(
                    "No value for ",
                    " and ".join(missing),
                    ": no source gives book equity and earnings as they were filed.",
                )
            )
    blocks += _published(book)
    falls = [
        f
        for f in book.rows("factor_history")
        if f.value is not None and f.statistic in ("drawdown", "fall", "crash")
    ]
    if falls:
        kinds = {
            "drawdown": "Below its peak now",
            "fall": "Fall",
            "crash": "Crash of winners against losers",
        }
        blocks.append(
            Grid(
                "Published factors: where they stand and how badly they fell",
                ("Factor", "What", "From", "To", "Change"),
                tuple(
                    (
                        Label(str(f.extra.get("factor"))),
                        kinds[f.statistic],
                        day(f.start),
                        day(f.end),
                        f,
                    )
                    for f in falls
                    if f.statistic != "fall"
                    or any(w in str(f.extra.get("factor")) for w in ("Mom", "winners"))
                ),
            )
        )
    if not blocks:
        return None
    return Section(
        "factors",
        "Factors",
        "Which kinds of stocks lead: small, cheap, past winners, calm?",
        tuple(blocks),
    )


def _published(book: Answers) -> list[Block]:
    """Daily published factors, compounded over the windows of the benchmark's returns."""
    found = analogues.history(book.market)
    if found is None or found[3] != 1:
        return []
    days, returns, names, _ = found
    known = book.market.moment.with_series(book.market.provenance())
    rows = []
    for name, values in zip(names, returns, strict=True):
        cells: list[Figure | None] = []
        for window, _ in WINDOWS:
            same = book.one("performance", book.benchmark, window)
            if same is None or not same.start or str(days[-1]) < str(same.end):
                cells.append(None)
                continue
            inside = (
                (days > np.datetime64(same.start))
                & (days <= np.datetime64(str(same.end)))
                & np.isfinite(values)
            )
            step = Step(
                "compounded",
                {"series": name, "start": same.start, "end": same.end},
                known.parents.get(name, ()),
                code="",
            )
            book.market.steps.keep(step)
            value = float(np.prod(1 + values[inside]) - 1)
            cells.append(
                replace(
                    same,
                    subject=name,
                    label=french.spoken(name),
                    value=value,
                    step=step,
                    measure="factor_history",
                    statistic=window,
                    basis="",
                    extra={"factor": name.rpartition("/")[2]},
                    caveats=(
                        *known.caveats.get(name, ()),
                        "daily returns of a long-short factor, compounded",
                    ),
                )
            )
        rows.append((Label(french.spoken(name)), *cells))
    return [
        Grid(
            "Published daily factors over the same days",
            ("Factor", *(t for _, t in WINDOWS)),
            tuple(rows),
        )
    ]


def year_end(book: Answers) -> Section | None:
    """This year against the same days of every year, and the windows said to be seasonal."""
    found = book.rows("seasonality")
    slots = [
        f
        for f in found
        if f.statistic == "slot"
        and f.extra.get("kind") == "now"
        and f.value is not None
        and f.extra.get("p") is not None
    ]
    blocks: list[Block] = []
    if slots:
        adjusted = evidence.adjust([float(f.extra["p"]) for f in slots])
        far = [f for f, p in zip(slots, adjusted.tolist(), strict=True) if p <= 0.05]
        asked = derived(book, slots[0], "slots asked", len(slots), "count", slots)
        blocks.append(
            words(
                "Of ",
                asked,
                " comparisons of this year with the same days of earlier years, ",
                derived(book, slots[0], "slots beyond noise", len(far), "count", slots)
                if far
                else "none",
                " lies beyond noise once the number of questions is counted.",
            )
        )
        rows = []
        for f, p in zip(slots, adjusted.tolist(), strict=True):
            rows.append(
                (
                    Label(_line(f)),
                    Label(str(f.extra["period"])),
                    f,
                    *(book.column(f, name, unit) for name, unit in EFFECT[:4]),
                    derived(
                        book,
                        f,
                        "slot adjusted p",
                        p,
                        "ratio",
                        slots,
                        line=_line(f),
                        period=f.extra["period"],
                    ),
                    book.column(f, "years", "count"),
                )
            )
        blocks.append(
            Grid(
                "The last ten sessions against the same slot of earlier years",
                (
                    "Line",
                    "Years",
                    "This year",
                    "Usual",
                    "Less the usual",
                    Label("95% of years from"),
                    "to",
                    "Adjusted p",
                    "Years counted",
                ),
                tuple(rows),
            )
        )
    run = next(
        (f for f in found if f.statistic == "year_end_run" and f.extra.get("kind") == "now"), None
    )
    if run is not None and run.value is None:
        blocks.append(
            words(
                "The last ten sessions of the year: ",
                Label(str(run.extra.get("state") or "not yet observable")),
                ".",
            )
        )
    drawn = [
        f
        for f in found
        if f.statistic == "slot"
        and f.extra.get("kind") == "year"
        and f.value is not None
        and f.subject == book.benchmark
        and f.against is None
    ]
    drawn = [f for f in drawn if f.extra.get("period") == drawn[0].extra.get("period")]
    if drawn:
        bars = tuple(
            Series(str(f.extra["year"]), [str(f.extra["year"])], [float(f.value)], f)
            for f in sorted(drawn, key=lambda f: int(f.extra["year"]))
        )
        blocks.append(
            Chart(
                "bar",
                "The same slot, year by year: the benchmark",
                bars[-30:],
                "return",
                reference=0.0,
            )
        )
    means = [
        f
        for f in found
        if f.extra.get("kind") == "mean"
        and f.value is not None
        and f.extra.get("effect") is not None
        and f.against is None
    ]
    seasons: list[tuple[Part | None, ...]] = [
        (
            Label(title),
            Label(_line(f)),
            Label(str(f.extra["period"])),
            f,
            *(book.column(f, name, unit) for name, unit in EFFECT),
        )
        for statistic, title in SEASONS
        for f in means
        if f.statistic == statistic
    ]
    if seasons:
        blocks += _seasons_drawn(book, means)
        blocks.append(
            Grid(
                "Windows said to be seasonal, each against its own control",
                (
                    "Window",
                    "Line",
                    "Years",
                    "Mean",
                    "Control",
                    "Difference",
                    Label("95% from"),
                    "to",
                    "p",
                    "Years counted",
                ),
                tuple(seasons),
                note=Sentence(
                    (
                        "The number of observations is years, not days. These p are not corrected: "
                        "with so many windows some are small by chance.",
                    )
                ),
            )
        )
    if not blocks:
        return None
    return Section(
        "year_end",
        "The end of the year",
        "Is it the season, and does this year differ from others?",
        tuple(blocks),
    )


def _seasons_drawn(book: Answers, means: Sequence[Figure]) -> list[Block]:
    """The newest period's windows against their controls, drawn: of the benchmark and of past winners."""
    blocks: list[Block] = []
    newest = max((str(f.extra["period"]) for f in means), default="")
    for line in (book.name(book.benchmark).text, "momentum"):
        rows = {f.statistic: f for f in means if _line(f) == line and f.extra["period"] == newest}
        drawn = tuple(
            Series(
                title,
                [title],
                [float(f.extra["effect"])],
                effect,
                (f.extra["low"], f.extra["high"]),
            )
            for name, title in SEASONS
            if (f := rows.get(name)) is not None
            and (effect := book.column(f, "effect", "return")) is not None
        )
        if drawn:
            title = f"{line[0].upper()}{line[1:]}: each season less its control, {newest}"
            blocks.append(Chart("interval", Label(title), drawn, "return"))
    return blocks


def _line(figure: Figure) -> str:
    return str(figure.extra.get("line") or figure.label)


# ---- what changed
# --------------------------------------------------------------------------------------


def newsworthy(figures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a manifest whose change is news, as small as they can be kept."""
    keep = (
        "measure",
        "subject",
        "against",
        "statistic",
        "value",
        "unit",
        "line",
        "rotation",
        "figure",
    )
    return [
        {k: row[k] for k in keep if row.get(k) is not None}
        for row in figures
        if row.get("statistic") in NEWS
        and row.get("line", "raw") == "raw"
        and row.get("value") is not None
    ]


def changes(
    book: Answers, figures: Sequence[Figure], previous: Mapping[str, Any] | None
) -> Section | None:
    """Grades, states and ranks that are not what the previous report said; None without an earlier report.

    ``previous`` is {"as_of", "figures"} of an earlier manifest.
    """
    if not previous or str(previous.get("as_of", "")) >= book.market.as_of:
        return None
    old = {_key(row): row for row in newsworthy(previous.get("figures", ()))}
    rows, seen = [], set()
    for figure in figures:
        now = figure.to_json()
        key = _key(now)
        was = old.get(key) if newsworthy([now]) else None
        if was is None or key in seen:
            continue
        seen.add(key)
        if was["value"] != figure.value and str(was["value"]) != str(figure.value):
            step = Step(
                "previous report", {"as_of": previous["as_of"], "figure": was["figure"]}, code=""
            )
            book.market.steps.keep(step)
            before = replace(
                figure,
                value=was["value"],
                step=step,
                as_of=str(previous["as_of"]),
                start=None,
                end=str(previous["as_of"]),
                evidence={},
                extra={"report": "previous"},
                n_used=None,
                n_eligible=None,
                caveats=(*figure.caveats, "what an earlier report said"),
            )
            rows.append(
                (
                    Label(figure.label or figure.subject),
                    Label(_spoken(figure.statistic)),
                    before,
                    figure,
                )
            )
    head = words(
        "Since the report of ",
        day(str(previous["as_of"])),
        " ",
        "these grades, signals and ranks have changed."
        if rows
        else "no grade, signal or rank of this page has changed.",
    )
    rows.sort(
        key=lambda r: (
            isinstance(r[3].value, (int, float)),
            -abs(float(r[3].value) - float(r[2].value))
            if isinstance(r[3].value, (int, float))
            else 0.0,
        )
    )
    blocks: list[Block] = [head]
    if rows:
        blocks.append(
            Grid("What changed", ("Subject", "What", "Was", "Is"), tuple(rows[:SHOWN_CHANGES]))
        )
    return Section(
        "changes", "What changed", "What is different from the last report?", tuple(blocks)
    )


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(row.get(k) or "") for k in ("measure", "subject", "against", "statistic", "rotation")
    )


def _spoken(statistic: str) -> str:
    fixed = {
        "grade": "grade",
        "changing": "is leadership changing?",
        "digesting": "is it digesting?",
        "state 1": "who leads (watch)",
        "state 1.5": "who leads (episode)",
        "state 2": "who leads (major)",
    }
    return fixed.get(statistic, statistic.replace("_", " "))


RELATIVE_ROTATION = Page("relative_rotation", 40, relative_rotation)
FACTORS = Page("factors", 70, factors)
YEAR_END = Page("year_end", 120, year_end)
