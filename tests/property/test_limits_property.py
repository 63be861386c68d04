"""Limits against slow and obvious ones: sums of exact fractions, and of decimals of fifty digits."""

import os
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb, exp

from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import usual_volumes
from expectations.limits import (
    LEAST_PAST,
    beta_binomial_low,
    count_limits,
    negative_binomial_limits,
    poisson_limits,
    share_limits,
)
from expectations.volumes import Volume

FULL = settings(max_examples=2000 if os.environ.get("LONG_TESTS") else 60, deadline=None)
ALPHA = st.sampled_from([Fraction(1, 50), Fraction(1, 1000), Fraction(1, 100_000)])


def slow_poisson(total: int, whole: int, exposure: int, alpha: Fraction) -> tuple[int, int]:
    """Given the sum of past and next, the next is binomial: its tails, added up term by term."""
    part = Fraction(exposure, whole + exposure)

    def tail(counts: range, count: int) -> Fraction:
        both = total + count
        return sum((comb(both, k) * part**k * (1 - part) ** (both - k) for k in counts), Fraction(0))

    low = high = 0
    while tail(range(low + 1), low) <= alpha:
        low += 1
    while tail(range(high + 1, total + high + 2), high + 1) > alpha:
        high += 1
    return low, high


@FULL
@given(st.integers(0, 60), st.integers(6, 24), st.integers(1, 5), ALPHA)
def test_poisson_limits_are_those_of_the_exact_test(total: int, whole: int, exposure: int, alpha: Fraction) -> None:
    """The limits are those of the conditional binomial test, whatever total and exposure."""
    limits = poisson_limits(total, whole, exposure, float(alpha), whole)
    assert (limits.low, limits.high) == slow_poisson(total, whole, exposure, alpha)


@FULL
@given(st.floats(0.01, 40), st.integers(6, 12), st.sampled_from([0.02, 0.001]))
def test_false_alarms_are_no_more_than_stated(rate: float, periods: int, alpha: float) -> None:
    """Whatever the true rate: over all pasts and all next counts, each side alarms no more often than stated."""

    def poisson(mean: float, most: int) -> list[float]:
        terms = [exp(-mean)]
        for k in range(1, most):
            terms.append(terms[-1] * mean / k)
        return terms

    totals = poisson(rate * periods, int(rate * periods + 12 * (rate * periods) ** 0.5 + 25))
    nexts = poisson(rate, int(rate + 14 * rate**0.5 + 40))
    below = above = 0.0
    for total, chance in enumerate(totals):
        limits = poisson_limits(total, periods, 1, alpha, periods)
        below += chance * sum(nexts[: limits.low])
        above += chance * sum(nexts[limits.high + 1 :])
    assert below <= alpha * 1.0001
    assert above <= alpha * 1.0001


def slow_negative_binomial(size: float, p: float, alpha: Fraction) -> tuple[int, int]:
    """Add up the probabilities one by one, with fifty digits."""
    with localcontext() as context:
        context.prec = 50
        size_, p_, alpha_ = Decimal(size), Decimal(p), Decimal(alpha.numerator) / Decimal(alpha.denominator)
        term, below, count = p_**size_, Decimal(0), 0
        low = high = None
        while low is None or high is None:
            if low is None and below + term > alpha_:
                low = count
            if high is None and 1 - below - term <= alpha_:
                high = count
            below += term
            term *= (size_ + count) / (count + 1) * (1 - p_)
            count += 1
        return low, high


@FULL
@given(st.floats(0.2, 50), st.floats(0.05, 0.9), ALPHA)
def test_negative_binomial_limits_are_those_of_the_sum(size: float, p: float, alpha: Fraction) -> None:
    """The limits by the incomplete beta function are those that adding up gives."""
    assert negative_binomial_limits(size, size, p, float(alpha)) == slow_negative_binomial(size, p, alpha)


def slow_share(kept: int, whole: int, of: int, alpha: Fraction) -> tuple[int, int]:
    """Fisher's exact test of the next share against all before, term by term."""

    def tail(counts: range, count: int) -> Fraction:
        both = kept + count
        ways = sum(comb(of, k) * comb(whole, both - k) for k in counts if 0 <= both - k <= whole)
        return Fraction(ways, comb(whole + of, both))

    low, high = 0, of
    while low < of and tail(range(low + 1), low) <= alpha:
        low += 1
    while high > 0 and tail(range(high, of + 1), high) <= alpha:
        high -= 1
    return low, high


@FULL
@given(st.integers(1, 80), st.floats(0, 1), st.integers(1, 40), ALPHA)
def test_share_limits_are_those_of_fishers_exact_test(whole: int, share: float, of: int, alpha: Fraction) -> None:
    """The limits for a share are those of the exact test, whatever the numbers."""
    kept = round(whole * share)
    low = beta_binomial_low(of, kept, whole - kept + 1, float(alpha))
    high = of - beta_binomial_low(of, whole - kept, kept + 1, float(alpha))
    assert (low, high) == slow_share(kept, whole, of, alpha)


@FULL
@given(st.lists(st.integers(0, 500), min_size=LEAST_PAST, max_size=30), st.floats(0.2, 5))
def test_limits_hold_the_mean_that_is_foreseen(past: list[int], exposure: float) -> None:
    """What is foreseen on average is never a surprise, however odd the past is."""
    limits = count_limits(past, exposure=exposure)
    assert 0 <= limits.low <= limits.expected + 1
    assert limits.high >= limits.expected - 1


@FULL
@given(st.lists(st.integers(0, 100), min_size=LEAST_PAST, max_size=24), st.integers(1, 200))
def test_share_limits_stay_within_what_there_is(kept: list[int], of: int) -> None:
    """From none to all, and what is foreseen is within."""
    limits = share_limits([(k, 100) for k in kept], of)
    assert 0 <= limits.low <= limits.high <= of
    assert limits.low <= limits.expected + 1
    assert limits.high >= limits.expected - 1


MONTHS = [date(year, month, 1) for year in (2018, 2019, 2020) for month in range(1, 13)]


@FULL
@given(
    st.lists(st.integers(0, 60), min_size=27, max_size=27),
    st.integers(0, 500),
    st.lists(st.integers(0, 500), min_size=2, max_size=2),
)
def test_limits_come_from_the_past_only(past: list[int], value: int, later: list[int]) -> None:
    """Another value under test, or other values later, leave the limits of a month as they are."""
    as_at = date(2020, 5, 6)

    def limits(tested: int, after: list[int]) -> dict[tuple[str, str], tuple[int | None, int | None]]:
        counts = [*past, tested, *after]
        volumes = [
            Volume(what, name, month, n, n, month)
            for month, n in zip(MONTHS, counts, strict=False)
            for what, name in (("source", "spi"), ("source", "cp"), ("court", "B01CE"), ("month", ""))
        ]
        rows = usual_volumes.watch_volumes([volumes] * 2, as_at)
        month = f"month={usual_volumes.tested_months(as_at)[0]:%Y-%m}"
        return {(row.rule, row.segment): (row.low, row.high) for row in rows if row.segment == f"source=spi;{month}"}

    assert usual_volumes.tested_months(as_at)[0] == date(2020, 4, 1)
    assert limits(value, later) == limits(30, [])
    assert len(limits(value, later)) == 2 or sum(n > 0 for n in past[1:]) < LEAST_PAST
