"""The sections of the report: each asks the measures and arranges their figures; nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import calls as views
from paceline.pages import rotation
from paceline.pages import verdict as verdict_page
from paceline.studies.answers import Book, day, month

#: Sessions drawn in charts of history: two years.
DRAWN = 504


def words(*parts: Part | None) -> Sentence:
    """A sentence of words, labels and figures; missing figures become "no value"."""
    return Sentence(tuple("no value" if p is None else p for p in parts))


def compare(
    a: Figure | None, b: Figure | None, ahead: str, behind: str, level: str = "level with"
) -> str:
    """The word for a against b; returns closer than a tenth of a point are level."""
    if a is None or b is None:
        return "beside"
    gap = float(a.value) - float(b.value)
    return level if abs(gap) < 0.001 else ahead if gap > 0 else behind


def _best(figures: Sequence[Figure]) -> list[Figure]:
    return sorted((f for f in figures if f.value is not None), key=lambda f: -float(f.value))


def since_low(book: Book) -> Section | None:
    low = book.market.low
    if low is None:
        return None
    chosen = book.market.file.report.since_low or [n for n in book.market.declared if ":" not in n]
    rows, lines = [], []
    for name in chosen:
        since = book.one("performance", name, "since_low")
        if since is None:
            continue
        rows.append(
            (
                since,
                (
                    book.name(name),
                    since,
                    *(
                        book.one("performance", name, h)
                        for h in ("1d", "mtd", "last_month", "ytd", "1y")
                    ),
                    book.one("record_highs", name, "distance_from_record"),
                    Label(since.basis),
                ),
            )
        )
        lines.append(book.path(since))
    rows.sort(key=lambda r: -float(r[0].value))
    bench = book.one("performance", book.benchmark, "since_low")
    first = rows[0][0] if rows else None
    legs = {
        book.benchmark,
        *(r.lead for r in book.market.file.rotations.values()),
        *(f.subject for f, _ in rows[:3]),
    }
    said = words(
        "The benchmark ",
        book.name(book.benchmark),
        " made its short-term low on ",
        day(low[0]),
        ", known since ",
        day(low[1]),
        ". It has returned ",
        bench,
        "; ",
        book.name(first.subject) if first else "nobody",
        " leads with ",
        first,
        ".",
    )
    shown = [s for s in lines if s is not None and s.figure.subject in legs][:7]
    return Section(
        "since_low",
        "Since the low",
        "Who has led since the last low, and by how much?",
        (
            said,
            Chart("line", "Return since the low", tuple(shown), "return", reference=0.0),
            Grid(
                "Every basket since the low",
                (
                    "Basket",
                    "Since the low",
                    "Last day",
                    "Month to date",
                    "Last full month",
                    "Year to date",
                    "One year",
                    "Below its record",
                    "Basis",
                ),
                tuple(cells for _, cells in rows),
                bars=(1,),
            ),
        ),
    )


def rotations(book: Book) -> Section | None:
    market = book.market
    pairs = [
        (r.lead, r.against, r.label or n.replace("_", " "))
        for n, r in market.file.rotations.items()
    ]
    if not pairs:
        return None
    rows = []
    for lead, against, label in pairs:
        for horizon, title in (
            ("since_low", "Since the low"),
            ("last_month", "Last full month"),
            ("ytd", "Year to date"),
            ("1y", "One year"),
        ):
            a, b = (book.one("performance", n, horizon) for n in (lead, against))
            gap = book.one(
                "performance",
                lead,
                horizon,
                against=against,
                how={"subjects": [lead], "against": [against]},
            )
            if a is not None and b is not None:
                rows.append((Label(label), title, a, b, gap))
    charts: list[Block] = []
    sessions = market.all_levels.sessions
    base = str(sessions[-min(DRAWN, len(sessions))])
    lines = book.series(
        "relative_strength", [label for _, _, label in pairs], sessions=DRAWN, since=base
    )
    if lines:
        charts.append(
            Chart("line", "First leg over second, one hundred at the start", tuple(lines), "level")
        )
    lead, against, _ = pairs[0]
    a, b = (book.one("performance", n, "last_month") for n in (lead, against))
    said = words(
        "In ",
        month(a.end if a else market.as_of),
        " ",
        book.name(lead),
        " returned ",
        a,
        ", ",
        compare(a, b, "ahead of", "behind"),
        " ",
        book.name(against),
        " with ",
        b,
        ".",
    )
    return Section(
        "rotations",
        "One against the other",
        "Which side of each pair leads, and since when?",
        (
            said,
            *charts,
            Grid(
                "Each pair over four windows",
                ("Pair", "Window", "First leg", "Second leg", "Difference"),
                tuple(rows),
                bars=(4,),
            ),
        ),
    )


def league(book: Book, group: str) -> Section | None:
    rows = [f for f in book.rows("league") if f.extra.get("group") == group and f.value is not None]
    title = book.market.file.groups[group].label or group.replace("_", " ").capitalize()
    by_horizon = {
        h: _best([f for f in rows if f.statistic == h]) for h in ("last_month", "since_low")
    }
    month_rows, low_rows = by_horizon["last_month"], by_horizon["since_low"]
    if not month_rows:
        return None

    def at(subject: str, horizon: str) -> Figure | None:
        return next((f for f in rows if f.subject == subject and f.statistic == horizon), None)

    best, worst = month_rows[0], month_rows[-1]
    said = words(
        book.name(best.subject),
        " led in ",
        month(best.end),
        " with ",
        best,
        "; ",
        book.name(worst.subject),
        " came last with ",
        worst,
        ".",
    )
    cells = tuple(
        (
            book.name(f.subject),
            f,
            *_rank(book, f),
            since := at(f.subject, "since_low"),
            *_rank(book, since),
            *(at(f.subject, h) for h in ("3m", "ytd", "1y")),
        )
        for f in month_rows
    )
    charts: list[Block] = [
        Chart(
            "bar",
            f"{title}: return in the last full month",
            tuple(_bar(book, f) for f in month_rows),
            "return",
            reference=0.0,
        )
    ]
    if low_rows:
        charts.append(
            Chart(
                "bar",
                f"{title}: return since the low",
                tuple(_bar(book, f) for f in low_rows),
                "return",
                reference=0.0,
            )
        )
    return Section(
        f"league_{group}",
        title,
        "Who leads the league, and who has moved up?",
        (
            said,
            *charts,
            Grid(
                title,
                (
                    "Basket",
                    "Last full month",
                    "Rank",
                    "Moved",
                    "Since the low",
                    "Rank",
                    "Moved",
                    "Three months",
                    "Year to date",
                    "One year",
                ),
                cells,
                bars=(1, 4),
                note=Sentence(
                    ("Moved: places gained or lost against the period of the same length before.",)
                ),
            ),
        ),
    )


def _rank(book: Book, figure: Figure | None) -> tuple[Figure | None, Figure | None]:
    """Rank and places moved: further columns of a league's row."""
    if figure is None:
        return None, None
    return book.column(figure, "rank", "count"), book.column(figure, "rank_change", "places")


