"""The command lines that Paceline prints: each is built here, and each can be run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paceline import config, measures
from paceline.errors import PacelineError
from paceline.market.asked import DEMO_STORE
from paceline.studies import target
from paceline.studies.rotations import C

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.measures import Measure

#: A stored step: JSON, untyped by nature.
Stored = Mapping[str, Any]

#: Options of ``paceline target`` and ``paceline episodes``: option, parameter, and the value that
#: needs no option.
TARGET = (
    ("--drift", "drift", "history"),
    ("--vol", "volatility", "history"),
    ("--since", "since", ""),
    ("--draws", "draws", target.DRAWS),
    ("--seed", "seed", 0),
)
EPISODES = (("--c", "c", C), ("--step", "step", 5))


def line(words: Sequence[str], market: Market, *options: str) -> str:
    """A command line that asks this market: every printed command is made here.

    words    what is asked, e.g. ("report",) or ("show", "league")
    options  further options, after those that open the market as it is open now
    """
    return shlex.join(["paceline", *words, *opened(market), *options])


def opened(market: Market) -> list[str]:
    """The options that open the same market from the same working folder: file, data, store.

    Data and store are named where they are not what the market file (or the demo) says by itself.
    """
    here = market.file.market
    if market.path.endswith(".toml"):
        options = ["--market", market.path]
        try:
            plain = config.load(market.path).market
            data, store = plain.data, plain.store
        except PacelineError:  # a variable that names a folder is not set any more
            data, store = None, None
    else:
        options, data, store = [], here.data, str(DEMO_STORE.resolve())
    if here.data != data:
        options += ["--data", str(here.data)]
    if here.store != store:
        options += ["--store", str(here.store)]
    return options


def moment(market: Market, as_of: str | None = None) -> list[str]:
    """The options that look at the same day and the same version of the store."""
    return ["--as-of", as_of or market.as_of, "--store-version", str(market.version)]


def command(step: Stored, market: Market) -> str:
    """The command line that computes a figure again; empty for a figure no command asks for."""
    question = market.store.step(step["parents"][0]) if step["parents"] else None
    if step["name"] != "figure" or question is None:
        return ""
    if question["name"] == "figure":  # a further column of a row: the row's command shows it
        return command(question, market)
    asked, name = question["params"], question["name"]
    when = moment(market, str(asked.get("as_of", market.as_of)))
    ahead = asked_again(question)
    if ahead:
        return line(ahead, market, *when)
    known = measures.discover(market.plugins)
    declared = known.get(name) or known.get(measures.ALIASES.get(name, ""))
    if declared is None:
        return ""
    return line(("show", name), market, *when, *_options(declared, asked, step["params"]))


def asked_again(question: Stored) -> list[str]:
    """The words after ``paceline`` that ask a stored question of a study again; none for others."""
    asked = question["params"]
    match question["name"]:
        case "target":
            level = f"{asked['level']:.12g}"
            words = ["target", level, "--by", asked["by"], "--subject", asked["subject"]]
            return words + _unusual(asked, TARGET)
        case "episodes":
            return ["episodes", asked["rotation"], *_unusual(asked, EPISODES)]
        case "verdict" | "analogues" | "compounded" | "derived" | "previous report":
            return ["report"]  # numbers of a page, which no other verb shows
        case "call" | "record" | "ledger":
            return ["calls", "score", asked["ledger"]]
    return []


def _unusual(asked: Stored, options: Sequence[tuple[str, str, object]]) -> list[str]:
    """Options whose value is not the usual one."""
    return [
        word
        for option, key, usual in options
        if asked[key] != usual
        for word in (option, f"{asked[key]:g}" if key in ("c", "step") else str(asked[key]))
    ]


def _options(declared: Measure, asked: Stored, which: Stored) -> list[str]:
    """The options of ``paceline show`` for a measure asked in one way, and for one of its rows."""
    words: list[str] = []
    for option in ("subject", "against"):
        if which.get(option):
            words += [f"--{option}", which[option]]
    if asked.get("basis") in ("price", "total"):
        words += ["--basis", asked["basis"]]
    words += _parameters(declared, asked)
    if declared.shows == "series" and which.get("end", asked.get("as_of")) != asked.get("as_of"):
        words.append("--history")
    return words


def _parameters(declared: Measure, asked: Stored) -> list[str]:
    """The measure's own parameters, as far as they are not its defaults."""
    words: list[str] = []
    for name, default in declared.defaults().items():
        value = asked.get(name)
        several = list(value) if isinstance(value, (list, tuple)) else [value]
        usual = list(default) if isinstance(default, tuple) else [default]
        if name == "basis" or value is None or several == usual:
            continue
        for one in several:
            words += [f"--{name.replace('_', '-')}", *([] if one is True else [str(one)])]
    return words
