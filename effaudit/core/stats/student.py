"""Quantiles and tails of the normal, Student's t and the binomial distribution, accurate far out in the tails.

Everywhere in this package `level` is a ONE-SIDED confidence: 0.95 bounds one side at 95 %, and both sides at 90 %.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_HILL_FROM = 1000.0
"""Degrees of freedom from which Hill's expansion is used; its error is below 1e-11 there."""
_GREATEST_LOG = 650.0


def normal_tail(z: float) -> float:
    """P(Z > z) of the standard normal distribution."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = p. Raises ValueError unless 0 < p < 1."""
    return _NORMAL.inv_cdf(_probability(p))


def t_tail(t: float, dof: float | None) -> float:
    """P(T > t) of Student's t distribution. `dof` may be a fraction; None or infinity mean the normal distribution.

    By the incomplete beta function: P(T > t) = I(dof / (dof + t²); dof/2, 1/2) / 2 for t >= 0.
    """
    if math.isnan(t):
        raise ValueError("a tail was asked for at NaN")
    if dof is None or math.isinf(dof):
        return normal_tail(t)
    if not dof > 0:
        raise ValueError(f"degrees of freedom must be positive, not {dof}")
    if t < 0:
        return 1.0 - t_tail(-t, dof)
    if math.isinf(t):
        return 0.0
    if dof >= _HILL_FROM:
        return normal_tail(_normal_of_t(t, dof))
    ratio = t / math.sqrt(dof)
    if ratio < 1e150:
        return 0.5 * _beta_share(dof / 2, 0.5, 1.0 / (1.0 + ratio * ratio), ratio * ratio / (1.0 + ratio * ratio))
    return 0.5 * math.exp(-dof * math.log(ratio) - math.log(dof / 2) - _log_beta(dof / 2, 0.5))


@lru_cache(maxsize=65_536)
def t_quantile(p: float, dof: float | None) -> float:
    """The t with P(T <= t) = p, for the `dof` of `t_tail`. Raises ValueError unless 0 < p < 1."""
    _probability(p)
    if dof is None or math.isinf(dof):
        return normal_quantile(p)
    if not dof > 0:
        raise ValueError(f"degrees of freedom must be positive, not {dof}")
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -_t_above(p, dof)
    return _t_above(1.0 - p, dof)


def binomial_at_most(k: int, n: int, share: float) -> float:
    """P(X <= k) of a binomial of `n` trials with probability `share` (cut to [0, 1])."""
    _counts(k, n)
    if k == n or share <= 0.0:
        return 1.0
    return 0.0 if share >= 1.0 else _beta_share(n - k, k + 1, 1.0 - share, share)


def binomial_upper(k: int, n: int, level: float) -> float:
    """Clopper and Pearson's upper bound of a share seen `k` times in `n`: the share at which P(X <= k) = 1 − level."""
    _counts(k, n)
    target = math.log1p(-_probability(level))
    if k == n:
        return 1.0
    low, high = 0.0, 1.0
    share = wilson(k, n, level)[1]
    for _ in range(200):
        chance = binomial_at_most(k, n, share)
        low, high = (share, high) if chance > 0.0 and math.log(chance) > target else (low, share)
        step = _newton_step(k, n, share, chance, target)
        nearer = share + step if low < share + step < high else (low + high) / 2
        if abs(nearer - share) <= 1e-15 * share or high - low <= 1e-15 * high:
            return nearer
        share = nearer
    return share


def wilson(k: int, n: int, level: float) -> tuple[float, float]:
    """Wilson's (1927) score bounds of a share seen `k` times in `n`, each at the one-sided `level`."""
    _counts(k, n)
    z = normal_quantile(level)
    share, z2 = k / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return (0.0 if k == 0 else centre - reach), (1.0 if k == n else centre + reach)


def _probability(p: float) -> float:
    if not 0.0 < p < 1.0:
        raise ValueError(f"a probability strictly between 0 and 1 is needed, not {p}")
    return p


def _counts(k: int, n: int) -> None:
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} is not a count")


