"""The sections of the report: each asks the measures and arranges their figures; nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.run.book import Book, day, month

#: Sessions drawn in charts of history: two years.
DRAWN = 504


def words(*parts: Part | None) -> Sentence:
    """A sentence of words, labels and figures; missing figures become "no value"."""
    return Sentence(tuple("no value" if p is None else p for p in parts))


def compare(a: Figure | None, b: Figure | None, ahead: str, behind: str, level: str = "level with") -> str:
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
    chosen = book.market.file.report.since_low or [n for n in book.market.baskets if ":" not in n]
    rows, lines = [], []
    for name in chosen:
        since = book.one("performance", name, "since_low")
        if since is None:
            continue
        rows.append((since, (
            book.name(name), since,
            *(book.one("performance", name, h) for h in ("1d", "mtd", "last_month", "ytd", "1y")),
            book.one("record_highs", name, "drawdown"),
            Label(since.basis),
        )))
        lines.append(book.path(since))
    rows.sort(key=lambda r: -float(r[0].value))
    bench = book.one("performance", book.benchmark, "since_low")
    first = rows[0][0] if rows else None
    legs = {book.benchmark, *(r.lead for r in book.market.file.rotations.values()), *(f.subject for f, _ in rows[:3])}
    said = words("The benchmark ", book.name(book.benchmark), " made its short-term low on ", day(low[0]),
                 ", known since ", day(low[1]), ". It has returned ", bench, "; ",
                 book.name(first.subject) if first else "nobody", " leads with ", first, ".")
    shown = [s for s in lines if s is not None and s.figure.subject in legs][:7]
    return Section("since_low", "Since the low", "Who has led since the last low, and by how much?", (
        said,
        Chart("line", "Return since the low", tuple(shown), "return", reference=0.0),
        Grid("Every basket since the low", (
            "Basket", "Since the low", "Last day", "Month to date", "Last full month", "Year to date", "One year",
            "Below its record", "Basis"), tuple(cells for _, cells in rows), bars=(1,)),
    ))


def rotations(book: Book) -> Section | None:
    market = book.market
    pairs = [(r.lead, r.against, r.label or n.replace("_", " ")) for n, r in market.file.rotations.items()]
    if not pairs:
        return None
    rows = []
    for lead, against, label in pairs:
        for horizon, title in (("since_low", "Since the low"), ("last_month", "Last full month"),
                               ("ytd", "Year to date"), ("1y", "One year")):
            a, b = (book.one("performance", n, horizon) for n in (lead, against))
            gap = book.one("performance", lead, horizon, against=against,
                           how={"subjects": [lead], "against": [against]})
            if a is not None and b is not None:
                rows.append((Label(label), title, a, b, gap))
    charts: list[Block] = []
    lines = book.series("relative_strength", [f"{a}/{b}" for a, b, _ in pairs], sessions=DRAWN)
    if lines:
        charts.append(Chart("line", "Relative strength: first leg over second, first common session = one hundred",
                            tuple(lines), "level"))
    lead, against, _ = pairs[0]
    a, b = (book.one("performance", n, "last_month") for n in (lead, against))
    said = words("In ", month(a.end if a else market.as_of), " ", book.name(lead), " returned ", a, ", ",
                 compare(a, b, "ahead of", "behind"), " ", book.name(against), " with ", b, ".")
    return Section("rotations", "One against the other", "Which side of each pair leads, and since when?", (
        said, *charts,
        Grid("Each pair over four windows", ("Pair", "Window", "First leg", "Second leg", "Difference"),
             tuple(rows), bars=(4,)),
    ))


def league(book: Book, group: str) -> Section | None:
    market = book.market
    rows = [f for f in book.rows("league") if f.extra.get("group") == group]
    title = market.file.groups[group].label or group.replace("_", " ").capitalize()
    month_rows = _best([f for f in rows if f.extra.get("horizon") == "last_month"])
    if not month_rows:
        return None

    def at(subject: str, horizon: str) -> Figure | None:
        return next((f for f in rows if f.subject == subject and f.extra.get("horizon") == horizon
                     and f.value is not None), None)

    def rank(figure: Figure | None, subject: str) -> Part | None:
        return None if figure is None else book.one("league", subject, "rank", group=group, horizon="last_month")

    best, worst = month_rows[0], month_rows[-1]
    said = words(book.name(best.subject), " led in ", month(best.end), " with ", best, "; ",
                 book.name(worst.subject), " came last with ", worst, ".")
    cells = tuple((book.name(f.subject), f, _rank(f), *(at(f.subject, h) for h in ("since_low", "3m", "ytd", "1y")))
                  for f in month_rows)
    charts: list[Block] = [Chart("bar", f"{title}: return in the last full month", tuple(
        _bar(book, f) for f in month_rows), "return", reference=0.0)]
    low_rows = _best([f for f in rows if f.extra.get("horizon") == "since_low"])
    if low_rows:
        charts.append(Chart("bar", f"{title}: return since the low", tuple(_bar(book, f) for f in low_rows),
                            "return", reference=0.0))
    return Section(f"league_{group}", title, "Who leads the league, and who has moved up?", (
        said, *charts,
        Grid(title, ("Basket", "Last full month", "Rank, change", "Since the low", "Three months", "Year to date",
                     "One year"), cells, bars=(1,)),
    ))


def _rank(figure: Figure) -> Label:
    """Rank and rank change of a league row, both columns of the row the figure stands in."""
    rank, change = figure.extra.get("rank"), figure.extra.get("rank_change")
    if rank is None:
        return Label("—")
    moved = "" if not change else f" ({'▲' if change > 0 else '▼'}{abs(int(change))})"
    return Label(f"{int(rank)}{moved}")


def _bar(book: Book, figure: Figure) -> Series:
    label = book.name(figure.subject).text
    return Series(label, [label], [float(figure.value)], figure)


def records(book: Book) -> Section | None:
    rows = []
    for name in [n for n in book.market.baskets if ":" not in n]:
        last = book.one("record_highs", name, "last_record")
        if last is None:
            continue
        rows.append((book.name(name), last, *(book.one("record_highs", name, s) for s in (
            "drawdown", "sessions_since", "records_this_year")),
            book.one("streaks", name, "current"), book.one("streaks", name, "longest_this_year")))
    ahead = []
    for r in book.market.file.rotations.values():
        for statistic, title in (("current", "Now"), ("longest_63", "Longest of the last quarter")):
            figure = book.one("streaks", r.lead, statistic, against=r.against)
            if figure is not None:
                ahead.append((book.name(r.lead), book.name(r.against), title, figure,
                              day(figure.start), day(figure.end)))
    if not rows:
        return None
    small = book.market.file.rotations
    first = next(iter(small.values()), None)
    subject = first.lead if first else book.benchmark
    last = book.one("record_highs", subject, "last_record")
    said = words(book.name(subject), " last closed at a record on ", day(str(last.value)) if last else "no day", ".")
    blocks: list[Block] = [said, Grid("Records and runs", (
        "Basket", "Last record close", "Below it", "Sessions since", "Records this year", "Run of gains or losses",
        "Longest run of gains this year"), tuple(rows))]
    if ahead:
        blocks.append(Grid("Sessions in a row ahead of another", (
            "Basket", "Ahead of", "When", "Sessions", "From", "To"), tuple(ahead)))
    return Section("records", "Record highs and streaks", "Who stands at a record, and who is on a run?", tuple(blocks))


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
    blocks.append(words(head, " of the members of ", book.name(broad), " stand above their ", Label("200-day"),
                        " mean, ", above(broad, 50), " above their ", Label("50-day"), " mean."))
    lines = [s for w in (50, 200) for s in book.series("above_average", [broad], "", DRAWN, window=w)]
    if lines:
        named = tuple(_renamed(s, f"{s.name}, {w}-day") for s, w in zip(lines, (50, 200), strict=False))
        blocks.append(Chart("line", "Share of members above their mean", named, "fraction", reference=0.5))
    ad = book.series("advance_decline", [broad], "ad_line", DRAWN)
    oscillator = book.series("advance_decline", [broad], "mcclellan_oscillator", DRAWN)
    if oscillator:
        blocks.append(Chart("line", "McClellan oscillator", tuple(oscillator), "score", reference=0.0))
    if ad:
        blocks.append(Chart("line", "Advance/decline line", tuple(ad), "count"))
    heat = []
    for name in [broad, *sectors]:
        month_ = book.one("beating_index", name, how={"window": 21})
        heat.append((book.name(name), above(name, 20), above(name, 50), above(name, 200), month_,
                     book.one("new_highs_lows", name, "new_highs"), book.one("new_highs_lows", name, "new_lows")))
    blocks.append(Grid("Breadth by sector", (
        "Basket", Label("Above 20-day mean"), Label("Above 50-day mean"), Label("Above 200-day mean"),
        "Beating the index, one month", "New one-year highs", "New one-year lows"), tuple(heat), heat=(1, 2, 3, 4)))
    both = [(book.name(n), above(n, 200, "total"), above(n, 200, "price")) for n in [broad, *sectors]]
    blocks.append(Grid("The same on both bases", ("Basket", Label("Above 200-day mean, adjusted closes"),
                                                  Label("Above 200-day mean, price-only closes")), tuple(both)))
    if sectors:
        rows = book.series("above_average", sectors, "", DRAWN, window=50)
        if rows:
            blocks.append(Chart("heat", "Share of members above their fifty-day mean, by sector", tuple(rows), "fraction"))
    return Section("breadth", "Breadth", "Is the advance shared, or carried by a few?", tuple(blocks))


def _renamed(series: Series, name: str) -> Series:
    return replace(series, name=name)


def drivers(book: Book) -> Section | None:
    broad = book.broad
    if broad is None:
        return None
    rows = [f for f in book.rows("contributions") if f.subject == broad]
    top = [f for f in rows if f.statistic == "security" and f.value is not None]
    if not top:
        return None
    total = book.one("contributions", broad, "total")
    share = book.one("contributions", broad, "share_top_k")
    said = words("This year's return of ", book.name(broad), " is ", total, "; its largest contributors account for ",
                 share, " of it.")
    blocks: list[Block] = [said, Chart("bar", "Contribution to the year's return", tuple(
        _bar_named(f, str(f.extra.get("item") or f.extra.get("security") or "")) for f in _best(top)[:20]), "return",
        reference=0.0)]
    for statistic, title in (("theme", "Share of the gain by theme"), ("sector", "Share of the gain by sector")):
        parts = [f for f in rows if f.statistic.startswith(statistic) and f.value is not None]
        if parts:
            blocks.append(Grid(title, ("Part", "Contribution"), tuple(
                (book.name(str(f.extra.get("item"))), f) for f in _best(parts)), bars=(1,)))
    residual = book.one("performance", book.benchmark, "ytd")
    blocks.append(words("The published benchmark ", book.name(book.benchmark), " returned ", residual,
                        "; the difference is what building it from its members leaves unexplained."))
    return Section("drivers", "Who drove the year", "Who earned the index its gain?", tuple(blocks))


def _bar_named(figure: Figure, name: str) -> Series:
    return Series(name, [name], [float(figure.value)], figure)


def concentration(book: Book) -> Section | None:
    broad = book.broad
    if broad is None:
        return None
    names = [n for n in book.market.composites if ":" not in n]
    stats = ("top10", "effective_number", "hhi")
    rows = [(book.name(n), *(book.one("concentration", n, s) for s in stats)) for n in names]
    rows = [r for r in rows if any(c is not None for c in r[1:])]
    if not rows:
        return None
    top, effective = (book.one("concentration", broad, s) for s in stats[:2])
    lines = book.series("concentration", [broad], "top10", 2520)
    blocks: list[Block] = [words("The ten largest companies are ", top, " of ", book.name(broad),
                                 ", which is as concentrated as ", effective, " equal companies.")]
    if lines:
        blocks.append(Chart("line", "Weight of the ten largest companies", tuple(lines), "fraction"))
    blocks.append(Grid("Concentration", ("Basket", "Ten largest", "Effective number", "Herfindahl index"), tuple(rows)))
    return Section("concentration", "Concentration", "How much rests on a few names?", tuple(blocks))


def plan(book: Book) -> list[tuple[str, Callable[[Book], Section | None]]]:
    """Name and builder of every section this market supports, in reading order."""
    leagues: list[tuple[str, Callable[[Book], Section | None]]] = [
        (f"league_{g}", lambda b, g=g: league(b, g)) for g in book.market.groups]
    found = [("since_low", since_low), ("rotations", rotations), *leagues, ("records", records),
             ("breadth", breadth), ("drivers", drivers), ("concentration", concentration)]
    wanted = book.market.file.report.sections
    return [(n, f) for n, f in found if not wanted or n in wanted or n.split("_")[0] in wanted]
