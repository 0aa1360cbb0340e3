"""A book of holdings: what it holds, what it moves with, what it could lose, what a tilt trades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages.signs import plural
from paceline.pages.words import heading, missing, words
from paceline.studies.exposure import BookKey, Exposure

#: Rows of each part that a terminal shows.
SHORT = {"sector": 4, "theme": 3, "trade": 5}
#: Weights below this read as nothing.
SHOWN = 0.0005
#: The two ends of an interval, as headings of a table with two of them.
INTERVAL = (Label("95% from"), "to")
#: What the parts of the book are called.
PARTS = {"size": "Size", "sector": "Sector", "theme": "Members of"}


def sections(answer: Exposure) -> list[Section]:
    """A book as sections, every row of it."""
    found = [
        _section(
            ("holdings", "The book", "What does it hold beside the benchmark?"),
            [_whole(answer), _active(answer, short=False), _unmatched(answer, short=False)],
        ),
        _section(
            ("moves", "What moves it", "What does it move with?"),
            [_style(answer), _drawn(answer), _betas(answer)],
        ),
        _section(
            ("way_back", "Themes that turn back", "What if a theme goes back to where it turned?"),
            [_way_back(answer)],
        ),
        _section(
            ("tilt", "The tilt", "What would it trade, and at what cost?"),
            [*_tilt(answer, short=False)],
        ),
    ]
    return [section for section in found if section.blocks]


def _section(told: tuple[str, str, str], blocks: Iterable[Block | None]) -> Section:
    return Section(*told, tuple(block for block in blocks if block is not None))


def blocks(answer: Exposure, *, short: bool = False) -> list[Block]:
    """Sentence and tables; ``short`` shows the rows that differ most of each."""
    found: list[Block | None] = [
        _whole(answer),
        _active(answer, short),
        _betas(answer),
        # where a tilt is asked for, its trades have the room
        None if short and answer.tilt is not None else _way_back(answer),
        _style(answer),
        *_tilt(answer, short),
        _unmatched(answer, short),
    ]
    return [block for block in found if block is not None]


def _whole(answer: Exposure) -> Sentence:
    """The book in one sentence."""

    def of(number: str) -> Figure:
        return answer.figure("whole", "", number)

    companies = of("companies")
    return words(
        Label(answer.name),
        " against ",
        Label(answer.market.labels.get(answer.active.against, answer.active.against)),
        ": active share ",
        of("active_share"),
        ". It holds ",
        companies,
        plural(companies, " name", " names"),
        ", as concentrated as ",
        of("effective_number"),
        " of equal weight; the ",
        Label("10"),
        " largest are ",
        of("top10"),
        ".",
    )


def compared(answers: Sequence[Exposure]) -> Grid:
    """Several books side by side, a row each; they are held against the same benchmark."""
    rows: list[tuple[Part | None, ...]] = []
    for answer in answers:
        whole = ("companies", "active_share", "effective_number", "top10", "unmatched")
        moved = (answer.figure("beta", b.driver.name, "holdings") for b in answer.betas)
        rows.append((Label(answer.name), *(answer.figure("whole", "", n) for n in whole), *moved))
    named = (b.driver for b in answers[0].betas)
    betas = ("Market beta" if d.line is None else heading(d.lead) for d in named)
    return Grid(
        "Books",
        ("Book", "Names", "Active share", "Equal names", "Largest", "Not matched", *betas),
        tuple(rows),
        note=words(
            "Equal names: as many of equal weight would be as concentrated. Largest: the ",
            Label("10"),
            " largest. The last columns are betas by holdings, those of themes after the market.",
        ),
    )


def _active(answer: Exposure, short: bool) -> Grid:
    """Active weights by size, sector and basket."""
    rows: list[tuple[Part | None, ...]] = []
    for kind, part in PARTS.items():
        cut = list(answer.active.cuts[kind])
        if short:
            cut = [r for r in cut if abs(r.book) + r.benchmark >= SHOWN]
        if short and kind in SHORT:
            cut = sorted(cut, key=lambda r: -abs(r.active))[: SHORT[kind]]
        for row in cut:
            name = heading(row.label)
            numbers = (answer.figure(kind, row.label, n) for n in ("book", "benchmark", "active"))
            rows.append((part, name, *numbers))
    more = "The rows that differ most; all stand in --html and --json. " if short else ""
    return Grid(
        "What it holds beside the benchmark",
        ("Part", "", "Book", "Benchmark", "Active"),
        tuple(rows),
        note=words(more, "Sizes and sectors add up to the whole; baskets overlap."),
        bars=(4,),
    )


def _betas(answer: Exposure) -> Grid | Sentence:
    """Betas by holdings and by returns, or that there are none."""
    if not _moves(answer):
        return words(
            "No betas: returns enough are known of only ",
            answer.figure("whole", "", "covered"),
            " of the book.",
        )
    rows = []
    for beta in answer.betas:
        name = beta.driver.name

        def of(number: str, name: str = name) -> Figure:
            return answer.figure("beta", name, number)

        rows.append(
            (
                _called(answer, name),
                of("holdings"),
                of("holdings low"),
                of("holdings high"),
                of("returns"),
                of("returns low"),
                of("returns high"),
                of("r_squared"),
                of("n"),
            )
        )
    past = {
        "history": "the book as it was on each day",
        "shares": "the shares of today, held all along",
        "weights": "the weights of today, on every session",
    }["history" if answer.book.since else answer.params["past"]]
    return Grid(
        "What it moves with",
        ("Beta to", "Holdings", *INTERVAL, "Returns", *INTERVAL, "Explained", "Sessions"),
        tuple(rows),
        note=words(
            "Of a theme: to that side leading the other, after the market. Holdings: the weighted "
            f"betas of what is held. Returns: the past of {past}.",
            *(
                (" Without a beta: ", Label("; ".join(answer.without)), ".")
                if answer.without
                else ()
            ),
        ),
    )


def _drawn(answer: Exposure) -> Chart | None:
    """The betas by holdings, with their intervals."""
    drawn = []
    for beta in answer.betas:
        figure = answer.figure("beta", beta.driver.name, "holdings")
        if not missing(figure):
            title = _called(answer, beta.driver.name).text
            edges = (figure.evidence["low"], figure.evidence["high"])
            drawn.append(Series(title, [title], [figure.number], figure, edges))
    if not drawn:
        return None
    return Chart("interval", "Betas by holdings", tuple(drawn), "beta", reference=0.0)


def _moves(answer: Exposure) -> bool:
    """Whether anything is known of what the book moves with."""
    return any(b.holdings.n or b.returns.n for b in answer.betas)


def _called(answer: Exposure, driver: str) -> Label:
    found = next(b.driver for b in answer.betas if b.driver.name == driver)
    return Label(found.label if found.line is None else found.lead)


def _way_back(answer: Exposure) -> Grid | None:
    """What each theme's way back to its pivot would do to the book."""
    rows: list[tuple[Part | None, ...]] = []
    for beta in answer.betas:
        driver = beta.driver
        if not driver.pivot or not _moves(answer):
            continue
        numbers = ("line", "book", "book low", "book high")
        found = (answer.figure("way back", driver.name, n) for n in numbers)
        rows.append((Label(driver.lead), Label(driver.pivot), *found))
    if not rows:
        return None
    return Grid(
        "If a theme goes back to where it last turned",
        ("Side of a theme", "Turned", "It moves", "The book", *INTERVAL),
        tuple(rows),
        note=words(
            "The book by its holdings' beta, the market standing still; the interval is that of "
            "the beta alone."
        ),
        bars=(3,),
    )


