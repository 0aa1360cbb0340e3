"""Any input ends in a right answer or one clear error: market files, tables, calls, texts, words.

Hypothesis draws a fixed number of inputs of each kind here; ``make fuzz`` draws them from the same
strategies for as long as asked (``bench/fuzz.py``, with atheris where it can be installed).
"""

from __future__ import annotations

import atexit
import datetime as dt
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import tiny_market as tiny

#: Inputs drawn of each kind by the tests.
BUDGET = 40

odd_text = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\x00", "\x1b[31mx", "\u202e", "(", "[", "*", "**", "%Q", "%", ",,", "${",
         "../..", "=1+1", "-1", "latest", "x" * 5000, "/" * 300, "y" * 300,
         "\ud800", "😀", "2025-02-30", "AAA"]
    ),
)  # fmt: skip
odd_number = st.one_of(
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from([2**63, -(2**63) - 1, 10**30, 10**9, 1e308, 0.5]),
)
odd_day = st.one_of(st.dates(), st.sampled_from([dt.date(1, 1, 1), dt.date(9999, 12, 31)]))
odd = st.recursive(
    st.one_of(odd_text.filter(lambda t: t != "\ud800"), odd_number, odd_day, st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=6,
)


@cache
def home() -> Path:
    """A folder with the tiny market, imported; removed when Python ends.

    The user's own settings lie there as well: an odd word may allow a file.
    """
    folder = Path(tempfile.mkdtemp(prefix="paceline-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PACELINE_CONFIG"] = str(folder / "config")
    path = tiny.write(folder)
    assert tiny.command("import", "--market", path).code == 0
    return folder


def keys(tables: Any = tiny.MARKET, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path of keys of the market file."""
    found = []
    for key, value in tables.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += keys(value, (*before, key))
    return found


#: Where the tables of a market begin: without them nothing is left to be asked.
_WHOLE = {("sources",), ("sources", "prices")}


@given(st.sampled_from([k for k in keys() if k not in _WHOLE]), odd)
@settings(max_examples=BUDGET)
def test_a_market_file(path: tuple[str, ...], value: object) -> None:
    file = home() / "odd.toml"
    file.write_text(tiny.text(tiny.changed(path, value)), encoding="utf-8")
    store = home() / "odd-store"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(home() / "store", store, ignore=shutil.ignore_patterns("cache"))
    where = ("--market", file, "--store", store)
    if path[0] == "sources":
        tiny.right_or_clear(tiny.command("import", *where))
    tiny.right_or_clear(tiny.command("show", "performance", *where))


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace"))
    )
)
@settings(max_examples=BUDGET)
def test_a_market_file_of_any_bytes(data: bytes) -> None:
    file = home() / "bytes.toml"
    file.write_bytes(data)
    tiny.one_clear_error(tiny.command("list", "--market", file))


_PIECES = st.sampled_from(
    [b"\x00", b"\r", b"\n\n", b'"', b'""', b",", b";", b"\t", b"\xff", b"\xef\xbb\xbf", b"1e999",
     b"-", b"nan", b"(5)", b"9" * 400, b"2025-02-30", b"12/31/99", b"10000-01-01", b"\x0c", b"\x1a",
     b"=1+1", b"\xe2\x80\xae", b"\x1b[31m", b"1.234,5", b"%", b"x" * 140_000, b"\n" * 500,
     b"," * 3000, b"<html>", b"PAR1", b"\x1f\x8b", b"\xff\xfe"]
)  # fmt: skip
_TABLES = ("prices", "members", "classes", "series", "securities", "fundamentals", "holdings")


def _imported(table: str, name: str, data: bytes, more: str = "") -> None:
    folder = home() / "tables"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / name).write_bytes(data)
    file = folder / "market.toml"
    file.write_text(
        '[market]\nname = "t"\nbenchmark = "a"\ndata = "data"\n[baskets.a]\ninstrument = "AAA"\n'
        f'[sources.s]\ntable = "{table}"\npath = "{name}"\n{more}\n'
    )
    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(home() / "store", store, ignore=shutil.ignore_patterns("cache"))
    answer = tiny.command("import", "--market", file, "--store", store)
    tiny.right_or_clear(answer)
    if answer.code == 0:
        tiny.right_or_clear(tiny.command("doctor", "--market", file, "--store", store), 1)


_COLUMNS = 'columns = { security = "ticker", date = "date", close = "close" }'


@given(
    st.sampled_from(_TABLES),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 8), _PIECES), max_size=4),
    st.booleans(),
)
@settings(max_examples=BUDGET)
def test_a_table_of_text(table: str, edits: list[tuple[int, int, bytes]], mapped: bool) -> None:
    rows = [b"%s,2025-09-%02d,%d,0.5,100" % (t, d, d) for t in (b"AAA", b"BBB") for d in (8, 9, 10)]
    data = b"\n".join([b"ticker,date,close,change,cap", *rows]) + b"\n"
    for at, cut, piece in edits:
        data = data[:at] + piece + data[at + cut :]
    _imported(table, "t.csv", data, _COLUMNS if mapped and table == "prices" else "")


@given(
    st.lists(st.tuples(st.integers(4, 2000), st.integers(0, 20), st.binary(max_size=8)), max_size=5)
)
@settings(max_examples=BUDGET)
def test_a_table_of_broken_parquet(edits: list[tuple[int, int, bytes]]) -> None:
    data = _parquet()
    for at, cut, piece in edits:
        data = data[:at] + piece + data[at + cut :]
    _imported("prices", "t.parquet", data, _COLUMNS)


@cache
def _parquet() -> bytes:
    import io

    import polars as pl

    days = [dt.date(2025, 9, d) for d in (8, 9, 10)]
    buffer = io.BytesIO()
    columns = {"ticker": ["AAA"] * 3, "date": days, "close": [1.0, 2.0, 3.0]}
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


@given(
    st.dictionaries(
        st.sampled_from("id who date words stance baskets against level horizon begins dip "
                        "conviction proxy assumed corrects recorded note other".split()),
        odd, max_size=6,
    ),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=BUDGET)
def test_a_ledger_of_calls(given_: dict[str, object], as_csv: bool) -> None:
    good = {
        "id": "a", "who": "x", "date": dt.date(2025, 5, 5), "words": "w", "stance": "over",
        "baskets": ["top"], "horizon": 20,
    }  # fmt: skip
    record = good | given_
    path = home() / ("calls.csv" if as_csv else "odd-calls.toml")
    if as_csv:
        cells = [str(v) for v in record.values()]
        path.write_text(",".join(record) + "\n" + ",".join(cells) + "\n", errors="replace")
    else:
        lines = "\n".join(f"{k} = {tiny.toml(v)}" for k, v in record.items())
        path.write_text(f"[[call]]\n{lines}\n")
    tiny.right_or_clear(tiny.command("calls", "list", path))
    tiny.right_or_clear(tiny.command("calls", "score", path, "--market", home() / "market.toml"))


_SAID = st.sampled_from(
    ["The index rose 5% this year. ", "Tech fell 3% ", "a record high ", "five straight ",
     "<script>", "</script>", "<!--", "-->", "\x1b[31m", "\u202e", "\x00", "&#0;", "&#x10ffff;",
     "\n", "\n\n",
     "- ", "| ", "9" * 40, "1,2,3.4.5% ", "since May 5, ", "2025-02-30 ", "Feb 30, 2025 ", "$1tn ",
     '"', "(", "…", "http://x", "\u22125% ", "½% ", "MMXXV ", "January 5, 0000 "]
)  # fmt: skip


@given(
    st.one_of(st.lists(_SAID, max_size=12).map("".join).map(str.encode), st.binary(max_size=200))
)
@settings(max_examples=BUDGET)
def test_a_commentary(data: bytes) -> None:
    path = home() / "said.txt"
    path.write_bytes(data)
    where = ("--date", "2025-09-12", "--market", home() / "market.toml")
    tiny.right_or_clear(tiny.command("factcheck", path, *where), 1, 3, 4)


@cache
def _manifest() -> dict[str, Any]:
    page = home() / "r.html"
    assert (
        tiny.command("report", "--out", page, "--quiet", "--market", home() / "market.toml").code
        == 0
    )
    found: dict[str, Any] = json.loads((home() / "r.manifest.json").read_text())
    return found


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), odd_number, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
_PLACES = (
    "figures",
    "as_of",
    "store_version",
    "market_file",
    "store",
    "data",
    "previous",
    "digests",
    "steps",
)


@given(st.sampled_from(_PLACES), _JSON, st.booleans(), st.booleans())
@settings(max_examples=BUDGET)
def test_a_manifest(key: str, value: object, within: bool, drop: bool) -> None:
    odd_one = dict(_manifest())
    if drop:
        odd_one.pop(key, None)
    elif within and odd_one.get("figures"):
        first = dict(odd_one["figures"][0])
        name = sorted(first)[len(key) % len(first)]
        odd_one["figures"] = [first | {name: value}, *odd_one["figures"][1:]]
    else:
        odd_one[key] = value
    path = home() / "odd.manifest.json"
    path.write_text(json.dumps(odd_one))
    for words in ((), ("--market", home() / "market.toml")):
        tiny.right_or_clear(tiny.command("verify", path, *words), 1)


_WORDS = [
    ("list", "{}"), ("doctor", "--as-of", "{}"), ("doctor", "--store-version", "{}"),
    ("show", "{}"), ("show", "performance", "--subject", "{}"),
    ("show", "performance", "--since", "{}"),
    ("show", "performance", "--against", "{}"), ("show", "performance", "--horizons", "{}"),
    ("show", "percent_above_average", "--window", "{}"), ("show", "concentration", "--top", "{}"),
    ("show", "swing_lows", "--fall", "{}"), ("show", "league", "--tie", "{}"),
    ("show", "performance", "--basis", "{}"), ("episodes", "{}"), ("episodes", "tb", "--c", "{}"),
    ("episodes", "tb", "--step", "{}"), ("target", "{}", "--by", "2026-12-31"),
    ("target", "5000", "--by", "{}"),
    *(("target", "5000", "--by", "2026-12-31", option, "{}")
      for option in ("--seed", "--draws", "--drift", "--vol", "--since")),
    *(("show", "performance", option, "{}") for option in ("--data", "--store")),
    ("calls", "list", "{}"), ("trace", "{}"), ("verify", "{}"),
    ("trust", "{}"), ("import", "--source", "{}"), ("factcheck", "{}"),
]  # fmt: skip


@given(st.sampled_from(_WORDS), st.one_of(odd_text, odd_number.map(str), odd_day.map(str)))
@settings(max_examples=2 * BUDGET)
def test_words_of_a_command(words: tuple[str, ...], value: str) -> None:
    if value == "-" and words[0] == "factcheck":
        return  # standard input
    said = [word.replace("{}", value) for word in words]
    if words[0] != "trust":
        said += ["--market", str(home() / "market.toml")]
    tiny.right_or_clear(tiny.command(*said), 1)


#: Every kind of input, by the name ``make fuzz`` gives it.
KINDS = {
    name.removeprefix("test_"): test
    for name, test in list(globals().items())
    if name.startswith("test_")
}