def _bar(book: Book, figure: Figure) -> Series:
    label = book.name(figure.subject).text
    return Series(label, [label], [float(figure.value)], figure)


def records(book: Book) -> Section | None:
    rows = []
    for name in [n for n in book.market.declared if ":" not in n]:
        last = book.one("record_highs", name, "last_record")
        if last is None:
            continue
        rows.append(
            (
                book.name(name),
                last,
                day(last.start),
                *(
                    book.one("record_highs", name, s)
                    for s in ("distance_from_record", "sessions_since_record", "records_this_year")
                ),
                book.one("streaks", name, "current"),
                book.one("streaks", name, "longest_gain"),
                day(str(last.extra["since"])),
            )
        )
    if not rows:
        return None
    ahead = []
    for r in book.market.file.rotations.values():
        for statistic, title in (
            ("current", "Now"),
            ("longest_ahead", "Longest lead of the last quarter"),
            ("longest_behind", "Longest lag of the last quarter"),
        ):
            run = book.one("streaks", r.lead, statistic, against=r.against)
            if run is not None and run.value:
                ahead.append(
                    (
                        book.name(r.lead),
                        book.name(r.against),
                        title,
                        run,
                        day(run.extra.get("first")),
                        day(run.end),
                    )
                )
    first = next(iter(book.market.file.rotations.values()), None)
    subject = first.lead if first else book.benchmark
    last = book.one("record_highs", subject, "last_record")
    said = words(
        book.name(subject),
        " closed at its record of ",
        last,
        " on ",
        day(last.start if last else None),
        ".",
    )
    run = book.one("streaks", first.lead, "longest_ahead", against=first.against) if first else None
    if first is not None and run is not None and run.value:
        said = words(
            *said.parts,
            " Its longest run ahead of ",
            book.name(first.against),
            " this quarter was ",
            run,
            " sessions, from ",
            day(run.extra.get("first")),
            " to ",
            day(run.end),
            ".",
        )
    blocks: list[Block] = [said]
    if ahead:
        blocks.append(
            Grid(
                "Sessions in a row ahead of (behind) another",
                ("Basket", "Against", "When", "Sessions", "From", "To"),
                tuple(ahead),
            )
        )
    blocks.append(
        Grid(
            "Records and runs",
            (
                "Basket",
                "Record close",
                "On",
                "Below it",
                "Sessions since",
                "Records this year",
                "Run of gains or losses",
                "Longest run of gains this year",
                "History from",
            ),
            tuple(rows),
        )
    )
    return Section(
        "records",
        "Record highs and streaks",
        "Who stands at a record, and who is on a run?",
        tuple(blocks),
    )


