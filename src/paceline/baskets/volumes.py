"""Volumes that cannot be right by themselves: missing, zero on a move, in another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Bools, Ints
from paceline.baskets.caps import CHUNK
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: A zero is told of who trades on more than this part of its sessions.
TRADES = 0.75
#: Sessions of which the middle is compared with that of as many after the next ones, of which so
#: many must have traded; and how many times more or less is another unit.
BLOCK, ENOUGH, FACTOR = 21, 10, 300.0
#: How the caveats begin.
LACKING = "volumes are missing"
ZERO = "volumes are zero though prices moved"
LEAP = "volumes leap and stay"


def odd_volumes(panel: Panel, held: Bools) -> list[str]:
    """What is odd about the volumes of the securities ``held`` (N,), in words.

    Nothing where none of them has any. Missing and zero ones are of the last 252 sessions, to which
    figures look back. A leap is one of close times volume, three hundredfold or more, from one
    month to the second after it.
    """
    if not {"volume", "close"} <= set(panel.fields) or not (panel.fields["volume"][held] > 0).any():
        return []
    recent = slice(-SESSIONS_PER_YEAR, None)
    volume, close = panel.fields["volume"], panel.fields["close"][:, recent]
    name = "price_return" if "price_return" in panel.fields else "total_return"
    out = []
    lacking = held[:, None] & np.isfinite(close) & np.isnan(volume[:, recent])
    if lacking.any():
        out.append(f"{LACKING}: {_who(panel, lacking)}")
    if name in panel.fields:
        moved = np.nan_to_num(panel.fields[name][:, recent]) != 0
        zero = held[:, None] & moved & (volume[:, recent] == 0)
        known, trades = (np.count_nonzero(a, axis=1) for a in (np.isfinite(volume), volume > 0))
        zero[trades <= TRADES * known] = False
        if zero.any():
            out.append(f"{ZERO}: {_who(panel, zero)}")
    leaps = [leap for leap in _leaps(panel) if held[leap[0]]]
    if leaps:
        row, t, factor = max(leaps, key=lambda leap: leap[1])
        more = f", and {number_of(len(leaps) - 1, 'other leap')}" if len(leaps) > 1 else ""
        what = f"{panel.securities[row]} times {factor:.1g} from {panel.sessions[t]} on"
        out.append(f"{LEAP}: {what}{more}")
    return out


def _who(panel: Panel, cells: Bools) -> str:
    """Of how many members on how many of the sessions, and the one it is most often."""
    count = np.count_nonzero(cells, axis=1)
    days = np.flatnonzero(cells.any(axis=0))
    last = panel.sessions[len(panel.sessions) - cells.shape[1] + int(days[-1])]
    most = panel.securities[int(count.argmax())]
    members = number_of(int((count > 0).sum()), "member")
    return f"{members} on {number_of(len(days), 'session')}, last {last}, most often {most}"


def _leaps(panel: Panel) -> tuple[tuple[int, int, float], ...]:
    """Row, first session and factor of every leap, worked out once for a panel."""
    key = "leaps of volumes"
    if key not in panel.memo:
        found: list[tuple[int, int, float]] = []
        for start in range(0, len(panel.securities), CHUNK):
            rows = slice(start, start + CHUNK)
            dollars = panel.fields["close"][rows] * panel.fields["volume"][rows]
            found += [(start + i, t, times) for i, t, times in _leaps_of(dollars)]
        panel.memo[key] = tuple(found)
    leaps: tuple[tuple[int, int, float], ...] = panel.memo[key]
    return leaps


def _leaps_of(dollars: Array) -> list[tuple[int, int, float]]:
    """The same of (n, T) dollars."""
    n, T = dollars.shape
    first = T % BLOCK
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.where(dollars > 0, dollars, np.nan))
    blocks = np.sort(logs[:, first:].reshape(n, -1, BLOCK), axis=2)  # NaN last
    count = np.count_nonzero(np.isfinite(blocks), axis=2)
    middle = np.take_along_axis(blocks, np.maximum(count - 1, 0)[..., None] // 2, axis=2)[..., 0]
    middle[count < ENOUGH] = np.nan
    off = middle[:, 2:] - middle[:, :-2]
    far = np.abs(off) >= np.log10(FACTOR)
    far[:, 1:] &= ~far[:, :-1]  # one leap on the border of two blocks is far twice
    return [
        (i, _since(logs[i], first + k * BLOCK, middle[i, k], middle[i, k + 2]), 10 ** off[i, k])
        for i, k in np.argwhere(far).tolist()
    ]


def _since(logs: Array, start: int, before: float, after: float) -> int:
    """The first session of the three blocks from ``start`` on that is nearer to what came after."""
    own = logs[start : start + 3 * BLOCK]
    near: Ints = np.flatnonzero(np.abs(own - after) < np.abs(own - before))
    return start + int(near[0])
