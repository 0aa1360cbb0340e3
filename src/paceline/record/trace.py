"""Where a figure comes from, and the command that makes it again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from paceline import measures
from paceline.errors import UsageError
from paceline.pages.calls import asked_again

if TYPE_CHECKING:
    from paceline.market import Market


def trace(figure: str, market: Market) -> dict[str, Any]:
    """The lineage of a figure as a tree: {id, name, params, code, parents: [...]}, down to the bytes.

    ``figure`` is an id or an unambiguous beginning of one. Raises ``UsageError``.
    """
    found = market.store.step(figure)
    if found is None:
        raise UsageError(
            f"no figure {figure!r} is known to the store, or several begin so.",
            "Give the whole id, and the --market or --store of the report or `paceline show` it is from.",
        )

    def grow(step: dict[str, Any]) -> dict[str, Any]:
        parents = [market.store.step(p) for p in step["parents"]]
        return {**step, "parents": [grow(p) for p in parents if p is not None]}

    return {**grow(found), "command": command(found, market)}


def command(step: dict[str, Any], market: Market) -> str:
    """The command line that computes a figure again."""
    question = market.store.step(step["parents"][0]) if step["parents"] else None
    if step["name"] != "figure" or question is None:
        return ""
    asked, which = question["params"], step["params"]
    ahead = asked_again(question)
    words = ["paceline", *(ahead or ["show", question["name"]])]
    if market.path.endswith(".toml"):
        words += ["--market", market.path]
    words += [
        "--as-of",
        str(asked.get("as_of", market.as_of)),
        "--store-version",
        str(market.version),
    ]
    if ahead:
        return shlex.join(words)
    for option in ("subject", "against"):
        if which.get(option):
            words += [f"--{option}", which[option]]
    if asked.get("basis") in ("price", "total"):
        words += ["--basis", asked["basis"]]
    declared = measures.discover().get(question["name"])
    for name, default in declared.defaults().items() if declared else ():
        value = asked.get(name)
        several = list(value) if isinstance(value, (list, tuple)) else [value]
        if (
            name == "basis"
            or value is None
            or several == (list(default) if isinstance(default, tuple) else [default])
        ):
            continue
        for one in several:
            words += [f"--{name.replace('_', '-')}", *([] if one is True else [str(one)])]
    if (
        declared
        and declared.shows == "series"
        and which.get("end", asked.get("as_of")) != asked.get("as_of")
    ):
        words.append("--history")
    return shlex.join(words)