def breadth(book: Book) -> Section | None:
    market, broad = book.market, book.broad
    if broad is None:
        return None
    group = book.sector_group()
    sectors = market.groups.get(group, []) if group else []

    def above(subject: str, window: int, basis: str | None = None) -> Figure | None:
        return book.one("above_average", subject, how={"window": window, "basis": basis})

    blocks: list[Block] = []
    head = above(broad, 200)
    blocks.append(
        words(
            head,
            " of the members of ",
            book.name(broad),
            " stand above their ",
            Label("200-day"),
            " mean, ",
            above(broad, 50),
            " above their ",
            Label("50-day"),
            " mean.",
        )
    )
    lines = [
        s for w in (50, 200) for s in book.series("above_average", [broad], "", DRAWN, window=w)
    ]
    if lines:
        named = tuple(
            _renamed(s, f"{s.name}, {w}-day") for s, w in zip(lines, (50, 200), strict=False)
        )
        blocks.append(
            Chart("line", "Share of members above their mean", named, "fraction", reference=0.5)
        )
    ad = book.series("advance_decline", [broad], "line", DRAWN)
    oscillator = book.series("advance_decline", [broad], "mcclellan", DRAWN)
    if oscillator:
        blocks.append(
            Chart("line", "McClellan oscillator", tuple(oscillator), "points", reference=0.0)
        )
    if ad:
        blocks.append(Chart("line", "Advance/decline line", tuple(ad), "count"))
    heat = []
    for name in [broad, *sectors]:
        month_ = book.one("beating_index", name, how={"window": 21})
        heat.append(
            (
                book.name(name),
                above(name, 20),
                above(name, 50),
                above(name, 200),
                month_,
                book.one("new_highs_lows", name, "new_highs"),
                book.one("new_highs_lows", name, "new_lows"),
            )
        )
    blocks.append(
        Grid(
            "Breadth by sector",
            (
                "Basket",
                Label("Above 20-day mean"),
                Label("Above 50-day mean"),
                Label("Above 200-day mean"),
                "Beating the index, one month",
                "New one-year highs",
                "New one-year lows",
            ),
            tuple(heat),
            heat=(1, 2, 3, 4),
        )
    )
    both = [
        (book.name(n), above(n, 200, "total"), above(n, 200, "price")) for n in [broad, *sectors]
    ]
    blocks.append(
        Grid(
            "The same on both bases",
            (
                "Basket",
                Label("Above 200-day mean, adjusted closes"),
                Label("Above 200-day mean, price-only closes"),
            ),
            tuple(both),
        )
    )
    if sectors:
        rows = book.series("above_average", sectors, "", DRAWN, window=50)
        if rows:
            blocks.append(
                Chart(
                    "heat",
                    "Share of members above their fifty-day mean, by sector",
                    tuple(rows),
                    "fraction",
                )
            )
    return Section(
        "breadth", "Breadth", "Is the advance shared, or carried by a few?", tuple(blocks)
    )


def _renamed(series: Series, name: str) -> Series:
    return replace(series, name=name)


