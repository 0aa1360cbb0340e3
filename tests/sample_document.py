"""A hand-made report of nine sections with the article's magnitudes: for tests, and to look at.

python tests/sample_document.py out/sample.html
"""

from __future__ import annotations

import datetime as dt
import math
import random
import sys
from typing import Any

from paceline.document import (
    Chart,
    Document,
    FirstPage,
    Grid,
    Label,
    Section,
    Sentence,
    Series,
    Tile,
)
from paceline.figures import Figure
from paceline.lineage import Step

AS_OF, LOW = "2025-12-05", "2025-11-20"
TODAY = "Sectors are the classes known today, applied to all of 2025."
ROLLED = "Index weights are SPY's holdings of 2025-11-18, rolled back with returns."
SECTORS = {
    "Health Care": (0.0914, 0.021, 0.118, 0.71),
    "Communication Services": (0.0634, 0.044, 0.312, 0.62),
    "Consumer Staples": (0.0394, -0.004, 0.021, 0.45),
    "Materials": (0.0394, 0.051, 0.068, 0.54),
    "Real Estate": (0.0184, 0.012, 0.009, 0.42),
    "Energy": (0.0177, 0.031, 0.055, 0.68),
    "Financials": (0.0174, 0.037, 0.101, 0.64),
    "Utilities": (0.0134, -0.021, 0.142, 0.61),
    "Industrials": (-0.0101, 0.048, 0.172, 0.63),
    "Consumer Discretionary": (-0.0244, 0.066, 0.034, 0.57),
    "Information Technology": (-0.0436, 0.061, 0.249, 0.706),
}


def figure(measure: str, subject: str, value: Any, unit: str = "return", **more: Any) -> Figure:
    basis = more.pop("basis", "price" if unit == "return" else "")
    params = {
        "subject": subject,
        "unit": unit,
        "basis": basis,
        **{k: more[k] for k in ("statistic", "start", "end", "against") if k in more},
    }
    return Figure(
        measure,
        subject,
        value,
        unit,
        Step(measure, params, ("0f3c",), code="hand"),
        as_of=AS_OF,
        basis=basis,
        **{"end": AS_OF, **more},
    )


def days(count: int) -> list[str]:
    day, found = dt.date.fromisoformat(AS_OF), []
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day -= dt.timedelta(days=1)
    return found[::-1]


def walk(seed: int, count: int, drift: float, swing: float, start: float = 100.0) -> list[float]:
    rng, level, path = random.Random(seed), start, []  # noqa: S311
    for _ in range(count):
        path.append(level)
        level *= math.exp(drift + rng.gauss(0, swing))
    return path


def share(seed: int, count: int, last: float) -> list[float]:
    rng, x, path = random.Random(seed), math.log(last / (1 - last)), []  # noqa: S311
    for _ in range(count):
        path.append(1 / (1 + math.exp(-x)))
        x += rng.gauss(0, 0.11) - 0.02 * (x - 0.4)
    return path[::-1]


