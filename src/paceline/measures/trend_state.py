"""Where one level stands in its own trend and among its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import polars as pl

from paceline.arrays import PATIENCE
from paceline.measures import Array, Result, View, measure
from paceline.signals.ranks import percentile
from paceline.signals.returns import return_between
from paceline.signals.tables import day, tidy
from paceline.signals.windows import window
from paceline.wording import number_of

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
#: Sessions of the longest horizon, with some to spare.
HALF_YEAR = 135
#: Peers needed for a rank to say anything.
PEERS = 3
#: A level within a tenth of a point of where the answer flips is borderline.
BORDER = 0.001
#: A relative difference below this is rounding.
ROUNDING = 1e-12


@measure(
    question="Has its momentum stalled?",
    never="That the stock is finished or will recover: the state sorts by distances, no more.",
    of="levels",
    unit=UNITS,
    shows="table",
    bounds=(-1.0, float("inf")),
    lookback=lambda p: max(p["high"], p["long"], p["strength"] + HALF_YEAR),
    references=(
        "Levy (1967), Relative Strength as a Criterion for Investment Selection, "
        "Journal of Finance 22",
        "George, Hwang (2004), The 52-Week High and Momentum Investing, Journal of Finance 59",
    ),
    limits={"off": (0, 1)},
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
    """Distance of each level from its high and its means; the rank of its strength and its change.

    off_high    drawdown from the high: L / (highest of the last ``high`` closes) - 1
    from_short  L / (mean of the last ``short`` closes) - 1, with ``state`` above or below
    from_long   the same of the last ``long`` closes
    stalled     1 if L is below its short mean and more than ``off`` below its high, else 0

    The four cases in words (``state`` of stalled):

    advancing   above its short mean, within ``off`` of its high
    recovering  above its short mean, more than ``off`` below its high
    pausing     below its short mean, within ``off`` of its high
    stalled     below its short mean and more than ``off`` below its high

    strength is the percentile of its return over ``strength`` sessions among its peers,
    (rank - 1) / (n - 1): 0 the weakest, 1 the strongest, ties in the middle; strength_change_1m,
    _3m, _6m = strength now - strength at the close so many months before. Peers are the baskets of
    each ``group`` it is in, and all subjects ("all").

    high      sessions of the high, today included
    short     sessions of the short mean, today included
    long      sessions of the long mean, today included
    off       fraction below the high that counts as far
    strength  sessions of the return that is ranked

    ``borderline``: a move of 0.1% either way gives another state. Missing: no value without a level
    today; of a window at most ten levels may be missing, and they are passed over; a rank needs
    three peers with a return (n_used).
    """
    bases = {
        "off_high": (high, _over(view.levels, high, np.nanmax)),
        "from_short": (short, _over(view.levels, short, np.nanmean)),
        "from_long": (long, _over(view.levels, long, np.nanmean)),
    }
    rows: list[dict[str, object]] = []
    for row, subject in enumerate(view.subjects):
        level = float(view.levels[row, -1])
        own = {name: (n, float(base[row])) for name, (n, base) in bases.items()}
        rows += [{"subject": subject, **r} for r in _distances(view, level, own)]
        rows.append({"subject": subject, **_stalled(view, level, own, off)})
    return Result(
        table=tidy(
            [*rows, *_strength(view, strength)],
            group=pl.String,
            state=pl.String,
            borderline=pl.Boolean,
            reason=pl.String,
        )
    )


def _over(levels: Array, sessions: int, statistic: Callable[..., Array]) -> Array:
    """(S,) a statistic of the last closes; missing without one today, or with too many missing."""
    past = levels[:, max(levels.shape[1] - sessions, 0) :]
    least = max(sessions - PATIENCE, 1)
    whole = np.isfinite(levels[:, -1]) & (np.isfinite(past).sum(axis=1) >= least)
    result = np.full(len(levels), np.nan)
    if whole.any():
        result[whole] = statistic(past[whole], axis=1)
    return result


def _distances(
    view: View, level: float, bases: Mapping[str, tuple[int, float]]
) -> Iterator[dict[str, object]]:
    """Distance of one level from its high and from its means."""
    end = len(view.sessions) - 1
    for name, (sessions, base) in bases.items():
        value = level / base - 1
        known = bool(np.isfinite(value))
        sided = known and name != "off_high"
        yield {
            "statistic": name,
            "start": day(view.sessions, end + 1 - sessions),
            "end": day(view.sessions, end),
            "value": value,
            "state": _side(value) if sided else None,
            "borderline": abs(value) < BORDER if sided else None,
            "reason": None if known else f"{number_of(sessions, 'close is', 'closes are')} needed",
        }


def _stalled(
    view: View, level: float, bases: Mapping[str, tuple[int, float]], off: float
) -> dict[str, object]:
    """Whether one level is below its short mean and far below its high."""
    end = len(view.sessions) - 1
    (high, top), (short, mean) = bases["off_high"], bases["from_short"]
    known = bool(np.isfinite(level + top + mean))
    states = [_state(level * (1 + x), top, mean, off) for x in (0.0, -BORDER, BORDER)]
    sessions = max(high, short)
    return {
        "statistic": "stalled",
        "start": day(view.sessions, end + 1 - sessions),
        "end": day(view.sessions, end),
        "value": float(states[0] == "stalled") if known else float("nan"),
        "state": states[0] if known else None,
        "borderline": len(set(states)) > 1 if known else None,
        "reason": None if known else f"{number_of(sessions, 'close is', 'closes are')} needed",
    }


def _side(distance: float) -> str:
    """Above, below or at, by more than rounding."""
    return "above" if distance > ROUNDING else "below" if distance < -ROUNDING else "at"


def _state(level: float, top: float, mean: float, off: float) -> str:
    """Which of the four cases a level is."""
    far = level < top * (1 - off)
    if level < mean * (1 - ROUNDING):
        return "stalled" if far else "pausing"
    return "recovering" if far else "advancing"


def _strength(view: View, sessions: int) -> list[dict[str, object]]:
    """Rows of the rank of strength and of its changes, for each group and for all subjects."""
    end = len(view.sessions) - 1
    dates = {"": end, **{name: window(view, name)[0] for name in HORIZONS}}
    moves = {name: return_between(view.levels, at - sessions, at) for name, at in dates.items()}
    rows: list[dict[str, object]] = []
    for group, members in {"all": tuple(range(len(view.subjects))), **view.groups}.items():
        own = np.array(members, np.int64)
        places = {name: percentile(move[own]) for name, move in moves.items()}
        peers = {name: int(np.isfinite(move[own]).sum()) for name, move in moves.items()}
        for k, s in enumerate(own.tolist()):
            for name, at in dates.items():
                enough = min(peers[""], peers[name]) >= PEERS
                value = float(places[""][k] - (places[name][k] if name else 0.0))
                reason = None
                if not enough:
                    reason = f"a rank needs {PEERS} peers with a return"
                elif not np.isfinite(value):
                    reason = "too little history for this return"
                rows.append(
                    {
                        "subject": view.subjects[s],
                        "statistic": f"strength_change_{name}" if name else "strength",
                        "start": day(view.sessions, at if name else end - sessions),
                        "end": day(view.sessions, end),
                        "value": value if reason is None else float("nan"),
                        "n_used": min(peers[""], peers[name]),
                        "n_eligible": len(own),
                        "group": group,
                        "reason": reason,
                    }
                )
    return rows