def drivers(book: Book) -> Section | None:
    broad = book.broad
    if broad is None:
        return None
    rows = [f for f in book.rows("contributions") if f.subject == broad and f.value is not None]
    top = [f for f in rows if f.extra.get("security")]
    if not top:
        return None
    by = {f.statistic: f for f in rows if not f.extra.get("part")}
    said = words(
        "This year's return of ",
        book.name(broad),
        " is ",
        by.get("total"),
        "; its ten largest contributors account for ",
        by.get("top_share"),
        " of it.",
    )
    blocks: list[Block] = [
        said,
        Chart(
            "bar",
            "Contribution to the year's return",
            tuple(_bar_named(f, str(f.extra["security"])) for f in _best(top)),
            "return",
            reference=0.0,
        ),
    ]
    for group in book.market.groups:
        parts = _best([f for f in rows if f.extra.get("group") == group])
        if parts:
            title = book.market.file.groups[group].label or group.replace("_", " ").capitalize()
            blocks.append(
                Grid(
                    f"Contribution by part: {title}",
                    ("Part", "Contribution", "Share of the return"),
                    tuple(
                        (book.name(str(f.extra["part"])), f, book.column(f, "share", "fraction"))
                        for f in parts
                    ),
                    bars=(1,),
                )
            )
    published = book.one("performance", book.benchmark, "ytd")
    blocks.append(
        words(
            "The published benchmark ",
            book.name(book.benchmark),
            " returned ",
            published,
            " over the same days; what the built index does not share with it is unexplained.",
        )
    )
    return Section("drivers", "Who drove the year", "Who earned the index its gain?", tuple(blocks))


def _bar_named(figure: Figure, name: str) -> Series:
    return Series(name, [name], [float(figure.value)], figure)


def concentration(book: Book) -> Section | None:
    broad = book.broad
    rows = [f for f in book.rows("concentration") if f.value is not None]
    if broad is None or not rows:
        return None
    today = {(f.subject, f.statistic): f for f in rows if f.end == book.market.as_of}
    stats = ("top10", "effective_number", "entropy_number", "hhi")
    names = [n for n in book.market.composites if ":" not in n and (n, "hhi") in today]
    blocks: list[Block] = [
        words(
            "The ten largest companies are ",
            today.get((broad, "top10")),
            " of ",
            book.name(broad),
            ", which is as concentrated as ",
            today.get((broad, "effective_number")),
            " equal companies.",
        )
    ]
    path = sorted(
        (f for f in rows if (f.subject, f.statistic) == (broad, "top10")), key=lambda f: f.end or ""
    )
    if len(path) > 1:
        line = Series(
            book.name(broad).text, [f.end for f in path], [float(f.value) for f in path], path[-1]
        )
        blocks.append(
            Chart(
                "line", "Weight of the ten largest companies, month by month", (line,), "fraction"
            )
        )
    blocks.append(
        Grid(
            "Concentration",
            ("Basket", "Ten largest", "Effective number", "Entropy number", "Herfindahl index"),
            tuple((book.name(n), *(today.get((n, s)) for s in stats)) for n in names),
        )
    )
    return Section(
        "concentration", "Concentration", "How much rests on a few names?", tuple(blocks)
    )


def quality(book: Book) -> Section | None:
    rows = book.market.stored.findings().to_dicts()
    said = words(
        "Every fault found at the door, what was done about it, and where; nothing is dropped in silence."
    )
    found = tuple(
        (
            Label(str(r["source"])),
            Label(str(r["check"])),
            book.finding(r),
            Label(str(r["action"])),
            Label(str(r["example"] or "")),
        )
        for r in rows
    )
    refused = tuple((Label(m), Label(why)) for m, why in sorted(book.refused.items()))
    blocks: list[Block] = [
        said,
        Grid("Findings", ("Source", "Check", "Count", "What was done", "For example"), found),
    ]
    if refused:
        blocks.append(Grid("Measures that could not answer", ("Measure", "Why"), refused))
    return Section("quality", "Data quality", "What is wrong with the data?", tuple(blocks))


def plan(book: Book) -> list[tuple[str, Callable[[Book], Section | None]]]:
    """Name and builder of every section this market supports, in reading order."""
    leagues: list[tuple[str, Callable[[Book], Section | None]]] = [
        (f"league_{g}", partial(league, group=g)) for g in book.market.groups
    ]
    found = [
        ("since_low", since_low),
        ("verdict", verdict_page.page),
        ("rotations", rotations),
        ("relative_rotation", rotation.relative_rotation),
        ("episodes", verdict_page.episodes),
        *leagues,
        ("factors", rotation.factors),
        ("records", records),
        ("breadth", breadth),
        ("drivers", drivers),
        ("concentration", concentration),
        ("year_end", rotation.year_end),
        ("what_they_said", views.said),
        ("target", views.targets),
        ("quality", quality),
    ]
    wanted = book.market.file.report.sections
    return [(n, f) for n, f in found if not wanted or n in wanted or n.split("_")[0] in wanted]
