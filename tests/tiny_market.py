"""A market of six companies, small enough to be imported in a second, and how a command answers."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from paceline.cli import main

NAMES = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
#: The market file as a table of tables; every key that has a value of its own kind stands in it.
MARKET: dict[str, dict[str, Any]] = {
    "market": {
        "name": "tiny",
        "title": "Tiny",
        "calendar": "XNYS",
        "currency": "USD",
        "benchmark": "idx",
        "universe": "all",
        "data": "data",
        "store": "store",
        "basis": "price",
        "low": [0.05, 0.03],
        "guard": 0.2,
        "order": {"close": ["prices", "index"], "price_return": ["prices", "index"]},
    },
    "sources": {
        "prices": {
            "kind": "files",
            "table": "prices",
            "path": "prices.csv",
            "dialect": "changes",
            "recover": False,
            "tolerance": 0.001,
            "columns": {
                "security": "ticker",
                "date": {"column": "date", "format": "%Y-%m-%d"},
                "close": "close",
                "price_return": {"column": "change", "unit": "percent"},
                "market_cap": "cap",
            },
            "where": {"ticker": list(NAMES)},
            "rename": {"ZZZ": "YYY"},
            "options": {
                "delimiter": ",",
                "decimal": ".",
                "missing": ["-99"],
                "replace": {"/": "."},
            },
            "origin": {"who": "me", "licence": "own"},
            "caveat": "made up",
        },
        "index": {
            "table": "prices",
            "path": "index.csv",
            "columns": {"date": "date", "close": "close"},
            "constants": {"security": "IDX"},
        },
        "members": {
            "table": "members",
            "path": "members.csv",
            "columns": {"security": "ticker", "start": "from"},
            "constants": {"universe": "m"},
        },
        "sectors": {
            "table": "classes",
            "path": "sectors.csv",
            "columns": {"security": "ticker", "sector": "sector"},
            "constants": {"scheme": "mine"},
        },
    },
    "universes": {
        "all": {"members": "m", "label": "All", "scheme": "mine"},
        "rules": {
            "eligible": {"kinds": ["common"], "min_price": 1.0, "exclude_name": "Fund$"},
            "rank": [1, 4],
            "reconstitution": "quarterly",
            "band": 0.025,
        },
    },
    "baskets": {
        "idx": {"instrument": "IDX"},
        "cap": {"universe": "all", "label": "Cap", "aliases": ["capw"], "cap_limit": 0.5},
        "top": {"universe": "all", "rank": [1, 2], "weight": "equal", "minus": ["bottom"]},
        "bottom": {"universe": "all", "rank": [5, 6], "rebalance": "monthly", "basis": "price"},
        "given": {
            "securities": ["AAA", "BBB"],
            "weight": "given",
            "weights": {"AAA": 0.4, "BBB": 0.6},
        },
        "tech": {"universe": "all", "sector": "Tech"},
    },
    "groups": {
        "sectors": {"universe": "all", "by": "sector", "weight": "cap"},
        "two": {"baskets": ["top", "bottom"]},
    },
    "rotations": {"tb": {"lead": "top", "against": "bottom", "label": "Top", "neutral": True}},
    "report": {
        "as_of": "latest",
        "sections": ["since_low"],
        "since_low": ["cap"],
        "headline": ["tb"],
    },
    "measures": {"percent_above_average": {"window": 50}},
}


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() or c == " " else _escaped(c) for c in value) + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else repr(value)


def _escaped(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def text(tables: Mapping[str, object] = MARKET) -> str:
    """The market file's text."""
    return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in tables.items())


def changed(path: Sequence[str], value: object) -> dict[str, Any]:
    """The market file's tables with one value, at a path of keys, replaced or added."""
    made: dict[str, Any] = dict(MARKET)
    at = made
    for key in path[:-1]:
        at[key] = dict(at[key])
        at = at[key]
    at[path[-1]] = value
    return made


def write(folder: Path, sessions: int = 160, last: dt.date = dt.date(2025, 9, 12)) -> Path:
    """The market file of a folder, with its data beside it; weekdays stand in for sessions."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    every = _sessions(last)
    days = every[len(every) - sessions :]
    rng = np.random.default_rng(3)
    rows = []
    for place, name in enumerate(NAMES, 1):
        change = rng.normal(0.0003, 0.01, sessions)
        close = 50 * place * np.cumprod(1 + change)
        rows += [
            (name, day, round(float(c), 4), round(float(r) * 100, 6), float(c) * 1e7)
            for day, c, r in zip(days, close, change, strict=True)
        ]
    columns = ["ticker", "date", "close", "change", "cap"]
    schema = dict(
        zip(columns, (pl.String, pl.Date, pl.Float64, pl.Float64, pl.Float64), strict=True)
    )
    pl.DataFrame(rows, schema=schema, orient="row").write_csv(data / "prices.csv")
    level = 4000 * np.cumprod(1 + rng.normal(0.0003, 0.01, sessions))
    pl.DataFrame({"date": days, "close": np.round(level, 4)}).write_csv(data / "index.csv")
    pl.DataFrame({"ticker": NAMES, "from": ["2024-01-02"] * 6}).write_csv(data / "members.csv")
    sectors = ["Tech", "Tech", "Energy", "Energy", "Banks", "Banks"]
    pl.DataFrame({"ticker": NAMES, "sector": sectors}).write_csv(data / "sectors.csv")
    path = folder / "market.toml"
    path.write_text(text())
    return path


def _sessions(last: dt.date) -> list[dt.date]:
    """Weekdays that are no holiday of New York, up to ``last``."""
    holidays = {
        *(
            (2025, m, d)
            for m, d in (
                (1, 1),
                (1, 9),
                (1, 20),
                (2, 17),
                (4, 18),
                (5, 26),
                (6, 19),
                (7, 4),
                (9, 1),
            )
        ),
        *(
            (2024, m, d)
            for m, d in (
                (1, 1),
                (1, 15),
                (2, 19),
                (3, 29),
                (5, 27),
                (6, 19),
                (7, 4),
                (9, 2),
                (11, 28),
                (12, 25),
            )
        ),
    }
    days = [last - dt.timedelta(days=n) for n in range(600)]
    return [
        d
        for d in reversed(days)
        if d.weekday() < 5 and (d.year, d.month, d.day) not in holidays and d >= dt.date(2024, 1, 2)
    ]


@dataclass(frozen=True)
class Answered:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def command(*words: object) -> Answered:
    """Run one command in this process, in a folder of its own: an odd name may become a file."""
    out, err = io.StringIO(), io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main([str(word) for word in words])
    return Answered(code, out.getvalue(), err.getvalue())


def one_clear_error(answer: Answered) -> None:
    """Exit 2 or 3; one line that names the input, one that says what to do; no traceback."""
    assert answer.code in (2, 3), answer
    errors = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and len(errors[0]) > len("error: ") + 8, answer
    assert "Traceback" not in answer.err and "panicked" not in answer.err, answer
    remedy = answer.err.splitlines()[answer.err.splitlines().index(errors[0]) + 1 :]
    assert len(remedy) == 1 and remedy[0].strip(), answer


def right_or_clear(answer: Answered, *fine: int) -> None:
    """A result (exit 0, or one of ``fine``), or one clear error; nothing that steers a terminal."""
    if answer.code not in (0, *fine) or (answer.code in (2, 3) and "error: " in answer.err):
        one_clear_error(answer)
    assert "Traceback" not in answer.err, answer
    shown = (answer.out + answer.err).replace("\n", "").replace("\t", "")
    assert not any(c in "\x1b\x07\x08\r\x9b\u202e\u2066" for c in shown), answer