def since_low() -> Section:
    names = {
        "Russell 2000": (0.0939, "2025-12-04", 1),
        "S&P 500": (0.0507, "2025-10-28", 4),
        "Nasdaq 100": (0.0668, "2025-10-29", 2),
        "Micro caps": (0.1131, "2025-12-04", 1),
        "Transports, equal weight": (0.1190, "2024-11-25", 3),
        "S&P 500, equal weight": (0.0519, "2025-12-04", 3),
    }
    x = days(260)
    at = x.index(LOW)
    lines, rows = [], []
    for i, (name, (gain, record, streak)) in enumerate(names.items()):
        path = walk(i + 3, len(x), 0.0004, 0.009)
        scale = (1 + gain) ** (1 / (len(x) - 1 - at))
        for t in range(at + 1, len(x)):
            path[t] = (
                path[at]
                * scale ** (t - at)
                * (1 + 0.004 * math.sin(t * (i + 1)) * (t < len(x) - 1))
            )
        f = figure(
            "performance", name, gain, start=LOW, caveats=(ROLLED,) if "equal" in name else ()
        )
        rows.append(
            (
                Label(name),
                f,
                figure("record_highs", name, record, "date", basis="price"),
                figure("streaks", name, streak, "sessions"),
            )
        )
        if i < 4:
            lines.append(Series(name, x, [v / path[at] - 1 for v in path], f))
    lead = rows[0][1]
    return Section(
        "since_low",
        "Since the low",
        "Who has led since the last short-term low?",
        (
            Sentence(
                (
                    "Since the low of ",
                    Label(LOW),
                    " the ",
                    Label("Russell 2000"),
                    " has gained ",
                    lead,
                    ", the ",
                    Label("S&P 500"),
                    " ",
                    rows[1][1],
                    "; the lead has been ",
                    figure(
                        "performance",
                        "Russell 2000",
                        4.32,
                        "points",
                        against="S&P 500",
                        statistic="difference",
                        start=LOW,
                    ),
                    " points.",
                )
            ),
            Chart(
                "line",
                "Return since the low",
                tuple(lines),
                "return",
                reference=0.0,
                shade=((LOW, AS_OF),),
            ),
            Grid(
                "Return since the low, price basis",
                ("Basket", "Since the low", "Record high on", "Streak of gains"),
                tuple(rows),
                bars=(1,),
                note=Sentence(("Low confirmed on ", Label("2025-11-25"), ".")),
            ),
        ),
    )


def weighting() -> Section:
    pairs = (
        ("S&P 500, cap weight", 0.0013, 0.0024),
        ("S&P 500, equal weight", 0.0175, 0.0191),
        ("Top 50", -0.0053, -0.0045),
        ("Other 450", 0.0125, 0.0143),
    )
    month = {"start": "2025-10-31", "end": "2025-11-28"}
    price = [figure("performance", n, p, caveats=(ROLLED,), **month) for n, p, _ in pairs]
    total = [
        figure("performance", n, t, basis="total", caveats=(ROLLED,), **month) for n, _, t in pairs
    ]
    return Section(
        "equal_vs_cap",
        "Equal against cap",
        "Do the many do better than the few giants?",
        (
            Sentence(
                (
                    "In November the equal-weighted index made ",
                    price[1],
                    " against ",
                    price[0],
                    " for the cap-weighted one; the largest members ",
                    price[2],
                    ", the others ",
                    price[3],
                    ".",
                )
            ),
            Chart(
                "bar",
                "November by weighting",
                (
                    Series(
                        "Price return",
                        [n for n, _, _ in pairs],
                        [p for _, p, _ in pairs],
                        price[-1],
                    ),
                    Series(
                        "Total return",
                        [n for n, _, _ in pairs],
                        [t for _, _, t in pairs],
                        total[-1],
                    ),
                ),
                "return",
            ),
            Grid(
                "Last full month",
                ("Basket", "Price return", "Total return"),
                tuple(
                    (Label(n), p, t) for (n, _, _), p, t in zip(pairs, price, total, strict=True)
                ),
            ),
        ),
    )


