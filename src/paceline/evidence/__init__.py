"""Is it more than noise? Intervals, bootstrap, placebo, multiple testing, effective samples.

    judgement   ``Evidence``, and several of them as one family (BH, BY); reasons, effective n
    bootstrap   stationary block bootstrap of whole sessions, block length from the data; means and
                events
    means       a mean with an interval that allows for autocorrelation, a shift of mean
    selection   what the best of many trials is worth: PSR, DSR, PBO

Pure functions over arrays; time is the last axis, NaN is missing, everything random takes a seed. A
question that cannot be answered yields an ``Evidence`` without numbers whose ``note`` gives the
reason.
"""

from paceline.evidence.bootstrap import (
    block_length,
    bootstrap_sums,
    circular_shift_placebo,
    event_evidence,
    mean_evidence,
    mean_of,
    stationary_bootstrap,
    stationary_indices,
)
from paceline.evidence.judgement import (
    MINIMUM_EFFECTIVE,
    Evidence,
    adjust,
    independent_events,
    independent_windows,
    judge_family,
    minimum_detectable,
    no_evidence,
    reason_against,
    simes,
)
from paceline.evidence.means import hac_mean, mean_error, mean_shift
from paceline.evidence.selection import deflated_sharpe, overfitting, probabilistic_sharpe

__all__ = [
    "MINIMUM_EFFECTIVE",
    "Evidence",
    "adjust",
    "block_length",
    "bootstrap_sums",
    "circular_shift_placebo",
    "deflated_sharpe",
    "event_evidence",
    "hac_mean",
    "independent_events",
    "independent_windows",
    "judge_family",
    "mean_error",
    "mean_evidence",
    "mean_of",
    "mean_shift",
    "minimum_detectable",
    "no_evidence",
    "overfitting",
    "probabilistic_sharpe",
    "reason_against",
    "simes",
    "stationary_bootstrap",
    "stationary_indices",
]
