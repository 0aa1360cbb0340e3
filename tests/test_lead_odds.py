"""Who leads later: looks by hand and causal, the model against others' code, and the rule on noise
and on leads that can be told."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paceline.errors import UsageError
from paceline.methods import lead_odds as methods
from paceline.methods.detector import detect, sigma
from paceline.methods.lead_looks import FEATURES, Looks, known_at, looks, pooled
from paceline.methods.lead_odds import fit, logistic, odds, record, skill
from paceline.methods.unusual import unusual
from paceline.store.cache import Cache
from paceline.studies.lead_odds import kept_odds

Array = np.ndarray


def weekdays(n: int, begin: str = "1985-01-01") -> Array:
    days: Array = np.busday_offset(begin, np.arange(n), roll="forward").astype("datetime64[D]")
    return days


def walk(seed: int, n: int = 1500) -> Array:
    return np.cumsum(np.random.default_rng(seed).standard_t(5, n) * 0.01)


def of(line: Array, horizons: tuple[int, ...] = (21, 63)) -> Looks:
    return looks(weekdays(len(line)), line, detect(line[None]), horizons=horizons)


# ---- looks


def test_looks_are_at_the_last_session_of_each_month_with_a_leader() -> None:
    line = walk(1)
    days, turns = weekdays(len(line)), detect(line[None])
    found = of(line)
    at = [np.flatnonzero(days.astype("datetime64[M]") == m)[-1] for m in found.month]
    assert len(at) > 40 and len(np.unique(found.month)) == len(at)
    assert (turns.state[0, at] != 0).all()
    first = int(np.flatnonzero(turns.state[0])[0])
    assert found.month[0] == days[first].astype("datetime64[M]")
    for k, t in enumerate(at):
        for h in (21, 63):
            if t + h < len(line):
                gain = turns.state[0, t] * (line[t + h] - line[t])
                assert found.ahead[h][k] == (gain > 0) and found.ended[h][k] == days[t + h]
            else:
                assert np.isnan(found.ahead[h][k]) and np.isnat(found.ended[h][k])


def test_what_is_known_of_a_lead_is_what_its_day_knew() -> None:
    """Each look again from the line cut at its day, by the functions that judge themes."""
    line = walk(2)
    turns, volatility = detect(line[None]), sigma(line[None])[0]
    at = np.flatnonzero(turns.state[0])[::97]
    found = dict(zip(FEATURES, known_at(line, turns, at).T, strict=True))
    for k, t in enumerate(at.tolist()):
        cut = line[: t + 1]
        then = detect(cut[None])
        moves = unusual(cut, then)
        way, own = int(then.state[0, -1]), moves.moves[-1]
        assert moves.largest is not None
        assert own.sessions == t - then.extreme[-1]
        size = way * own.change / (volatility[t] * math.sqrt(63))
        assert found["size"][k] == pytest.approx(size)
        assert found["age"][k] == pytest.approx(math.log(own.sessions))
        assert found["unusual"][k] == pytest.approx(way * moves.largest.z)
        back = then.move[0, -1] / then.barrier[0, -1]
        assert found["given back"][k] == pytest.approx(back) and 0 <= back < 1
        usual = math.log(volatility[t] / np.nanmean(volatility[: t + 1]))
        assert found["volatility"][k] == pytest.approx(usual)


def test_a_line_that_stopped_has_no_look_and_no_outcome_after_its_end() -> None:
    line = walk(3)
    stopped = line.copy()
    stopped[1200:] = np.nan
    whole, cut = of(line), of(stopped)
    days = weekdays(len(line))
    assert cut.month[-1] <= days[1199].astype("datetime64[M]")
    assert (cut.ended[63][np.isfinite(cut.ahead[63])] <= days[1199]).all()
    n = int(np.isfinite(cut.ahead[63]).sum())
    assert_array_equal(cut.ahead[63][:n], whole.ahead[63][:n])


def test_lines_too_short_or_empty_have_no_looks() -> None:
    for line in (np.empty(0), np.full(400, np.nan), walk(4, 100)):
        assert len(of(line)) == 0
    assert len(pooled([])) == 0
    with pytest.raises(UsageError, match="do not belong together"):
        looks(weekdays(9), walk(4, 8), detect(walk(4, 8)[None]))


# ---- the model


def test_the_model_is_that_of_other_peoples_code() -> None:
    from scipy.optimize import minimize
    from statsmodels.discrete.discrete_model import Logit

    rng = np.random.default_rng(5)
    x = rng.standard_normal((300, 3))
    y = (rng.random(300) < 1 / (1 + np.exp(-(0.3 + 0.8 * x[:, 0])))).astype(float)
    free = Logit(y, np.column_stack([np.ones(300), x])).fit(disp=0).params
    assert_allclose(logistic(x, y, prior=1e6), free, atol=1e-6)

    def loss(b: Array) -> float:
        eta = b[0] + x @ b[1:]
        likely = 0.4 * (y * eta - np.logaddexp(0, eta)).sum()
        return float(-likely + (b[1:] ** 2).sum() / (2 * 0.1**2))

    least = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    assert_allclose(logistic(x, y, weight=0.4, prior=0.1), least, atol=1e-5)


def test_without_slopes_the_model_is_the_base_rate() -> None:
    x, y = np.random.default_rng(6).standard_normal((50, 2)), np.repeat([1.0, 0.0], [30, 20])
    assert_allclose(logistic(x, y, prior=1e-6), [math.log(0.6 / 0.4), 0, 0], atol=1e-9)


def test_scores_by_hand() -> None:
    chance, came = np.array([0.8, 0.3]), np.array([1.0, 0.0])
    assert_allclose(methods.brier(chance, came), [0.04, 0.09])
    assert_allclose(methods.log_score(chance, came), [-math.log(0.8), -math.log(0.7)])


def test_a_month_counts_by_its_looks() -> None:
    month = np.array(["2000-01", "2000-01", "2000-03", "2000-01"], "datetime64[M]")
    found = methods.by_month(np.array([1.0, 1.0, 0.0, 1.0]), month)
    # 0.75 + three deviations of 0.25 times 2 / 4, and 0.75 less 0.75 times 2 / 4; none in February
    assert_allclose(found, [1.125, np.nan, 0.375])
    assert np.nanmean(found) == pytest.approx(0.75)


def test_lines_that_move_together_are_worth_one() -> None:
    rng = np.random.default_rng(7)
    month = np.arange("1950-01", "2020-01", dtype="datetime64[M]")
    one = (rng.random(len(month)) < 0.5).astype(float)
    alone = methods.independent(one, month, 21)
    ten = methods.independent(np.tile(one, 10), np.tile(month, 10), 21)
    assert ten == pytest.approx(alone, rel=0.2) and 600 < alone <= len(month)
    other = (rng.random(10 * len(month)) < 0.5).astype(float)
    assert methods.independent(other, np.tile(month, 10), 21) > 5 * alone
    # outcomes over a year overlap with the next eleven
    assert methods.independent(one, month, 252) <= len(month) / 12
    assert methods.independent(np.ones(840), month, 21) == 0.0


# ---- looks that are made: what was known of them tells what came, or does not


def made(seed: int, horizon: int, slope: float, *, lines: int = 6, first: str = "1930-01") -> Looks:
    """Looks at lines by month: their next months are normal, moved by a feature that lasts."""
    rng = np.random.default_rng(seed)
    month = np.arange(first, "2025-01", dtype="datetime64[M]")
    k, n = horizon // 21, len(month)
    x = rng.standard_normal((lines, n, len(FEATURES)))
    for t in range(1, n):
        x[:, t] = 0.9 * x[:, t - 1] + math.sqrt(1 - 0.81) * x[:, t]
    steps = rng.standard_normal((lines, n + k))
    ahead = np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1)
    gain = ahead[:, k:][:, :n] - ahead[:, :n] + slope * math.sqrt(k) * x[:, :, 1]
    ended = np.tile((month + k).astype("datetime64[D]") + 20, lines)
    outcome = (gain > 0).astype(float).ravel()
    late = ended > np.datetime64("2024-12-31")
    return Looks(
        np.tile(month, lines),
        x.reshape(-1, len(FEATURES)),
        {horizon: np.where(late, np.nan, outcome)},
        {horizon: np.where(late, np.datetime64("NaT"), ended)},
    )


@pytest.mark.parametrize("horizon", [21, 252])
def test_an_age_that_tells_is_used(horizon: int) -> None:
    found = odds(made(8, horizon, 0.6), horizon, 2025)
    assert found.used and found.fit.weights[2] > 0.1
    scores = found.scores
    assert scores["brier"].model < scores["brier"].base
    assert scores["log"].gain.low is not None and scores["log"].gain.low > 0
    old, young = (np.eye(5)[1] * s for s in (2.0, -2.0))
    assert found.chance(old) > found.base.effect > found.chance(young)
    bins = methods.reliability(found.record)
    came = [b.came.effect for b in bins if b.came.effect is not None]
    assert came == sorted(came) and len(came) > 2


def test_noise_is_not_used() -> None:
    """Of 25 markets of noise whose outcomes overlap by a year, the rule lets no more than one by;
    docs/calibration.md has the rate over more."""
    pools = [made(s, 252, 0.0, lines=3, first="1925-01") for s in range(100, 125)]
    assert sum(methods.beats(skill(record(p, 252))) for p in pools) <= 1


def test_the_model_that_is_not_used_gives_the_base_rate() -> None:
    found = odds(made(9, 63, 0.0), 63, 2025)
    assert not found.used and found.fit.fitted
    assert found.chance(np.full(5, 3.0)) == found.fit.base == pytest.approx(found.base.effect)


def test_forecasts_are_those_that_could_have_been_made() -> None:
    """What came after a year began changes no forecast of that year, nor of any before it."""
    whole = made(10, 252, 0.4)
    cut = np.datetime64("2004-01-01")
    later = ~(whole.ended[252] < cut)
    upset = replace(whole, ahead={252: np.where(later, 1 - whole.ahead[252], whole.ahead[252])})
    gone = replace(
        whole,
        ahead={252: np.where(later, np.nan, whole.ahead[252])},
        ended={252: np.where(later, np.datetime64("NaT"), whole.ended[252])},
    )
    now, was, then = record(whole, 252), record(upset, 252), record(gone, 252)
    before = now.month < np.datetime64("2005-01")
    assert_array_equal(now.chance[before], was.chance[before])
    assert_array_equal(now.base[before], was.base[before])
    assert not np.array_equal(now.chance[~before], was.chance[~before])
    known = len(then.month)
    assert known > 500
    rows = np.flatnonzero(whole.ended[252] < cut)
    among = np.flatnonzero(np.isfinite(whole.ahead[252]) & (whole.month >= now.month.min()))
    shown = np.isin(among, rows)
    assert_array_equal(now.chance[shown], then.chance)
    assert_array_equal(now.outcome[shown], then.outcome)


def test_a_fit_knows_what_ended_before_its_day_only() -> None:
    whole = made(11, 63, 0.0)
    day = np.datetime64("1990-01-01")
    model = fit(whole, 63, day)
    chosen = whole.ended[63] < day
    assert model.looks == chosen.sum() and model.base == whole.ahead[63][chosen].mean()
    after = whole.ended[63][~chosen]
    assert whole.ended[63][chosen].max() < day <= after[~np.isnat(after)].min()
    assert_allclose(model.mean, whole.known[chosen].mean(axis=0))


def test_a_line_cut_at_a_day_has_the_forecasts_of_the_whole_line() -> None:
    lines, cut = [walk(s, 4200) for s in range(20, 25)], 3800
    whole = pooled([of(x) for x in lines], (21, 63))
    short = pooled(
        [
            looks(weekdays(4200)[:cut], x[:cut], detect(x[None, :cut]), horizons=(21, 63))
            for x in lines
        ],
        (21, 63),
    )
    all_, then = (record(p, 21, first=1994) for p in (whole, short))
    assert len(then.month) > 200
    # of the same months in the same order: those of the cut lines come first but for the last ones
    last = then.month.max()
    for name in ("chance", "base", "outcome"):
        some = getattr(all_, name)[all_.month < last]
        assert_array_equal(some, getattr(then, name)[then.month < last])


def test_few_looks_fit_no_model_and_none_say_nothing() -> None:
    few = odds(made(12, 252, 0.6, lines=2, first="1990-01"), 252, 2025)
    assert few.fit.looks > 700 and not few.fit.fitted and not few.used
    assert few.chance(np.full(5, 9.0)) == few.fit.base == pytest.approx(few.base.effect)
    assert few.scores["log"].gain.note.startswith("no year had")
    nothing = odds(pooled([]), 63, 2025)
    assert not nothing.used and nothing.base.note == "no look has an outcome yet"
    assert math.isnan(nothing.fit.base)


def test_odds_that_are_kept_are_the_odds(tmp_path: Path) -> None:
    looked = pooled([of(walk(seed, 6000), (21, 63, 126, 252)) for seed in range(8)])
    year = int(str(looked.month.max())[:4])
    made = odds(looked, 21, year)
    for cache in (Cache(tmp_path), Cache(tmp_path)):  # worked out, then read
        found = kept_odds(cache, looked, 21, year)
        for name, part in vars(found.fit).items():
            assert_array_equal(part, getattr(made.fit, name))
        for name, part in vars(found.record).items():
            assert_array_equal(part, getattr(made.record, name))
            assert np.asarray(part).dtype == np.asarray(getattr(made.record, name)).dtype
        assert (found.base, found.used) == (made.base, made.used)
        assert found.scores == made.scores
    assert len(found.record.month)