def league() -> Section:
    month = {"start": "2025-10-31", "end": "2025-11-28"}
    rows, values = [], []
    for name, (november, since, year, _) in sorted(SECTORS.items(), key=lambda s: -s[1][0]):
        f = figure("league", name, november, caveats=(TODAY, ROLLED), **month)
        rows.append(
            (
                Label(name),
                f,
                figure("league", name, since, start=LOW, caveats=(TODAY, ROLLED)),
                figure("league", name, year, start="2024-12-31", caveats=(TODAY, ROLLED)),
                figure("league", name, (len(rows) * 5) % 7 - 3, "count", statistic="rank_change"),
            )
        )
        values.append(november)
    chart = Chart(
        "bar",
        "Sectors in the last full month",
        tuple(Series(r[0].text, [r[0].text], [v], r[1]) for r, v in zip(rows, values, strict=True)),
        "return",
    )
    beyond = Chart(
        "interval",
        "Sectors beyond the usual",
        tuple(
            Series(r[0].text, [r[0].text], [v], r[1], (v - 0.02, v + 0.03))
            for r, v in zip(rows, values, strict=True)
        ),
        "return",
    )
    heat = Grid(
        "Sectors over each horizon",
        ("Sector", "Last month", "Since the low", "This year", "Places won"),
        tuple(rows),
        heat=(1, 2, 3),
    )
    return Section(
        "sectors",
        "Sector league",
        "Which sectors lead, which fall behind?",
        (
            Sentence(
                (
                    Label("Health Care"),
                    " led the last full month with ",
                    rows[0][1],
                    "; ",
                    Label("Information Technology"),
                    " came last with ",
                    rows[-1][1],
                    ".",
                )
            ),
            chart,
            beyond,
            heat,
        ),
    )


def themes() -> Section:
    table = (
        ("Passenger airlines", 0.158, 0.021),
        ("Trucking", 0.112, -0.034),
        ("Marine shipping", 0.094, 0.127),
        ("Homebuilders", 0.071, -0.058),
        ("Retail", 0.082, 0.064),
        ("REITs", 0.012, 0.009),
        ("AI leaders", 0.043, 0.287),
    )
    rows = tuple(
        (
            Label(n),
            figure("performance", n, a, start=LOW, n_used=9, n_eligible=9),
            figure("performance", n, b, start="2024-12-31", n_used=8, n_eligible=9),
        )
        for n, a, b in table
    )
    trails = tuple(
        Series(
            n,
            [100 + 0.8 * math.cos(i + t / 4) + i / 3 for t in range(9)],
            [100 + 0.6 * math.sin(i + t / 3) for t in range(9)],
            figure("relative_rotation", n, 100 + 0.6 * math.sin(i + 8 / 3), "score"),
        )
        for i, (n, _, _) in enumerate(table)
    )
    return Section(
        "themes",
        "Themes",
        "Which themes took the next turn?",
        (
            Sentence(
                (Label("Passenger airlines"), " gained most since the low: ", rows[0][1], ".")
            ),
            Chart(
                "scatter",
                "Relative strength and its pace",
                trails,
                "score",
                reference=100.0,
                x_title="relative strength",
                y_title="momentum",
            ),
            Grid("Themes", ("Theme", "Since the low", "This year"), rows, bars=(1, 2)),
        ),
    )


def records() -> Section:
    x = [
        "2025-11-21",
        "2025-11-24",
        "2025-11-25",
        "2025-11-26",
        "2025-11-28",
        "2025-12-01",
        "2025-12-02",
        "2025-12-03",
        "2025-12-04",
        "2025-12-05",
    ]
    y = [0.0181, 0.0033, 0.0124, 0.0013, 0.0004, -0.0072, -0.0041, 0.0161, 0.0065, -0.0057]
    run = figure(
        "streaks",
        "Russell 2000",
        5,
        "sessions",
        against="S&P 500",
        start="2025-11-21",
        end="2025-11-28",
    )
    last = figure(
        "streaks", "Russell 2000", y[-1], "return", against="S&P 500", statistic="daily_lead"
    )
    return Section(
        "records",
        "Records and streaks",
        "How long has the lead lasted without a break?",
        (
            Sentence(
                ("The ", Label("Russell 2000"), " was ahead for ", run, " sessions in a row.")
            ),
            Chart(
                "bar",
                "Daily lead over the benchmark",
                (Series("Russell 2000 less S&P 500", x, y, last),),
                "return",
            ),
        ),
    )


