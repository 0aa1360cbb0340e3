"""The verbs about the store itself: ``check`` and ``repair``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from paceline.cli.options import Where, flag, note, say, say_json
from paceline.cli.tables import say_table
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.config import MarketFile
    from paceline.market.upkeep import Inspection

AsJson = Annotated[bool, flag("Print JSON.", "--json")]


def check(*, json: AsJson = False, where: Where | None = None) -> int:
    """Read every byte of the store and say what is whole. Exit code 1 if anything is damaged."""
    from paceline.market import upkeep

    checked = upkeep.check(_market_file(where))
    if json:
        say_json(as_json(checked))
    else:
        told(checked)
    return int(bool(checked.faults))


def quiet(where: Where) -> int:
    """``check`` that prints nothing unless something is damaged, and then JSON."""
    from paceline.market import upkeep

    checked = upkeep.check(_market_file(where))
    if checked.faults:
        say_json(as_json(checked))
    return int(bool(checked.faults))


def repair(*, json: AsJson = False, where: Where | None = None) -> int:
    """Build what is damaged again from the raw bytes kept. Exit code 1 if something cannot be.

    What was damaged is moved to `damaged/` in the store, not deleted. Nobody may import meanwhile.
    """
    from paceline.market import upkeep

    repaired = upkeep.repair(_market_file(where))
    if json:
        say_json(
            {
                "done": repaired.done,
                "left": repaired.left,
                "aside": str(repaired.aside or "") or None,
            }
        )
        return int(bool(repaired.left))
    for sentence in repaired.done:
        say(sentence)
    for sentence in repaired.left:
        say(f"Cannot be built again: {sentence}")
    if not repaired.done and not repaired.left:
        say("Nothing is damaged.")
    if repaired.aside is not None:
        note(f"What was damaged lies in {repaired.aside}.")
    return int(bool(repaired.left))


def _market_file(where: Where | None) -> MarketFile:
    from paceline.market import located

    where = where or Where()
    return located(where.market, where.data, where.store)[0]


def as_json(checked: Inspection) -> dict[str, object]:
    """What a check found, for programs."""
    return {
        "whole": sorted(checked.whole),
        "broken": sorted(checked.broken),
        "faults": [{**f._asdict(), "loads": sorted(f.loads)} for f in checked.faults],
        "notes": list(checked.notes),
    }


def told(checked: Inspection) -> None:
    """What a check found, for people."""
    if checked.faults:
        rows = [[checked.numbers(f.loads), f.place, f.file, f.what] for f in checked.faults]
        say_table(["loads", "where", "file", "what"], rows, "Not as it was written")
    for text in checked.notes:
        say(f"{text[0].upper()}{text[1:]}.")
    if checked.broken:
        say(f"Loads that are whole: {checked.numbers(checked.whole) or 'none'}.")
        say(f"Loads that are not: {checked.numbers(checked.broken)}.")
    elif not checked.faults:
        loads = number_of(len(checked.lines), "load")
        say(f"The store is whole: {loads}, every byte as it was written.")
    else:
        say("The rows of all loads are whole.")
    if checked.faults:
        note("`paceline repair` builds it again from the raw bytes, or says what cannot be.")
