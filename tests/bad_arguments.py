"""Bad arguments and bad market files: a table of cases with exact message and exit code.

``edit`` replaces text in ``MARKET`` (old, new); ``{file}`` in a message stands for the market
file's path. A case without ``argv`` opens the edited file with ``paceline list baskets``."""

from __future__ import annotations

from typing import NamedTuple

#: A valid market file; every edit below breaks it in one place.
MARKET = """
[market]
name = "tiny"
benchmark = "all"

[sources.prices]
kind = "files"
path = "prices.csv"

[universes.everyone]
eligible = {}

[baskets.all]
universe = "everyone"

[baskets.big]
universe = "everyone"
rank = [1, 50]

[groups.sizes]
baskets = ["all", "big"]

[rotations.big_vs_all]
lead = "big"
against = "all"
"""


class Case(NamedTuple):
    """One bad input: what is asked, what is broken in the market file, and the answer."""

    id: str
    argv: tuple[str, ...]
    edit: tuple[str, str] | None
    message: str
    remedy: str
    code: int = 2


def _file(id: str, old: str, new: str, message: str, remedy: str) -> Case:
    return Case(id, (), (old, new), f"{{file}}: {message}", remedy)


def _words(id: str, argv: str, message: str, remedy: str, code: int = 2) -> Case:
    return Case(id, tuple(argv.split()), None, message, remedy, code)


ARGUMENTS = [
    _words(
        "unknown verb",
        "repotr",
        'Unknown command "repotr". Did you mean "report"? Available commands: '
        "init, import, doctor, list, show, report, episodes, calls, ...",
        "See `paceline --help`.",
    ),
    _words(
        "unknown option",
        "report --otu x.html",
        "Unknown option: --otu. Did you mean --out?",
        "See `paceline report --help`.",
    ),
    _words(
        "option without value",
        "report --as-of",
        'Command "report" parameter --as-of requires an argument.',
        "See `paceline report --help`.",
    ),
    _words(
        "no such day",
        "report --as-of 2025-02-30",
        "--as-of: '2025-02-30' is not a date.",
        "Give a date like 2025-12-05 or 'latest'.",
    ),
    _words(
        "day in another order",
        "doctor --as-of 05.12.2025",
        "--as-of: '05.12.2025' is not a date.",
        "Give a date like 2025-12-05 or 'latest'.",
    ),
    _words(
        "store version",
        "doctor --store-version newest",
        "--store-version: 'newest' is neither a load number nor a date.",
        "Give a number like 3 or a date like 2025-12-05.",
    ),
    _words(
        "no such market file",
        "list --market nowhere.toml",
        "nowhere.toml: no such market file.",
        "`paceline init` writes a commented one.",
    ),
    _words(
        "no such data folder",
        "import --data nowhere",
        "--data: nowhere is not a folder.",
        "Name the folder that holds the data files.",
    ),
    _words(
        "kind of list",
        "list basket",
        'Invalid value "basket" for KIND. Choose from: "baskets", "groups", "rotations", '
        '"measures", "universes", "sources". Did you mean "baskets"?',
        "See `paceline list --help`.",
    ),
    _words(
        "trace without id",
        "trace",
        'Command "trace" parameter FIGURE requires an argument.',
        "See `paceline trace --help`.",
    ),
    _words(
        "no such manifest",
        "verify nowhere.json",
        "nowhere.json: no such manifest.",
        "`paceline report` writes one beside the report.",
    ),
    _words(
        "report into a folder",
        "report --out .",
        "--out: . is a folder.",
        "Name a file, e.g. report.html.",
    ),
    _words(
        "unknown measure", "show stength", "unknown measure 'stength'.", "Did you mean 'strength'?"
    ),
    _words(
        "show without measure",
        "show --json",
        "show: no measure is named.",
        "`paceline list measures` lists them.",
    ),
    _words(
        "measure's unknown parameter",
        "show strength --windw 20",
        "Unknown option: --windw. Did you mean --window?",
        "See `paceline show strength --help`.",
    ),
    _words(
        "measure's parameter of wrong type",
        "show strength --window soon",
        'Invalid value for --window: unable to convert "soon" into int.',
        "See `paceline show strength --help`.",
    ),
    _words(
        "since",
        "show strength --since yesterday",
        "--since: 'yesterday' is not a date.",
        "Give a date like 2025-12-05 or 'low'.",
    ),
    _words(
        "basis",
        "show strength --basis gross",
        'Invalid value "gross" for --basis. Choose from: "price", "total".',
        "See `paceline show strength --help`.",
    ),
]

MARKET_FILES = [
    _file(
        "not TOML",
        "[market]",
        "[market",
        "not valid TOML: Expected ']' at the end of a table declaration (at line 2, column 8).",
        "`paceline init` writes a valid example.",
    ),
    _file(
        "no benchmark",
        'benchmark = "all"',
        "",
        "the key 'market.benchmark' is missing.",
        "Add it; `paceline init` writes an example.",
    ),
    _file(
        "unknown key",
        'path = "prices.csv"',
        'paths = "prices.csv"',
        "unknown key 'sources.prices.paths'.",
        "Did you mean 'path'? Accepted here: kind, table, path, statement, columns, constants, "
        "where, rename, dialect, recover, derive, options, valid, max_age, tolerance, jumps, "
        "true_jumps, caveat, origin.",
    ),
    _file(
        "benchmark is no basket",
        'benchmark = "all"',
        'benchmark = "al"',
        "market.benchmark: unknown basket 'al'.",
        "Did you mean 'all'?",
    ),
    _file(
        "universe without rule",
        "eligible = {}",
        "",
        'universes.everyone: give either members = "name of a list" or an eligible = {...} table.',
        "Found {}.",
    ),
    _file(
        "rank upside down",
        "rank = [1, 50]",
        "rank = [50, 1]",
        "baskets.big: rank = [first, last] with 1 <= first <= last.",
        "Found {'universe': 'everyone', 'rank': [50, 1]}.",
    ),
    _file(
        "unknown weighting",
        "rank = [1, 50]",
        'weight = "size"',
        "baskets.big.weight: unknown weighting 'size'.",
        "Known: cap, equal, given, inverse_volatility.",
    ),
    _file(
        "basket of nothing",
        'universe = "everyone"\nrank',
        "rank",
        "baskets.big: a basket needs one of: instrument, universe, securities, union.",
        "Found {'rank': [1, 50]}.",
    ),
    _file(
        "group of nothing",
        'baskets = ["all", "big"]',
        "",
        'groups.sizes: give either baskets = [...] or universe = "..." with by = "sector".',
        "Found {}.",
    ),
    _file(
        "environment",
        'name = "tiny"',
        'name = "tiny"\ndata = "${PACELINE_NOT_SET}"',
        "the environment variable PACELINE_NOT_SET is not set.",
        "Set it, e.g. PACELINE_NOT_SET=/path/to/data, or pass --data DIR.",
    ),
]

CASES = [*ARGUMENTS, *MARKET_FILES]
