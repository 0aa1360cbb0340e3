"""Where one level stands in its own trend and among its peers."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline.measures import Array, Result, View, measure
from paceline.signals.members import SUSPENDED
from paceline.signals.ranks import percentile
from paceline.signals.tables import day, tidy
from paceline.signals.windows import change, window

UNITS = {
    "off_high": "return",
    "from_short": "return",
    "from_long": "return",
    "stalled": "count",
    "strength": "fraction",
    "strength_change_1m": "fraction",
    "strength_change_3m": "fraction",
    "strength_change_6m": "fraction",
}
HORIZONS = ("1m", "3m", "6m")
#: Peers needed for a rank to say anything.
PEERS = 3
#: A level within a tenth of a point of where the answer flips is borderline.
BORDER = 0.001


@measure(
    question="Has its momentum stalled?",
    never="That the stock is finished or will recover: the state sorts by distances, no more.",
    of="levels",
    unit=UNITS,
    shows="table",
    bounds=(-1.0, float("inf")),
    lookback=lambda p: max(p["high"], p["long"], p["strength"] + 135),
    references=(
        "Levy (1967), Relative Strength as a Criterion for Investment Selection, Journal of Finance 22",
        "George, Hwang (2004), The 52-Week High and Momentum Investing, Journal of Finance 59",
    ),
)
def trend_state(
    view: View,
    *,
    high: int = 252,
    short: int = 50,
    long: int = 200,
    off: float = 0.10,
    strength: int = 126,
) -> Result:
    """Distance of each level from its high and its means, the rank of its strength and how that has changed.

    off_high = L / (highest of the last ``high`` closes) - 1; from_short = L / (mean of the last
    ``short`` closes) - 1 and from_long likewise, with ``state`` above or below. stalled = 1 if L is
    below its short mean and more than ``off`` below its high, else 0. The four cases in words
    (``state``):

    advancing   above its short mean, within ``off`` of its high
    recovering  above its short mean, more than ``off`` below its high
    pausing     below its short mean, within ``off`` of its high
    stalled     below its short mean and more than ``off`` below its high

    strength is the place of its return over ``strength`` sessions among its peers, (rank - 1) / (n
    - 1): 0 the weakest, 1 the strongest, ties in the middle; strength_change_1m, _3m, _6m =
    strength now - strength at the close so many months before. Peers are the baskets of each
    ``group`` it is in, and all subjects ("all").

    high      sessions of the high, today included
    short     sessions of the short mean, today included
    long      sessions of the long mean, today included
    off       fraction below the high that counts as far
    strength  sessions of the return that is ranked

    ``borderline``: a move of 0.1% either way gives another state. Missing: no value without a level
    today; of a window at most ten levels may be missing, and they are passed over; a rank needs
    three peers with a return (n_used).
    """
    end = len(view.sessions) - 1
    now = view.levels[:, end]
    windows = {"off_high": high, "from_short": short, "from_long": long}
    base: dict[str, Array] = {}
    for name, sessions in windows.items():
        past = view.levels[:, max(end + 1 - sessions, 0) :]
        whole = np.isfinite(now) & (np.isfinite(past).sum(axis=1) >= max(sessions - SUSPENDED, 1))
        base[name] = np.full(len(now), np.nan)
        if whole.any():
            base[name][whole] = (np.nanmax if name == "off_high" else np.nanmean)(
                past[whole], axis=1
            )
    today = day(view.sessions, end)
    rows: list[dict[str, object]] = []
    for row, subject in enumerate(view.subjects):
        head = {"subject": subject, "end": today}
        level, top, mean = (
            float(now[row]),
            float(base["off_high"][row]),
            float(base["from_short"][row]),
        )
        for name, sessions in windows.items():
            value = level / float(base[name][row]) - 1
            known = bool(np.isfinite(value))
            rows.append(
                {
                    **head,
                    "statistic": name,
                    "start": day(view.sessions, end + 1 - sessions),
                    "value": value,
                    "state": (_side(value) if known else None) if name != "off_high" else None,
                    "borderline": abs(value) < BORDER if known and name != "off_high" else None,
                    "reason": None if known else f"{sessions} closes are needed",
                }
            )
        known = bool(np.isfinite(level + top + mean))
        states = [_state(level * (1 + x), top, mean, off) for x in (0.0, -BORDER, BORDER)]
        rows.append(
            {
                **head,
                "statistic": "stalled",
                "start": day(view.sessions, end + 1 - max(high, short)),
                "value": float(states[0] == "stalled") if known else float("nan"),
                "state": states[0] if known else None,
                "borderline": len(set(states)) > 1 if known else None,
                "reason": None if known else f"{max(high, short)} closes are needed",
            }
        )
    return Result(
        table=tidy(
            [*rows, *_strength(view, strength)],
            group=pl.String,
            state=pl.String,
            borderline=pl.Boolean,
            reason=pl.String,
        )
    )


def _side(distance: float) -> str:
    return "above" if distance > 1e-12 else "below" if distance < -1e-12 else "at"


def _state(level: float, top: float, mean: float, off: float) -> str:
    far = level < top * (1 - off)
    if level < mean * (1 - 1e-12):
        return "stalled" if far else "pausing"
    return "recovering" if far else "advancing"


def _strength(view: View, sessions: int) -> list[dict[str, object]]:
    """Rows of the rank of strength and of its changes, for each group and for all subjects."""
    end = len(view.sessions) - 1
    dates = {"": end, **{name: window(view, name)[0] for name in HORIZONS}}
    moves = {name: change(view.levels, at - sessions, at) for name, at in dates.items()}
    rows: list[dict[str, object]] = []
    for group, members in {"all": tuple(range(len(view.subjects))), **view.groups}.items():
        here = np.array(members, np.int64)
        places = {name: percentile(move[here]) for name, move in moves.items()}
        peers = {name: int(np.isfinite(move[here]).sum()) for name, move in moves.items()}
        for k, s in enumerate(here.tolist()):
            for name, at in dates.items():
                enough = min(peers[""], peers[name]) >= PEERS
                value = float(places[""][k] - (places[name][k] if name else 0.0))
                known = enough and bool(np.isfinite(value))
                rows.append(
                    {
                        "subject": view.subjects[s],
                        "statistic": f"strength_change_{name}" if name else "strength",
                        "start": day(view.sessions, at if name else end - sessions),
                        "end": day(view.sessions, end),
                        "value": value if known else float("nan"),
                        "n_used": min(peers[""], peers[name]),
                        "n_eligible": len(here),
                        "group": group,
                        "reason": None
                        if known
                        else f"a rank needs {PEERS} peers with a return"
                        if not enough
                        else "too little history for this return",
                    }
                )
    return rows
