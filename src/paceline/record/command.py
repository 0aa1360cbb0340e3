"""The command line that makes a stored figure again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paceline import measures
from paceline.market.commands import line, moment
from paceline.sources import FRAME
from paceline.studies import exposure, target, tilts
from paceline.studies.episodes.study import REVERSAL
from paceline.studies.rotations import C

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.measures import Measure

#: A stored step: JSON, untyped by nature.
Stored = Mapping[str, Any]

#: Studies whose numbers stand on a page and are shown by no other verb.
ON_PAGES = (
    *("themes", "consolidation", "analogues", "compounded", "derived"),
    *("page_one", "previous report"),
)
#: Options of ``target``, ``exposure``, ``scenario`` and ``episodes``: option, parameter, and the
#: value that needs no option.
TARGET = (
    ("--drift", "drift", "history"),
    ("--vol", "volatility", "history"),
    ("--since", "since", ""),
    ("--draws", "draws", target.DRAWS),
    ("--seed", "seed", 0),
)
SCENARIO = (("--every", "every", "month"),)
BACKTEST = (("--random", "draws", tilts.DRAWS), ("--seed", "seed", 0))
BOOK = (
    ("--fund", "fund", ""),
    ("--unit", "unit", "auto"),
    ("--window", "window", exposure.WINDOW),
    ("--past", "past", "shares"),
    ("--tilt", "tilt", ""),
    ("--value", "value", None),
    ("--sheet", "sheet", ""),
)
EPISODES = (("--c", "c", C), ("--step", "step", 5))


def command(step: Stored, market: Market) -> str:
    """The command line that computes a figure again; empty for a figure no command asks for."""
    question = market.store.step(step["parents"][0]) if step["parents"] else None
    if step["name"] != "figure" or question is None:
        return ""
    if question["name"] == "figure":  # a further column of a row: the row's command shows it
        return command(question, market)
    asked, name = question["params"], question["name"]
    when = moment(market, str(asked.get("as_of", market.as_of)))
    ahead = ["report"] if step["params"].get("statistic") in REVERSAL else asked_again(question)
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
        case "catalysts":
            return ["scenario", "--event", asked["name"]]
        case "scenario":
            several = (("--subject", "subjects"), ("--driver", "only"))
            words = [w for option, key in several for one in asked[key] for w in (option, one)]
            return ["scenario", asked["scenario"], *_unusual(asked, SCENARIO), *words]
        case "exposure":
            words = ["exposure", asked["holdings"], "--against", asked["against"]]
            return [] if asked["holdings"].startswith(FRAME) else words + _unusual(asked, BOOK)
        case "episodes":
            return ["episodes", asked["rotation"], *_unusual(asked, EPISODES)]
        case "backtest":
            return ["backtest", asked["rule"], *_unusual(asked, BACKTEST), *_set(asked["settings"])]
        case "extremes" | "implied":
            return ["write", "--length", "long"]
        case name if name in ON_PAGES:
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


def _set(settings: Mapping[str, Any]) -> list[str]:
    """Options that give settings of a rule."""
    return [word for key, value in settings.items() for word in ("--set", f"{key}={said(value)}")]


def said(value: object) -> str:
    """A setting as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value)


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
