"""Between which limits the next count, or the next share, is to be expected, from earlier ones: numbers only.

The value that is judged is never among the numbers that its limits are worked out from: it is no parameter here.
docs/anomalies.md says why these distributions, and gives the sources.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

RATE = 0.001
"""How often a value beyond one of the two limits comes by chance: once in a thousand."""
LEAST_PAST = 6
"""From fewer earlier periods nothing is judged: what is usual is not known yet."""
MOST_PAST = 24
"""Earlier periods than these say little about the next one."""
OVERDISPERSED = 0.5
"""Level of the test for overdispersion. A strict one takes too many short pasts for Poisson that are not: at 0.1,
limits from six periods with three times the variance of chance gave almost three times the false alarms stated."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and greatest count that is no surprise; both are still within. `expected` is the mean foreseen.

    `of` is what a share is of (0: a count that is no share), `periods` how many earlier ones tell so.
    """

    low: int
    high: int
    expected: float
    periods: int
    distribution: str
    of: int = 0

    def holds(self, value: int) -> bool:
        """Whether a value is within."""
        return self.low <= value <= self.high


def count_limits(
    past: Sequence[int],
    *,
    exposures: Sequence[float] | None = None,
    exposure: float = 1.0,
    rate: float = RATE,
    among: int = 1,
) -> Limits | None:
    """Limits for the next count; None: too little past.

    Args:
        past: earlier counts, the newest last; only the last `MOST_PAST` are looked at.
        exposures: what each of them is out of (working days, rows landed), above 0; None: the same each.
        exposure: what the next one is out of, in the same unit.
        rate: false alarms on each side.
        among: how many such counts are judged together: the rate holds for all of them (Bonferroni).
    """
    counts = list(past)[-MOST_PAST:]
    if len(counts) < LEAST_PAST:
        return None
    over = list(exposures)[-MOST_PAST:] if exposures is not None else [1.0] * len(counts)
    alpha, total, whole = rate / among, sum(counts), math.fsum(over)
    usual = [total * part / whole for part in over]
    expected = total * exposure / whole
    if not total or not _overdispersed(_pearson(counts, usual, usual), len(counts)):
        return poisson_limits(total, whole, exposure, alpha, len(counts))

    def pearson(extra: float) -> float:
        return _pearson(counts, usual, [mean + extra * mean**2 for mean in usual])

    extra = _root(pearson, len(counts) - 1)
    variance = expected + extra * expected**2
    of_the_mean = math.fsum(mean + extra * mean**2 for mean in usual) * (exposure / whole) ** 2
    variance = (variance + of_the_mean) * _widening(len(counts), alpha)
    size = expected**2 / (variance - expected)
    low, high = negative_binomial_limits(size, size, size / (size + expected), alpha)
    return Limits(low, high, expected, len(counts), "negative binomial")


def poisson_limits(total: int, whole: float, exposure: float, alpha: float, periods: int) -> Limits:
    """Limits for a Poisson count, whatever its rate is: exact, given the total of a past of `whole` exposure.

    Given the sum of both, the next count is binomial; as limits of that test are those of a negative binomial
    distribution with the total as its size, the uncertainty of a short past is in them.
    """
    low, high = negative_binomial_limits(total, total + 1, whole / (whole + exposure), alpha)
    return Limits(low, high, total * exposure / whole, periods, "Poisson")


def share_limits(past: Sequence[tuple[int, int]], of: int, *, rate: float = RATE, among: int = 1) -> Limits | None:
    """Limits for how many of the next `of` are kept; None: too little past.

    Args:
        past: earlier ones, the newest last: how many were kept, of how many. Those of none tell nothing.
        of: of how many the next count is.
        rate, among: see `count_limits`.
    """
    told = [(kept, whole) for kept, whole in past if whole > 0][-MOST_PAST:]
    if len(told) < LEAST_PAST or of < 1:
        return None
    alpha = rate / among
    kept, whole = sum(k for k, _ in told), sum(n for _, n in told)
    share = kept / whole
    counts, usual = [k for k, _ in told], [n * share for _, n in told]
    binomial = [n * share * (1 - share) for _, n in told]
    if 0 < kept < whole and of > 1 and _overdispersed(_pearson(counts, usual, binomial), len(told)):

        def pearson(extra: float) -> float:
            spread = zip(binomial, told, strict=True)
            return _pearson(counts, usual, [part * (1 + (n - 1) * extra) for part, (_, n) in spread])

        extra = _root(pearson, len(told) - 1, 1.0)
        variance = of * share * (1 - share) * (1 + (of - 1) * extra)
        of_the_mean = math.fsum(b * (1 + (n - 1) * extra) for b, (_, n) in zip(binomial, told, strict=True))
        variance = (variance + of_the_mean * (of / whole) ** 2) * _widening(len(told), alpha)
        wider = (variance / (of * share * (1 - share)) - 1) / (of - 1)
        if wider >= 1:  # so unlike each other were they that any share may come
            return Limits(0, of, of * share, len(told), "beta-binomial", of)
        size = 1 / wider - 1
        low = beta_binomial_low(of, share * size, (1 - share) * size, alpha)
        high = of - beta_binomial_low(of, (1 - share) * size, share * size, alpha)
        return Limits(low, high, of * share, len(told), "beta-binomial", of)
    # Fisher's exact test of the next share against all before: its limits are those of a beta-binomial distribution.
    low = beta_binomial_low(of, kept, whole - kept + 1, alpha)
    high = of - beta_binomial_low(of, whole - kept, kept + 1, alpha)
    return Limits(low, high, of * share, len(told), "binomial", of)


def _special() -> Any:
    """SciPy's functions of distributions, imported when they are wanted: that takes a third of a second."""
    from scipy import special  # type: ignore[import-untyped]

    return special


