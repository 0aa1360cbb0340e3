"""Where a figure comes from, down to the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paceline.errors import UsageError
from paceline.record.command import command

if TYPE_CHECKING:
    from paceline.market import Market


def trace(figure: str, market: Market) -> dict[str, Any]:
    """The lineage of a figure as a tree, down to the bytes: {id, name, params, code, parents}.

    ``figure`` is an id or an unambiguous beginning of one. Raises ``UsageError``.
    """
    if not figure.strip():
        raise UsageError(
            "the figure's id is empty.", "Give the id of its card, or `figure` of any JSON row."
        )
    found = market.store.step(figure)
    if found is None:
        raise UsageError(
            f"no figure {figure!r} is known to the store, or several begin so.",
            "Give the whole id, and the --market or --store of the report or `paceline show` it is "
            "from.",
        )

    def grow(step: dict[str, Any]) -> dict[str, Any]:
        parents = [market.store.step(p) for p in step["parents"]]
        return {**step, "parents": [grow(p) for p in parents if p is not None]}

    return {**grow(found), "command": command(found, market)}
