"""Whether turns last, on real factors and industries: our count beside an independent one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from paceline.methods.detector import detect
from paceline.methods.turn_record import followed, pooled, share


def daily(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Days as YYYYMMDD and the columns of a daily file of the French library, as fractions."""
    names: list[str] = []
    rows: list[list[float]] = []
    for line in path.read_text(encoding="latin-1").splitlines():
        cells = [c.strip() for c in line.split(",")]
        day = cells[0].replace("-", "")
        if not names:
            names = cells[1:] if len(cells) > 1 and day in ("", "Date") else []
        elif day.isdigit() and len(day) == 8:
            rows.append([float(day), *map(float, cells[1:])])
        elif rows:
            break
    table = np.array(rows)
    values = np.where(table[:, 1:] < -99, np.nan, table[:, 1:]) / 100
    return table[:, 0].astype(int), dict(zip(names, values.T, strict=True))


def test_turns_go_a_little_further_since_1928_and_hardly_since_1990(data: Path) -> None:
    """54.4% of 2,222 turns and 51.8% of 894 were counted elsewhere, on nearly these lines."""
    days, factors = daily(data / "french/F-F_Research_Data_Factors_daily.csv")
    when, momentum = daily(data / "french/F-F_Momentum_Factor_daily.csv")
    then, industries = daily(data / "french/10_Industry_Portfolios_Daily.csv")
    market = factors["Mkt-RF"] + factors["RF"]
    _, here, there = np.intersect1d(then, days, return_indices=True)
    lines = {"SMB": (days, np.log1p(factors["SMB"])), "HML": (days, np.log1p(factors["HML"]))}
    lines["losers"] = (when, np.log1p(-momentum["Mom"]))
    for name, returns in industries.items():
        lines[name] = (then[here], np.log1p(returns[here]) - np.log1p(market[there]))
    every = np.unique(np.concatenate([d for d, _ in lines.values()]))
    records = []
    for own, changes in lines.values():
        line = np.cumsum(np.nan_to_num(changes))[None]
        one = followed(line, detect(line))
        records.append(replace(one, known=np.searchsorted(every, own[one.known])))
    turns = pooled(records)
    whole = share(turns.further, turns.known)
    late = turns.chosen(every[turns.known] >= 19900101)
    recent = share(late.further, late.known)
    assert 1900 < whole.n < 2300 and 650 < recent.n < 900
    assert whole.low is not None and whole.high is not None and whole.low < 0.544 < whole.high
    assert recent.low is not None and recent.high is not None and recent.low < 0.518 < recent.high
    assert whole.low > 0.5 > recent.low