def breadth() -> Section:
    x = days(520)
    groups = {n: share(i + 40, len(x), v[3]) for i, (n, v) in enumerate(SECTORS.items())}
    figures = {
        n: figure(
            "percent_above_average",
            n,
            path[-1],
            "fraction",
            n_used=46,
            n_eligible=46,
            caveats=(TODAY,),
            evidence={"interval": (path[-1] - 0.05, path[-1] + 0.05), "effective_n": 31.2},
        )
        for n, path in groups.items()
    }
    everyone = share(77, len(x), 0.627)
    near = share(78, len(x), 0.541)
    whole = figure(
        "percent_above_average", "S&P 500", everyone[-1], "fraction", n_used=501, n_eligible=503
    )
    short = figure(
        "percent_above_average",
        "S&P 500",
        near[-1],
        "fraction",
        n_used=503,
        n_eligible=503,
        statistic="50",
    )
    return Section(
        "breadth",
        "Breadth",
        "Is the advance shared, or carried by a few?",
        (
            Sentence((whole, " of the members stand above their ", Label("200-day"), " mean.")),
            Chart(
                "line",
                Label("Share of members above their 50- and 200-day means"),
                (Series("200-day", x, everyone, whole), Series("50-day", x, near, short)),
                "fraction",
                reference=0.5,
            ),
            Chart(
                "heat",
                Label("Members above their 200-day mean, by sector"),
                tuple(Series(n, x[4::5], path[4::5], figures[n]) for n, path in groups.items()),
                "fraction",
            ),
            Grid(
                Label("Members above their 200-day mean"),
                ("Sector", "Share", "Members"),
                tuple(
                    (
                        Label(n),
                        f,
                        figure("percent_above_average", n, f.n_used, "count", statistic="members"),
                    )
                    for n, f in figures.items()
                ),
                heat=(1,),
            ),
        ),
    )


def drivers() -> Section:
    table = (
        ("NVIDIA", 0.0292),
        ("Alphabet", 0.0268),
        ("Broadcom", 0.0131),
        ("Microsoft", 0.0094),
        ("JPMorgan Chase", 0.0055),
        ("Palantir", 0.0054),
        ("Meta Platforms", 0.0041),
        ("UnitedHealth", -0.0049),
    )
    rows = tuple(
        (
            Label(n),
            figure("contributions", n, v, start="2024-12-31", caveats=(ROLLED,)),
            figure(
                "contributions",
                n,
                v / 0.1681,
                "fraction",
                start="2024-12-31",
                statistic="share",
                caveats=(ROLLED,),
            ),
        )
        for n, v in table
    )
    x = days(240)
    parts = {"Top ten": 0.0935, "Next forty": 0.0412, "Other 450": 0.0334}
    stack = tuple(
        Series(
            n,
            x,
            [v * t / 239 * (1 + 0.12 * math.sin(t / 9 + i) * (t < 239)) for t in range(240)],
            figure("contributions", n, v, start="2024-12-31", caveats=(ROLLED,)),
        )
        for i, (n, v) in enumerate(parts.items())
    )
    return Section(
        "drivers",
        "Who drove the year",
        "Who drove this year's gain?",
        (
            Sentence(
                (Label("NVIDIA"), " alone gave ", rows[0][1], ", ", rows[0][2], " of the gain.")
            ),
            Chart("stacked", "Contribution to the year's gain", stack, "return"),
            Grid(
                "Largest contributions",
                ("Company", "Contribution", "Share of the gain"),
                rows,
                bars=(1,),
            ),
        ),
    )


