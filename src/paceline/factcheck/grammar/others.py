"""Numbers that are no change of a price, told by the words around them."""

from __future__ import annotations

import re

from paceline.factcheck.quantities import Number

#: "a quarter of the stocks": a share of members.
OF_MEMBERS = re.compile(
    r"\s*of (?:the |all |its |their |those |these )?(?:[\w&']+[- ]){0,3}?(?:stocks|companies|names|members|components|constituents|issues|sectors|"
    r"funds|firms|holdings|days|sessions|weeks|months|quarters|years|time)\b(?!')",
    re.IGNORECASE,
)
#: What stands before such a number, and why it is none.
_BEFORE = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (
            r"\b(?:averag(?:ed|ing|es)|an average (?:\w+ ){0,2}of)\b[^,;]{0,25}$",
            "an average, not a change of price",
        ),
        (
            r"\b(?:defined|measured|considered|known|described|counted) as\b[^,;]{0,40}$",
            "a definition, not a change of price",
        ),
        (
            r"\b(?:back-to-back|consecutive|successive) (?:\w+ )?(?:gains|losses|declines|advances) of\b[^;.]*$",
            "one of several periods, which are not named",
        ),
    )
)
_NOT_REACHED = re.compile(
    r"\b(?:nearing|nears|neared|approaching|approached|short of|shy of)\b[^,;]{0,12}$", re.IGNORECASE
)
_MORE_THAN = re.compile(r"\s*(?:less|fewer|more|cheaper|smaller|larger) than\b")


def other(before: str, after: str, number: Number) -> str:
    """Why the number between these words is no change of a price; "" where nothing says so."""
    if reason := next((why for pattern, why in _BEFORE if pattern.search(before)), ""):
        return reason
    if number.how == "" and _NOT_REACHED.search(before):
        return "not reached, the text says"
    return "a comparison of numbers, not a change of price" if _MORE_THAN.match(after) else ""
