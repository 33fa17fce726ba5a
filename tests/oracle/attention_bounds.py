"""Theory 3.3, 4.1 and 4.2: published separation of context codes, polynomial attention.

Costs as the program's own model says: features of a query and a key, and sums over them, in multiply-adds.
"""
from fractions import Fraction
from math import ceil, comb

from length_bounds import require
from reals import Huge, Interval, Real, exp, integer, ln, log10_of, pi, raise_precision, sqrt, working_precision
from log_binomial import ln_binomial, ln_factorial


MOST_S = 100_000  # beyond, the program computes no degree


def context_separation(T, s, r_min, r_max, v, d):
    require(r_min < r_max, "r_min >= r_max")

    def log():
        wide = (2 * ln(T) + 3) * pi() * ((v + 1) ** 4 * d)
        factor = Fraction(2) * s * s * r_min / (r_max * r_max)
        return 2 * ln(ln(T)) + ln(factor) - ln(wide) - wide * (r_max * r_max / (4 * s * r_min))

    return {"delta": Real(lambda: exp(log())), "log10_delta": Real(lambda: log() / ln(10)),
            "r": Real(exact=r_max + s / 4)}


def relative_error(g, S):
    """Encloses 2 e^S sum_{l > g} I_l(S) for S > 0."""
    first = g + 1
    return 2 * exp(Interval.of(S)) * bessel(first, S) * (1 + sum_of_ratios(first, S))


def bessel(l, S):
    """I_l(S) = (S/2)^l/l! sum_j (S/2)^{2j}/(j! (l+1) ... (l+j))."""
    bits = working_precision() + 40
    one = 1 << bits
    square = Interval.of(Fraction(S) * S / 4).ends()
    ends = []
    for end, up in zip(square, (False, True)):
        numerator, denominator = end.numerator, end.denominator
        term, total, j = one, one, 0
        while term > 1 or j * (l + j) * denominator < 2 * numerator:
            j += 1
            term = term * numerator // (denominator * j * (l + j)) + up
            total += term
        # From here on each term is at most half of the one before.
        ends.append(total + 2 * term if up else total)
    series = Interval.between(Fraction(ends[0], one), Fraction(ends[1], one))
    return exp(l * ln(S / 2) - ln_factorial(l)) * series


def sum_of_ratios(l, S):
    """sum_{i > l} I_i/I_l: r_i = I_{i+1}/I_i = 1/(2(i+1)/S + r_{i+1}), and 0 < r_i < S/(2(i+1))."""
    last = max(l, ceil(S)) + working_precision()
    ratio = Interval.between(0, Fraction(S) / (2 * (last + 1)))
    total = ratio / (1 - ratio)  # the ratios fall, so the sum from last on is below the geometric one
    total = total.hull(0)
    for i in range(last - 1, l - 1, -1):
        ratio = 1 / (Fraction(2 * (i + 1)) / S + ratio)
        total = ratio * (1 + total)
    return total


def least_degree(S, eta, guess):
    """The least g >= 0 with relative_error(g, S) <= eta; the guess only saves time."""
    def enough(g):
        return g >= 0 and raise_precision(lambda: relative_error(g, S) < eta)
    if guess is not None and enough(guess) and not enough(guess - 1):
        return guess
    low, high = -1, 1
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def features(d, g):
    """binom(d+g, g), the monomials of degree at most g in d variables."""
    return integer(lambda: comb(d + g, min(d, g)), Real(lambda: ln_binomial(d, g) / ln(10) if g else Interval.of(0)))


def costs(d, g, T, d_v, exp_cost):
    """Rank and costs in multiply-adds, with T None without the costs of T tokens.

    Polynomial: features of query and key, one sum over keys and one over features for each value and the normaliser.
    Exact: score, exponential, values and normaliser of every pair.
    """
    r = features(d, g)
    per_token, per_pair = 2 * (d_v + 2), d + d_v + 1 + exp_cost
    if isinstance(r, Huge):
        log10 = r.log10 + log10_of(Real(exact=per_token))
        crossover = Huge(log10 - log10_of(Real(exact=per_pair)))
        polynomial = None if T is None else Huge(log10 + log10_of(Real(exact=T)))
    else:
        crossover = max(1, r * per_token // per_pair + 1)
        polynomial = None if T is None else T * r * per_token
    outputs = {"rank": r, "crossover": crossover}
    if T is not None:
        outputs |= {"polynomial_cost": polynomial, "exact_cost": T * T * per_pair}
    return outputs


def polynomial_degree(S, eta, g, d, d_v, T, exp_cost, guess=None):
    require(S <= MOST_S, "S > 100000")
    require(eta is None or eta < 1, "eta >= 1")
    degree = g if g is not None else least_degree(S, eta, guess)
    error = Real(lambda: relative_error(degree, S))
    outputs = {"degree": degree, "eta_bound": error}
    if error.less(1):
        outputs["output_error"] = Real(lambda: output_error(error.enclosure()))
    if d is not None:
        outputs |= costs(d, degree, T, d if d_v is None else d_v, exp_cost)
    return outputs


def output_error(eta):
    return eta / (1 + sqrt((1 - eta) * (1 + eta)))


def polynomial_degree_S(g, eta):
    """The S at which the increasing relative error of degree g is eta."""
    require(eta < 1, "eta >= 1")
    return {"S": Root(lambda S: raise_precision(lambda: relative_error(g, S) < eta))}


class Root:
    """A real number between any S at which holds(S) is true and any at which it is false."""

    def __init__(self, holds):
        self.holds = holds


def efficiency_threshold(B, T, d, eta, d_v, exp_cost, guess=None):
    require(eta < 1, "eta >= 1")
    require(B * B <= MOST_S, "S > 100000")
    scale = Real(lambda: sqrt(ln(T)))
    S = B * B
    degree = least_degree(S, eta, guess)
    return {"sqrt_ln_T": scale, "ratio": Real(exact=B) / scale, "S": Real(exact=S), "degree": degree,
            **costs(d, degree, T, d if d_v is None else d_v, exp_cost)}
