"""How exactly a plan measures agreement on labels without an order. Pure arithmetic.

Each response has its own chances of the labels, Dirichlet with mean `margin` and correlation r = 1 / (1 + sum of its
parameters), and its k raters draw from them independently. Then two raters agree beyond chance by exactly r, which is what
Fleiss' kappa and Krippendorff's nominal alpha (but for a small-sample term) estimate. Moments of counts: Mosimann (1962),
On the compound multinomial distribution. With two raters and two labels the variance is that of Bloch & Kraemer (1989),
2 x 2 kappa coefficients: measures of agreement or association.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Of one response's share in the agreement: its variance, and how much of it all raters of the response share."""

    variance: float
    shared: float


def nominal_width(
    responses: int, overlap: int, agreement: float, margin: Sequence[float], *, cluster: float = 1.0
) -> float:
    """Expected width of the 95 % interval of nominal agreement between single ratings.

    2 z sqrt(v / n), v the variance of a response's influence on (P_o - P_e) / (1 - P_e), see `spread_of`. Responses to one
    question could at worst have the very same chances of the labels: n over 1 + (m - 1) c, with m the responses per
    question (`cluster`) and c the part of v that the chances alone bring. Raises ValueError for fewer than two ratings or
    responses, and for a margin of fewer than two labels in use.
    """
    if overlap < 2 or responses < 2:
        raise ValueError("Agreement needs two ratings of two responses.")
    if sum(share > 0 for share in margin) < 2:
        raise ValueError("Agreement needs two labels that are used.")
    spread = spread_of(overlap, min(max(agreement, 0.0), 1.0), margin)
    n = max(2.0, responses / (1 + (cluster - 1) * spread.shared))
    return min(2.0, 2 * Z * math.sqrt(spread.variance / n))


def spread_of(overlap: int, agreement: float, margin: Sequence[float]) -> Spread:
    """The delta method: a response with counts x has the influence (O - 2 (1 - r) B) / (1 - P_e) + a constant.

    O: its share of agreeing pairs, sum x (x - 1) / (k (k - 1)); B = sum margin x / k; P_e = sum margin^2.
    """
    used = [share / sum(margin) for share in margin if share > 0]
    beyond = 1 - sum(share**2 for share in used)
    whole = _variance(overlap, agreement, used)
    chances = _variance(math.inf, agreement, used)
    return Spread(variance=whole / beyond**2, shared=chances / whole if whole > 0 else 0.0)


def _variance(k: float, r: float, margin: Sequence[float]) -> float:
    """Var(O - 2 (1 - r) B) with k raters; with infinitely many, that of the response's chances alone."""
    pairs, triples = 1 / (k * (k - 1)), (k - 2) / (k * (k - 1)) if k < math.inf else 0.0
    fours = (k - 2) * (k - 3) * pairs if k < math.inf else 1.0
    again, one = ((k - 2) / k, (k - 1) / k) if k < math.inf else (1.0, 1.0)
    square = cross = double = 0.0
    for at, p in enumerate(margin):
        square += (
            fours * _moment(r, (p, 4)) + 4 * triples * _moment(r, (p, 3)) + 2 * pairs * _moment(r, (p, 2))
        )
        cross += p * (again * _moment(r, (p, 3)) + 2 / k * _moment(r, (p, 2)))
        double += p**2 * (one * _moment(r, (p, 2)) + p / k)
        for q in (*margin[:at], *margin[at + 1 :]):
            square += fours * _moment(r, (p, 2), (q, 2))
            cross += again * q * _moment(r, (p, 2), (q, 1))
            double += one * p * q * _moment(r, (p, 1), (q, 1))
    mean_pairs, mean_one = sum(_moment(r, (p, 2)) for p in margin), sum(p**2 for p in margin)
    weight = 2 * (1 - r)
    of_pairs, of_one = square - mean_pairs**2, double - mean_one**2
    return max(0.0, of_pairs - 2 * weight * (cross - mean_pairs * mean_one) + weight**2 * of_one)


def _moment(r: float, *powers: tuple[float, int]) -> float:
    """E of a product of powers of Dirichlet chances with these means: rising factorials, without a division by r."""
    found = (1 - r) ** (len(powers) - 1)
    for mean, power in powers:
        found *= mean * math.prod(mean * (1 - r) + j * r for j in range(1, power))
    return found / math.prod(1 - r + j * r for j in range(1, sum(power for _mean, power in powers)))


def nominal_alpha(groups: Sequence[Sequence[str]]) -> tuple[float, dict[str, float]] | None:
    """Krippendorff's nominal alpha of groups of labels, and the share of each label; None where it is not defined.

    1 - (n - 1) sum_u d_u / (n^2 - sum n_c^2), d_u = (m_u^2 - sum x_uc^2) / (m_u - 1). Krippendorff (2019), chapter 12.
    """
    kept = [list(group) for group in groups if len(group) > 1]
    labels = [label for group in kept for label in group]
    counts = dict(sorted(Counter(labels).items()))
    n = len(labels)
    expected = n**2 - sum(count**2 for count in counts.values())
    if not expected:
        return None
    differing = sum(
        (len(group) ** 2 - sum(group.count(label) ** 2 for label in set(group))) / (len(group) - 1)
        for group in kept
    )
    return 1 - (n - 1) * differing / expected, {label: count / n for label, count in counts.items()}
