"""What holds for every test: one profile of Hypothesis, which no busy machine can make fail."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No example has to be done or made in a given time. CI draws the same examples in every run, so
# that a red run is the change's fault; elsewhere they are new each time, and a failure prints how
# to draw its example again.
settings.register_profile(
    "paceline",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
)
settings.load_profile("paceline")
