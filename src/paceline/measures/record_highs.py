"""Record closes: when the last one was, how far away it is, how many there were this year."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline import kernels
from paceline.measures import Result, View, measure
from paceline.signals.sessions import last_close_of_year, year_of
from paceline.signals.tables import day, tidy

UNITS = {
    "is_record": "count",
    "last_record": "level",
    "sessions_since_record": "sessions",
    "distance_from_record": "return",
    "records_this_year": "count",
}


@measure(
    question="Who stands at a record high?",
    never="That a record is a warning or a promise: in a rising market most years have many.",
    of="levels",
    unit=UNITS,
    shows="table",
    bounds=(-1.0, float("inf")),
    references=("Chandler (1952), The Distribution and Frequency of Record Values",),
)
def record_highs(view: View) -> Result:
    """Record closes of each level over the whole stored history.

    A record is a close above every earlier close: L_t > max of L_s for s < t, by more than rounding
    (1e-12). The first close beats nothing and is no record. Statistics, one row each:

    is_record              1 if the last session is a record, else 0
    last_record            the highest close so far (its first session, if it was met again)
    sessions_since_record  sessions from it to the last session
    distance_from_record   d = last level / highest close - 1, zero or negative
    records_this_year      records in the calendar year of the last session

    Columns: ``start`` is the session of the highest close; ``since`` the first session of the
    history: a record is one only since then. Missing levels are passed over; a level missing today
    gives no value for is_record and distance_from_record.
    """
    end = len(view.sessions) - 1
    top = kernels.running_max(view.levels)
    records = np.zeros(view.shape, bool)
    records[:, 1:] = kernels.above(view.levels[:, 1:], top[:, :-1])
    year = last_close_of_year(view.sessions, year_of(view.sessions) - 1) + 1
    rows = []
    for row, subject in enumerate(view.subjects):
        valid = np.flatnonzero(np.isfinite(view.levels[row]))
        if not len(valid):
            continue
        now = view.levels[row, end]
        highs = np.flatnonzero(records[row])
        last = int(highs[-1]) if len(highs) else int(valid[0])
        values = {
            "is_record": float(records[row, end]) if np.isfinite(now) else float("nan"),
            "last_record": float(view.levels[row, last]),
            "sessions_since_record": float(end - last),
            "distance_from_record": min(float(now / view.levels[row, last]) - 1, 0.0)
            if np.isfinite(now)
            else float("nan"),
            "records_this_year": float(records[row, year:].sum()),
        }
        since = day(view.sessions, int(valid[0]))
        rows += [
            {
                "subject": subject,
                "statistic": name,
                "start": day(view.sessions, last),
                "end": day(view.sessions, end),
                "value": value,
                "since": since,
                "reach": "",
            }
            for name, value in values.items()
        ]
    return Result(table=tidy(rows, since=pl.Date, reach=pl.String))
