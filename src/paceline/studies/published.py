"""Published daily factors, compounded over the windows of the benchmark's returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.signals import french
from paceline.studies import analogues
from paceline.studies.answers import Answers


class CompoundedFactor(NamedTuple):
    """One published factor and its compounded return over each window, None where it has none."""

    name: str
    returns: list[Figure | None]


def compounded(ask: Answers, windows: Sequence[str]) -> list[CompoundedFactor]:
    """The stored daily factors over ``windows`` of the measure ``performance``; empty without any.

    A window has a value where the series reaches to its end; days without a value are left out.
    """
    stored = analogues.history(ask.market)
    if stored is None or stored[3] != 1:  # monthly values cannot follow the windows
        return []
    days, returns, names, _ = stored
    provenance = ask.market.moment.lineage.with_series(ask.market.provenance())
    asked = [ask.one("performance", ask.benchmark, window) for window in windows]
    rows = []
    for name, values in zip(names, returns, strict=True):
        question = provenance.question(
            "compounded",
            {"series": name, "as_of": ask.market.as_of},
            code_of(__name__),
            names=[name],
            parents=[f.step for f in asked if f is not None],
            caveats=["daily returns of a long-short factor, compounded"],
            measure="factor_history",
        )
        cells: list[Figure | None] = []
        last = str(days[np.isfinite(values)][-1:].max(initial=np.datetime64("0001-01-01")))
        for same in asked:
            if same is None or not same.start or last < str(same.end):
                cells.append(None)
                continue
            inside = (
                (days > np.datetime64(same.start))
                & (days <= np.datetime64(str(same.end)))
                & np.isfinite(values)
            )
            cells.append(
                question.figure(
                    name,
                    float(np.prod(1 + values[inside]) - 1),
                    "return",
                    statistic=same.statistic,
                    label=french.spoken(name),
                    start=same.start,
                    end=same.end,
                    extra={"factor": name.rpartition("/")[2]},
                )
            )
        rows.append(CompoundedFactor(french.spoken(name), cells))
    return rows