def _pearson(counts: Sequence[int], usual: Sequence[float], variances: Sequence[float]) -> float:
    told = zip(counts, usual, variances, strict=True)
    return math.fsum((count - mean) ** 2 / variance for count, mean, variance in told)


def _overdispersed(pearson: float, periods: int) -> bool:
    """Whether counts differ more than chance has it: the index of dispersion against chi-squared."""
    return bool(pearson > _special().chdtri(periods - 1, OVERDISPERSED))


def _root(pearson: Callable[[float], float], wanted: float, most: float = math.inf) -> float:
    """The extra variance with which Pearson's statistic is what it is expected to be; it falls with it."""
    low, high = 0.0, 1.0
    while pearson(high) > wanted and high < most:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if pearson(middle) > wanted else (low, middle)
    return high


def _widening(periods: int, alpha: float) -> float:
    """By how much a variance is raised that was itself estimated: as Student's t is wider than the normal."""
    return float((_special().stdtrit(periods - 1, alpha) / _special().ndtri(alpha)) ** 2)


def negative_binomial_limits(size_low: float, size_high: float, p: float, alpha: float) -> tuple[int, int]:
    """The least count of which as few or fewer are likelier than alpha, and the greatest of which as many or more."""

    def rare_below(count: int) -> bool:
        return bool(size_low > 0 and _special().betainc(size_low, count + 1, p) <= alpha)

    def usual_above(count: int) -> bool:
        return bool(count < 1 or _special().betainc(count, size_high, 1 - p) > alpha)

    return _first_not(rare_below), _first_not(usual_above) - 1


def _first_not(holds: Callable[[int], bool]) -> int:
    """The least whole number from 0 on for which what holds at first does not hold any more."""
    if not holds(0):
        return 0
    low, high = 0, 1
    while holds(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high


def beta_binomial_low(of: int, a: float, b: float, alpha: float) -> int:
    """The least number kept of which as few or fewer are likelier than alpha."""
    import numpy as np

    if a <= 0:
        return 0
    if b <= 0:
        return of
    share, size = a / (a + b), a + b
    spread = math.sqrt(of * share * (1 - share) * (of + size) / (size + 1))
    first = max(0, int(of * share - 40 * spread) - 1)  # what is below is far rarer than any alpha
    kept = np.arange(first, of + 1)[: int(80 * spread) + 100]
    betaln = _special().betaln
    log = betaln(kept + a, of - kept + b) - betaln(a, b) - betaln(kept + 1, of - kept + 1) - math.log(of + 1)
    likely = np.cumsum(np.exp(log)) > alpha
    return int(kept[likely.argmax()]) if likely.any() else of