def _style(answer: Exposure) -> Sentence | None:
    """The mix of styles it behaves like."""
    if answer.mix.why:
        return words("No mix of styles: ", Label(answer.mix.why), ".")
    parts: list[Part] = []
    labels = answer.market.labels
    for name in answer.mix.weights:
        weight = answer.figure("style", name, "weight")
        if not missing(weight) and weight.number >= 0.005:
            parts += [", " if parts else "", weight, " ", Label(labels.get(name, name))]
    return words(
        "Behaves like ",
        *parts,
        " over ",
        answer.figure("style", "", "months"),
        " months, which explains ",
        answer.figure("style", "", "r_squared"),
        " of its ups and downs.",
    )


def _tilt(answer: Exposure, short: bool) -> Iterable[Block]:
    """What a tilt trades and costs, and what the book is after it."""
    tilt = answer.tilt
    if tilt is None:
        return
    yield _costs(answer)
    shown = tilt.trades[: SHORT["trade"]] if short else tilt.trades
    rows = [
        (
            Label(trade.name),
            *(answer.figure("trade", trade.name, n) for n in ("before", "after", "change")),
            *_shares(answer, trade.name),
            answer.figure("trade", trade.name, "cost"),
        )
        for trade in shown
    ]
    counted = ("Shares",) if tilt.worth is not None else ()
    yield Grid(
        "The largest trades" if short else "The trades",
        ("Ticker", "From", "To", "Change, points", *counted, "Cost, bp one way"),
        tuple(rows),
    )
    if short:
        yield _after(answer)
        return
    yield Grid(
        "The book before and after it",
        ("", "Before", "After"),
        (
            (
                "Active share",
                answer.figure("whole", "", "active_share"),
                answer.figure("tilt", "", "active_share"),
            ),
            *(
                (
                    Label(f"Beta to {b.driver.label}"),
                    answer.figure("beta", b.driver.name, "holdings"),
                    answer.figure("tilt", b.driver.name, "beta"),
                )
                for b in answer.betas
            ),
        ),
    )


