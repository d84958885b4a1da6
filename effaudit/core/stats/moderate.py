"""How much a figure varies between incarnations of one program, when each candidate has few and all of them share a machine.

Three incarnations, say, give two degrees of freedom, at which Student's t is 4.3 instead of 2. What the other candidates show is
therefore taken in (Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3:3, "limma"): the variance is
(d0 s0² + d s²) / (d0 + d), with s0² and d0 from all of them. Three things are done to it, each because of simulations (2,000
to 10,000 audits of 1 to 14 candidates, `benchmarks/coverage.py`):

- s0² is the variance between incarnations of all candidates *plus this candidate's own noise within them*, which its rounds
  tell precisely; so a noisy candidate is not taken for a steady one.
- The others never count for more than the candidate itself (d0 <= d), the variance is never below its own (s²) or below what
  its rounds allow, and its degrees of freedom are Satterthwaite's. Without these, a candidate whose incarnations differ four
  times as much as the others' had a nominal 95 % interval that covered 80 to 88 %; with them it covers 90 to 93 %.
- Where the noise within incarnations is most of the variance, the degrees of freedom are mostly its own, which are many, yet
  at most four times as many as without it: three incarnations may agree by chance.

Together the interval is 1.3 to 1.5 times as wide as if the variance were known (t with 2 degrees: 2.0) and covers 95 to 98 %.
"""

from __future__ import annotations

from dataclasses import dataclass

MEDIAN_EFFICIENCY = 0.37
"""How much a variance that is read off an interquartile range is worth, beside one that uses every value."""
_MOST_FROM_NOISE = 4.0


@dataclass(frozen=True)
class Variance:
    """A variance and its degrees of freedom."""

    value: float
    dof: float


def moderated(own: Variance, noise: Variance, others: Variance) -> Variance:
    """The variance of one candidate's incarnations (of each, not of their mean).

    own: as its few incarnations show it (dof: their number − 1). noise: the part within incarnations, as rounds show it
    (dof 0: unknown). others: the variance between incarnations alone, as all candidates show it (dof 0: unknown).
    The sum of the degrees of freedom of `own` and `others` must be positive.
    """
    prior = others.value + noise.value
    weight = min(others.dof, own.dof) if own.dof > 0 else others.dof
    whole = weight + own.dof
    pooled = (weight * prior + own.dof * own.value) / whole
    variance = max(pooled, own.value if own.dof > 0 else 0.0, noise.value)
    squares = weight * prior**2 + own.dof * own.value**2
    dof = max(own.dof, (whole * pooled) ** 2 / squares if squares > 0.0 else whole)
    if noise.dof <= 0 or variance == 0.0:
        return Variance(variance, dof)
    known = (noise.value / variance) ** 2
    mixed = 1.0 / (known / noise.dof + (1.0 - known) / dof)
    return Variance(variance, max(dof, min(mixed, _MOST_FROM_NOISE * dof)))
