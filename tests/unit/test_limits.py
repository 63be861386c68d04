"""Limits on the next count and share: what they are for small numbers, and when nothing is said."""

import numpy as np
import pytest

from expectations.limits import LEAST_PAST, MOST_PAST, count_limits, share_limits


def test_a_short_past_says_nothing() -> None:
    """Fewer than six earlier periods are too little past, for counts and for shares."""
    assert count_limits([3] * (LEAST_PAST - 1)) is None
    assert share_limits([(9, 10)] * (LEAST_PAST - 1), 10) is None
    assert count_limits([3] * LEAST_PAST) is not None
    assert share_limits([(9, 10)] * LEAST_PAST, 10) is not None


def test_periods_of_nothing_are_no_past_of_a_share() -> None:
    """A step that had nothing to keep says nothing about the share that it keeps."""
    assert share_limits([(0, 0)] * 20 + [(9, 10)] * (LEAST_PAST - 1), 10) is None


def test_only_the_newest_periods_are_looked_at() -> None:
    """What was longer ago than 24 periods says nothing about the next one."""
    recent = [5, 7, 6] * (MOST_PAST // 3)
    assert count_limits([900] * 30 + recent) == count_limits(recent)


def test_a_court_that_never_returned_zero_and_now_does() -> None:
    """Zero is a surprise where about ten are usual, and none where about three are: three months of silence then."""
    assert not count_limits([9, 11, 10, 12, 8, 10, 11, 9, 10, 12, 9, 9]).holds(0)
    small = [3, 2, 4, 3, 3, 2, 5, 3, 2, 4, 3, 3]
    assert count_limits(small).holds(0)
    assert not count_limits(small, exposure=4).holds(0)


def test_a_past_without_any_lets_few_come() -> None:
    """Twelve periods of none do not say that there can be none: two may come, three are a surprise."""
    limits = count_limits([0] * 12)
    assert (limits.low, limits.high) == (0, 2)


def test_limits_of_a_count_that_varies_by_chance_alone() -> None:
    """The exact limits for a Poisson count: worked by hand from the binomial distribution of the last part."""
    limits = count_limits([5, 4, 6, 5, 4, 6, 5, 5, 4, 6])
    assert (limits.low, limits.high, limits.distribution, limits.periods) == (0, 14, "Poisson", 10)
    assert limits.expected == 5


def test_a_past_that_varies_more_than_by_chance_gives_wider_limits() -> None:
    """The same total, spread unevenly: negative binomial, and wider on both sides."""
    even = count_limits([100] * 12)
    uneven = count_limits([60, 140, 90, 110, 75, 125, 60, 140, 90, 110, 75, 125])
    assert (even.distribution, uneven.distribution) == ("Poisson", "negative binomial")
    assert uneven.low < even.low < even.high < uneven.high


def test_a_short_past_that_varies_gives_no_more_false_alarms_than_stated() -> None:
    """Made counts that vary three times as much as by chance: about one in a hundred a side, from eight periods."""
    chance = np.random.default_rng(20200331)
    below = above = 0
    for _ in range(1000):
        *past, value = chance.poisson(200 * chance.gamma(100, 1 / 100, size=9)).tolist()
        limits = count_limits(past, rate=0.01)
        below += value < limits.low
        above += value > limits.high
    assert 1 <= below <= 18
    assert 1 <= above <= 18


def test_exposure_is_part_of_what_is_expected() -> None:
    """A month of 23 working days has 23/20 of what one of 20 has."""
    limits = count_limits([40] * 8, exposures=[20.0] * 8, exposure=23.0)
    assert limits.expected == pytest.approx(46)


def test_judging_many_together_widens_the_limits_of_each() -> None:
    """The rate of false alarms holds for all courts together, so each has wider limits than alone."""
    alone, among = count_limits([30, 31, 29, 30, 30, 32]), count_limits([30, 31, 29, 30, 30, 32], among=200)
    assert among.low < alone.low < alone.high < among.high


def test_a_step_that_keeps_61_instead_of_92_percent() -> None:
    """Of a hundred, 61 are a surprise where 92 are usual; 88 are not."""
    limits = share_limits([(92, 100), (45, 49), (110, 120), (93, 101), (88, 96), (92, 100)], 100)
    assert not limits.holds(61)
    assert limits.holds(88)
    assert limits.distribution == "binomial"


def test_shares_that_vary_more_than_by_chance_give_wider_limits() -> None:
    """Beta-binomial then; and where they have nothing in common, any share may come."""
    uneven = share_limits([(900, 1000), (940, 1000), (880, 1000), (950, 1000), (910, 1000), (930, 1000)] * 3, 1000)
    even = share_limits([(918, 1000)] * 18, 1000)
    assert uneven.distribution == "beta-binomial"
    assert uneven.low < even.low < even.high < uneven.high
    assert share_limits([(0, 100), (100, 100)] * 3, 100).holds(0)


def test_a_step_that_always_kept_everything() -> None:
    """None of 600 was ever left out: of 100, one may be, five are a surprise."""
    limits = share_limits([(100, 100)] * 6, 100)
    assert limits.holds(99)
    assert not limits.holds(95)