def _after(answer: Exposure) -> Sentence:
    """The book after a tilt, in brackets as it is, in one sentence."""
    betas: list[Part] = []
    for beta in answer.betas:
        name, driver = beta.driver.name, beta.driver
        before, after = answer.figure("beta", name, "holdings"), answer.figure("tilt", name, "beta")
        if not missing(before) and not missing(after):
            called = "the market" if driver.line is None else driver.lead
            start = ", " if betas else "; betas by holdings to "
            betas += [start, heading(called), " ", after, " (", before, ")"]
    return words(
        "After it, and in brackets before: active share ",
        answer.figure("tilt", "", "active_share"),
        " (",
        answer.figure("whole", "", "active_share"),
        ")",
        *betas,
        ".",
    )


def _shares(answer: Exposure, name: str) -> tuple[Figure | None, ...]:
    if answer.tilt is None or answer.tilt.worth is None:
        return ()
    return (answer.figures.get(BookKey("trade", name, "shares")),)


def _costs(answer: Exposure) -> Sentence:
    tilt = answer.tilt
    assert tilt is not None
    trades = answer.figure("tilt", "", "trades")
    money = answer.figure("tilt", "", "money") if tilt.worth is not None else None
    return words(
        Label(tilt.said),
        ": ",
        trades,
        plural(trades, " trade", " trades"),
        ". One-way turnover is ",
        answer.figure("tilt", "", "turnover"),
        " of the book, and the cost ",
        answer.figure("tilt", "", "cost"),
        " basis points of it",
        (", ", money, " ", Label(answer.market.file.market.currency)),
        ".",
    )


def _unmatched(answer: Exposure, short: bool) -> Sentence | None:
    """Every name that was not matched, with its weight."""
    weights = dict(zip(answer.book.names, answer.book.weights, strict=True))
    names = sorted(answer.book.why, key=lambda n: -abs(weights[n]))
    if not names:
        return None
    parts: list[Part] = []
    for name in names[: 8 if short else len(names)]:
        parts += [
            ", " if parts else "",
            Label(name),
            " ",
            answer.figure("unmatched", name, "weight"),
        ]
    rest = len(names) - 8
    tail = (Label(f", and {rest} more"),) if short and rest > 0 else ()
    return words(
        "Not matched, ",
        answer.figure("whole", "", "unmatched"),
        " of the book: ",
        *parts,
        *tail,
        ".",
    )