def concentration() -> Section:
    x = days(2500)
    path = [0.18 + 0.22 * t / 2499 + 0.012 * math.sin(t / 60) * (t < 2499) for t in range(2500)]
    top = figure(
        "concentration",
        "S&P 500",
        path[-1],
        "fraction",
        statistic="top 10",
        n_used=503,
        n_eligible=503,
    )
    number = figure("concentration", "S&P 500", 46.21, "ratio", statistic="effective_number")
    gone = figure(
        "concentration", "Russell 2000", None, "fraction", caveats=("This basket has no weights.",)
    )
    return Section(
        "concentration",
        "Concentration",
        "How much hangs on a few names?",
        (
            Sentence(
                (
                    "The ten largest companies weigh ",
                    top,
                    "; the index is as spread as ",
                    number,
                    " equal names would be.",
                )
            ),
            Chart(
                "line", "Weight of the ten largest", (Series("S&P 500", x, path, top),), "fraction"
            ),
            Grid(
                "Concentration",
                ("Basket", "Ten largest", "Effective number"),
                ((Label("S&P 500"), top, number), (Label("Russell 2000"), gone, None)),
            ),
        ),
    )


def quality() -> Section:
    rows = (("screener", 1_254_310, 17), ("etf_adjclose", 498_112, 0), ("index_levels", 61_240, 2))
    return Section(
        "quality",
        "Data quality",
        "How good are the data these figures rest on?",
        (
            Sentence(
                (
                    "Of all imported rows ",
                    figure("quality", "all", 19, "count", statistic="quarantined"),
                    " were set aside, each with its reason.",
                )
            ),
            Grid(
                "Rows by source",
                ("Source", "Rows", "Set aside"),
                tuple(
                    (
                        Label(n),
                        figure("quality", n, a, "count", statistic="rows"),
                        figure("quality", n, b, "count", statistic="quarantined"),
                    )
                    for n, a, b in rows
                ),
            ),
        ),
    )


#: Rows of page one: returns over a day, a week, a month, since the low, the year; since when.
FIRST = {
    "S&P 500 (SPY)": (0.0019, 0.0034, 0.012, 0.0508, 0.1802, "1993"),
    "S&P 500 equal weight (RSP)": (0.0023, 0.0025, 0.025, 0.0539, 0.1103, "2003"),
    "Small caps (IWM)": (-0.0042, 0.0081, 0.0249, 0.0945, 0.1438, "2000"),
    "Mega caps (XLG)": (0.0025, 0.0025, 0.0056, 0.0483, 0.2024, "2005"),
    "Nasdaq 100 (QQQ)": (0.0041, 0.0101, 0.0035, 0.068, 0.2281, "1999"),
    "Value (IWD)": (0.0011, 0.0023, 0.0308, 0.0527, 0.1519, "2000"),
    "Growth (IWF)": (0.0029, 0.0049, -0.0024, 0.0524, 0.1958, "2000"),
    "Momentum (MTUM)": (0.0047, 0.0101, 0.0106, 0.0621, 0.2303, "2013"),
}
STATE = {
    "Above 50-day average": (0.55, -0.8, 14.28, 0.42, "fraction"),
    "Above 200-day average": (0.626, 1.8, 7.31, 0.58, "fraction"),
    "Ten-year yield, %": (4.14, 0.03, 0.04, 0.49, "level"),
    "Two-year yield, %": (3.56, 0.04, -0.02, 0.51, "level"),
    "High-yield spread, %": (2.85, -0.03, -0.3, 0.06, "level"),
    "Volatility (VIX)": (15.41, -0.37, -4.09, 0.35, "level"),
}
WINDOWS = ("Day", "Week", "Month", "Since low", "Year to date")