def _t_above(tail: float, dof: float) -> float:
    """The t >= 0 with P(T > t) = tail, tail <= 0.5: Newton's steps on log tail over log t, which is concave and so converges."""
    t, goal = _first_guess(tail, dof), math.log(tail)
    for _ in range(100):
        reached = t_tail(t, dof)
        if reached == 0.0:
            t /= 2
            continue
        step = (math.log(reached) - goal) * math.exp(math.log(reached) - math.log(t) - _log_density(t, dof))
        t *= math.exp(min(step, 50.0))
        if math.log(t) > _GREATEST_LOG:
            return math.inf
        if abs(step) < 1e-8:  # of which the square is left
            break
    return t


def _first_guess(tail: float, dof: float) -> float:
    """Cornish and Fisher's expansion near the normal, the power law of the tail far out."""
    z = -normal_quantile(tail)
    near = z + (z**3 + z) / (4 * dof) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * dof * dof)
    if dof > 10:
        return near
    far = (-math.log(tail * dof) - _log_beta(dof / 2, 0.5)) / dof + 0.5 * math.log(dof)
    return min(near, math.exp(min(far, _GREATEST_LOG)))


def _log_density(t: float, dof: float) -> float:
    return -(dof + 1.0) * math.log(math.hypot(1.0, t / math.sqrt(dof))) - _log_beta(dof / 2, 0.5) - 0.5 * math.log(dof)


def _normal_of_t(t: float, dof: float) -> float:
    """The z with the same tail as t: Hill (1970), Communications of the ACM algorithm 395."""
    a = dof - 0.5
    b = 48.0 * a * a
    y = a * math.log1p(t / dof * t)
    series = (((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b) + 1.0
    return series * math.sqrt(y)


def _newton_step(k: int, n: int, share: float, chance: float, target: float) -> float:
    """One step of Newton's on log P(X <= k) towards `target`; 0 where it is not to be had (bisection follows)."""
    if chance <= 0.0 or not 0.0 < share < 1.0:
        return 0.0
    log_density = k * math.log(share) + (n - k - 1) * math.log1p(-share) - _log_beta(k + 1, n - k)
    slope = math.exp(log_density - math.log(chance))
    return (math.log(chance) - target) / slope if slope > 0.0 else 0.0


def _beta_share(a: float, b: float, x: float, rest: float) -> float:
    """The regularised incomplete beta function I(x; a, b), with rest = 1 − x given so that it loses no digits."""
    if x <= 0.0 or rest <= 0.0:
        return 0.0 if x <= 0.0 else 1.0
    log_front = a * _log_near(x, rest) + b * _log_near(rest, x) - _log_beta(a, b)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log_front) * _beta_fraction(a, b, x) / a
    return 1.0 - math.exp(log_front) * _beta_fraction(b, a, rest) / b


def _log_near(x: float, rest: float) -> float:
    return math.log1p(-rest) if rest < 0.5 else math.log(x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function (DLMF 8.17.22)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    total = d
    for m in range(1, 100_000):
        for odd in (0, 1):
            if odd:
                step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            else:
                step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1.0 + step * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + step / c
            c = c if abs(c) > tiny else tiny
            total *= d * c
        if abs(d * c - 1.0) < 1e-15:
            return total
    raise ArithmeticError(f"the incomplete beta function did not converge at a={a}, b={b}, x={x}")


def _log_beta(a: float, b: float) -> float:
    """Log B(a, b), without the cancellation that three large log-gammas would have."""
    small, large = min(a, b), max(a, b)
    if large < 10.0:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    rest = _stirling(large) - _stirling(small + large) - (large - 0.5) * math.log1p(small / large)
    if small < 10.0:
        return math.lgamma(small) + rest + small - small * math.log(small + large)
    log_share = math.log(small / (small + large))
    return 0.5 * math.log(2 * math.pi / small) + _stirling(small) + rest + small * log_share


def _stirling(x: float) -> float:
    """lgamma(x) less Stirling's formula, for x >= 10."""
    y = 1.0 / (x * x)
    series = 1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * (691 / 360360 - y / 156)))))
    return series / x
