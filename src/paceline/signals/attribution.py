"""Brinson-Fachler attribution and its linking over periods: functions of weights and returns."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array

#: Returns closer than this are equal: they differ by rounding only.
EQUAL = 1e-12


def brinson_fachler(wp: Array, wb: Array, rp: Array, rb: Array) -> tuple[Array, Array, Array]:
    """Allocation, selection and interaction, each (periods, segments), as are the arguments.

    With w weights and r returns of the segments, p the portfolio, b the benchmark, R = sum w r:

        A = (w_p - w_b) (r_b - R_b)    S = w_b (r_p - r_b)    I = (w_p - w_b) (r_p - r_b)

    They add up to R_p - R_b. A segment without weight has no return of its own: give any finite
    number there. Brinson, Fachler (1985).
    """
    whole = (wb * rb).sum(axis=1, keepdims=True)
    return (wp - wb) * (rb - whole), wb * (rp - rb), (wp - wb) * (rp - rb)


def carino(portfolio: Array, benchmark: Array) -> Array:
    """(periods,) factors by which arithmetic effects of periods add up to the whole active return.

        k_t = (ln(1 + R_p,t) - ln(1 + R_b,t)) / (R_p,t - R_b,t), or 1 / (1 + R_t) where equal
        factor_t = k_t / K, with K the same of the compounded returns

    Carino (1999).
    """
    compounded = (np.asarray(np.prod(1 + r) - 1) for r in (portfolio, benchmark))
    return np.asarray(_log_ratio(portfolio, benchmark) / _log_ratio(*compounded))


def _log_ratio(p: Array, b: Array) -> Array:
    """(ln(1 + p) - ln(1 + b)) / (p - b), or its limit 1 / (1 + p) where they are equal."""
    gap = p - b
    near = np.abs(gap) < EQUAL
    return np.asarray(
        np.where(near, 1 / (1 + p), (np.log1p(p) - np.log1p(b)) / np.where(near, 1.0, gap))
    )


def menchero(portfolio: Array, benchmark: Array) -> Array:
    """(periods,) factors of Menchero's optimised linking.

        M = ((R_P - R_B) / T) / ((1 + R_P)^(1/T) - (1 + R_B)^(1/T)),
            or (1 + R_P)^((T - 1) / T) where they are equal
        factor_t = M + (R_P - R_B - M sum a) a_t / sum a^2, with a_t = R_p,t - R_b,t

    Menchero (2000); R package PortfolioAttribution.
    """
    T = len(portfolio)
    a = portfolio - benchmark
    P, B = np.prod(1 + portfolio) - 1, np.prod(1 + benchmark) - 1
    root = (1 + P) ** (1 / T) - (1 + B) ** (1 / T)
    M = (P - B) / T / root if abs(P - B) > EQUAL else (1 + P) ** ((T - 1) / T)
    square = (a * a).sum()
    return np.asarray(M + ((P - B - M * a.sum()) * a / square if square > 0 else 0.0 * a))