def page_one() -> FirstPage:
    """The first page as it stands for the example."""
    rows = []
    for name, (*gains, since) in FIRST.items():
        cells: list[Any] = []
        for window, gain in zip(WINDOWS, gains, strict=True):
            cells += [
                figure("performance", name, gain, statistic=window, basis="total"),
                figure("return_percentile", name, 0.5 + gain, "percentile", statistic=window),
            ]
        rows.append((Label(name), *cells, Label(since)))
    columns = [c for w in WINDOWS for c in (w, f"{w}, percentile")]
    note = Sentence(("With each return its percentile since ", Label("1990"), "."))
    returns = Grid(
        "Returns with dividends",
        ("Basket", *columns, "Since"),
        tuple(rows),
        note=note,
        beneath=tuple(range(2, 11, 2)),
    )
    state = []
    for name, (now, day, month, place, unit) in STATE.items():
        made = ((now, unit), (day, "points"), (month, "points"), (place, "percentile"))
        cells = [figure("macro", name, v, u, statistic=f"{k}") for k, (v, u) in enumerate(made)]
        state.append((Label(name), *cells, Label("1990")))
    heads = ("What", "Now", "Day", "Month", "Percentile", "Since")
    tiles = [_tile(k, n) for k, n in enumerate(("Size", "Style", "Momentum", "Concentration"))]
    return FirstPage(
        returns,
        tuple(tiles),
        Sentence(("The word says how seldom noise moves so.",)),
        Grid("Breadth, rates and volatility", heads, tuple(state)),
        (
            Sentence(("Since the session before: ", Label("Value (IWD)"), " closed at a record.")),
            Sentence(("Since the last report: no earlier one lies beside this one.",)),
        ),
    )


def _tile(number: int, name: str) -> Tile:
    x = days(253)
    leader, word, sessions, chance = (
        figure("themes", name, v, u, statistic=s, start=x[90])
        for v, u, s in (
            ("The largest companies", "text", "leader"),
            ("quiet", "text", "word"),
            (162, "sessions", "sessions"),
            (0.528, "fraction", "share"),
        )
    )
    y = walk(number + 40, len(x), 0.0, 0.01)
    line = Series(name, x, y, figure("themes", name, y[-1] / y[90] - 1, statistic="since"))
    said = (
        Sentence((leader, " since ", Label(x[90]), ", ", sessions, " sessions.")),
        Sentence(("Still leads in a quarter: ", chance, " (base rate).")),
    )
    return Tile(Label(name), word, said, line, x[90], leader, sessions, chance)


def document(simulated: bool = False, label: str = "US stocks") -> Document:
    makers = (
        since_low,
        weighting,
        league,
        themes,
        records,
        breadth,
        drivers,
        concentration,
        quality,
    )
    sections = tuple(make() for make in makers)
    low, weights, lg = (s.blocks[0] for s in sections[:3])
    assert isinstance(low, Sentence) and isinstance(weights, Sentence) and isinstance(lg, Sentence)
    return Document(
        f"Who leads: {label}",
        label,
        AS_OF,
        simulated,
        (low, weights, lg),
        sections,
        {
            "command": "paceline report --market examples/us-2025/market.toml "
            "--as-of 2025-12-05 --store-version 7",
            "store_version": 7,
            "code": "3fa9c1d20b7e4418",
            "created": "2025-12-06T07:30:00Z",
            "versions": {"numpy": "2.4.0", "polars": "1.36.0"},
            "sources": [
                {
                    "name": "screener",
                    "who": "a public screener",
                    "what": "daily closes of all US stocks, 2025",
                    "when": "2025-12-06",
                    "licence": "not stated",
                    "checksum": "9b1d" * 16,
                },
                {
                    "name": "etf",
                    "who": "dsturdy/Factor_Attribution",
                    "what": "131 ETFs, adjusted close",
                    "when": "2025-12-06",
                    "licence": "MIT",
                    "checksum": "77aa" * 16,
                },
            ],
            "measures": {
                "performance": {
                    "question": "How much did it gain?",
                    "definition": "Level at the end over level at the start, less one.\n\n"
                    "Price basis.",
                    "references": ["Bacon (2008), Practical Portfolio Performance Measurement"],
                },
                "percent_above_average": {
                    "question": "Is the advance shared, or carried by a few?",
                    "definition": "Share of members with data whose index stands above its own "
                    "200-session mean.",
                    "references": [],
                },
            },
        },
    )


if __name__ == "__main__":
    from paceline.report import write

    sys.stdout.write(f"{write(document('--simulated' in sys.argv), sys.argv[1])}\n")
