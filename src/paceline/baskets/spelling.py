"""Identifiers of one security in two spellings: AAA.N and AAA, 5930 and 005930."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Names told as a sample.
SAMPLE = 3
#: Indices of volatility: no security has such a ticker.
VOLATILITY = ("VIX", "VXN", "VVIX", "RVX", "VXD")


def alike(lacking: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of a name that nothing is known of and one that may be the same security's.

    They are the same in letters and digits, without zeros in front, where the first may have a
    suffix or prefix of an exchange: "AAA.N", "AAA US Equity", "NASDAQ:AAA".
    """
    ours = {_plain(name): name for name in known}
    pairs = []
    for name in lacking:
        parts = re.split(r"[.: ]+", name)
        forms = (name, parts[0], parts[-1])
        found = next((ours[p] for f in forms if (p := _plain(f)) in ours and ours[p] != name), "")
        if found:
            pairs.append((name, found))
    return pairs


def indices(names: Iterable[str]) -> list[str]:
    """Those that are an index by their name: "^GSPC", as Yahoo writes them, and "VIX"."""
    return [name for name in names if name.startswith("^") or name in VOLATILITY]


def sample(names: Iterable[str]) -> str:
    """The first few names: "AAA, BBB, CCC, ..."."""
    listed = list(names)
    return ", ".join(listed[:SAMPLE]) + (", ..." if len(listed) > SAMPLE else "")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper()).lstrip("0")
