"""Published and independently computed numbers that no other test holds, and where the others are.

METHODS 1   level and divisor, contributions, continuity: test_indices.py; correlation with funds:
            tests/real
METHODS 6   McClellan: test_kernels.py, test_measures.py; here: the exponential mean of the breadth
            thrust
METHODS 7   HHI, effective and entropy number: answers/concentration.csv; Apple at the end of 2024:
            tests/real; here: what S&P prints for equal weights
METHODS 8   the path of fourteen prices: test_kernels.py; bear markets: answers/swing_lows.csv,
            tests/real
METHODS 12  here: the statistics against empyrical
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paceline import kernels
from paceline.measures.concentration import statistics
from paceline.signals import statistics as _stats

T = np.arange(300.0)
RETURNS = 0.012 * np.sin(1.7 * T) + 0.004 * np.sin(0.05 * T) + 0.0006
BENCHMARK = 0.009 * np.cos(1.3 * T) + 0.0004
#: empyrical-reloaded 0.7.1 on those two series; its excess_sharpe is not annualised.
EMPYRICAL = {
    "annual_return": 0.2917996483118763,
    "annual_volatility": 0.14198631731341393,
    "sharpe_ratio(risk_free=0.0001)": 1.697368237512696,
    "sortino_ratio(required_return=0.0002)": 2.3483676980390067,
    "max_drawdown": -0.1321119223114108,
    "excess_sharpe": 0.05881053372064944,
}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (_stats.cagr(RETURNS), "annual_return"),
        (_stats.volatility(RETURNS), "annual_volatility"),
        (_stats.sharpe(RETURNS, 0.0001), "sharpe_ratio(risk_free=0.0001)"),
        (_stats.sortino(RETURNS, 0.0002), "sortino_ratio(required_return=0.0002)"),
        (_stats.max_drawdown(RETURNS), "max_drawdown"),
        (_stats.information_ratio(RETURNS, BENCHMARK) / np.sqrt(252), "excess_sharpe"),
    ],
)
def test_risk_and_return_equal_empyrical(ours: float, theirs: str) -> None:
    assert float(ours) == pytest.approx(EMPYRICAL[theirs], rel=1e-10)


def test_the_exponential_mean_of_a_breadth_thrust() -> None:
    """METHODS 6: after fifteen days of 0.35, then 0.85, the 10-day EMA passes 0.615 on day four.

    A mean passes it on the sixth."""
    share = np.array([0.35] * 15 + [0.85] * 10)
    ema, mean = kernels.ema(share, 2 / 11), kernels.move_mean(share, 10)
    assert int((ema > 0.615).argmax()) - 14 == 4
    assert int((mean > 0.615).argmax()) - 14 == 6


def test_concentration_of_equal_weights() -> None:
    """METHODS 7: Herfindahl in percent squared is 20 for 500 equal companies, 200 for 50."""
    for n, published in ((500, 20), (50, 200)):
        found = statistics(np.full((1, n), 1 / n))
        assert float(found["hhi"][0]) * 1e4 == pytest.approx(published, rel=1e-12)
        assert float(found["effective_number"][0]) == pytest.approx(n, rel=1e-12)


# ---- the checks on real data fail where the data are missing
# -------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "said"), [(None, "PACELINE_DATA is not set"), ("empty", "us/screener_daily.parquet")]
)
def test_real_checks_fail_without_their_data(tmp_path: Path, folder: str | None, said: str) -> None:
    """A missing oracle fails; it never skips."""
    here = Path(__file__).parent
    env = {k: v for k, v in os.environ.items() if k != "PACELINE_DATA"}
    if folder:
        (tmp_path / folder).mkdir()
        env["PACELINE_DATA"] = str(tmp_path / folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "real",
            "-p",
            "no:cacheprovider",
            "tests/real/test_real_drivers.py",
        ],
        cwd=here.parent,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert said in done.stdout
    assert "skipped" not in done.stdout
    assert "passed" not in done.stdout


def test_the_default_run_leaves_the_real_checks_out() -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "tests/real"],
        cwd=here.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, "nothing is left"
    assert "deselected" in done.stdout


def test_a_company_without_weight_concentrates_nothing() -> None:
    found = statistics(np.array([[0.5, 0.5, 0.0]]))
    assert found["effective_number"] == pytest.approx([2])
    assert found["entropy_number"] == pytest.approx([2])
    assert found["top10"] == pytest.approx([1])
