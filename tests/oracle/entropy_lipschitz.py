"""Theory 1.3, forwards and backwards.

In both directions the best k is wanted. The functions of k rise while k <= C, where h_k = 1, so the search begins at
floor(C); beyond it the sign of the derivative, from parts that are monotone in k, says at which end of a range the best k is.
"""
from fractions import Fraction
from math import floor

from best_k import best_k
from length_bounds import grid_number, packing_choices, require
from reals import Interval, Real, exp, expm1, integer, ln, ln1p, log10_of, log_ratio, power_log10, precision, raise_precision


class NoLength:
    """No prompt length suffices."""


class NearlyBest:
    """A whole number k whose value is the best one, to all digits that are printed."""

    def __init__(self, value, best):
        self.value, self.best = value, best


def entropy_lipschitz(d, L, eps, C, alpha, w, R, Lambda, norm, claimed_k=None):
    """claimed_k stands in for the best k where the search is too long, if its value is as good as what was found."""
    require(eps < Fraction(1, 2), "eps >= 1/2")
    last = grid_number(C, eps)
    require(last >= 1, "no k >= 1 below C/(2 eps)")
    n = d * L
    s, box = packing_choices(n, alpha), norm == "max"

    # In whole numbers, never in lowest terms: the greatest common divisors of 300,000 bits cost more than all else.
    scale = C.denominator * eps.denominator
    whole_C, whole_2eps, reach = int(C * scale), int(2 * eps * scale), 2 * Lambda * R

    def exact_u(k):
        """R/rho_k = 2 Lambda R k/(min(k, C) - 2 eps k) as numerator and denominator."""
        return reach.numerator * k * scale, reach.denominator * (min(k * scale, whole_C) - whole_2eps * k)

    def ratio(k):
        """R/rho_k, without the product of two long numbers."""
        bottom = (k * scale if k < C else whole_C) - whole_2eps * k
        return Interval.of(reach.numerator * k) * scale / (reach.denominator * bottom)

    def u(k):
        if not box:
            return ratio(k)
        top, bottom = exact_u(k)
        return Interval.of(top // bottom)

    def no_cell(k):
        """Whether floor(R/rho_k) = 0, or in the Euclidean form R = 0."""
        top, bottom = exact_u(k)
        return top < bottom if box else top == 0

    if no_cell(1):
        return {"k": {1}, "tokens": NoLength}

    def value(k):
        return ln(k + 1) * n - ln(ln1p(u(k)))

    def smooth(k):
        """At least value(k), the same in the Euclidean form: floor(u) + 1 > u."""
        return ln(k + 1) * n - ln(ln(ratio(k))) if box else value(k)

    def side(k1, k2):
        """The end of the range at which smooth is largest."""
        if k1 < C or (box and (Interval.of(1) < ratio(k1)) is not True):
            return None
        low, high = slope(k1, k2)
        return "last" if (high < n) is True else "first" if (low < n) is False else None

    def slope(k1, k2):
        """For k >= C smooth rises where (1 + 1/k) C/(C - 2 eps k) f(u) < n, f(u) = u/((1 + u) ln(1 + u)) or 1/ln(u)."""
        def parts(k):
            r = ratio(k)
            flat = 1 / ln(r) if box else r / (1 + r) / ln1p(r)
            return Interval.of(whole_C) / (whole_C - whole_2eps * k), flat
        (rise1, fall1), (rise2, fall2) = parts(k1), parts(k2)
        return (1 + Interval.of(1) / k2) * rise1 * fall2, (1 + Interval.of(1) / k1) * rise2 * fall1

    def upper(k1, k2):
        where = side(k1, k2)
        return smooth(k2) if where == "last" else smooth(k1) if where else ln(k2 + 1) * n - ln(ln1p(u(k1)))

    def certain(k1, k2):
        """The end of the range at which value is largest."""
        if box:
            (top1, bottom1), (top2, bottom2) = exact_u(k1), exact_u(k2)
            return "last" if top1 // bottom1 == top2 // bottom2 else None
        return side(k1, k2)

    best = best_k(min(last, max(1, floor(C))), last, value, upper, certain)
    ks = best.ks
    if ks is None:
        ks = {best.found}
        if claimed_k and 1 <= claimed_k <= last:
            with precision(1200):
                if (value(claimed_k) < value(best.found)) is not True:
                    ks = {claimed_k}
    k = min(ks)
    # s (k+1)^n ln 2/(w ln(1 + u)) = s (k+1)^n/(w log2(1 + u))
    top, bottom = exact_u(k)
    cells = Fraction(top // bottom) if box else Fraction(top, bottom)
    per_log = Real(exact=Fraction(s, w)) / log_ratio(1 + cells, 2)
    log10 = power_log10(k + 1, n) + log10_of(per_log)
    if n * (k + 1).bit_length() < 400_000:
        full = per_log * (k + 1) ** n
    else:
        full = Real(lambda: exp(log10.enclosure() * ln(10)))
    tokens = integer(lambda: full.ceil(), log10, slack=True)
    # Where tokens is too long to write, its logarithm says all that value would.
    return {"k": ks, "value": full if isinstance(tokens, int) else None, "tokens": tokens}


def entropy_lipschitz_eps(d, L, m, C, alpha, w, R, Lambda, norm, claimed_k=None):
    """The largest eps_k = h_k/2 - Lambda R/J, where J = 2^x - 1, in the box form ceil(2^x) - 1, x = s (k+1)^n/(m w).

    Euclidean: m w ln(1 + R/rho) < s (k+1)^n ln 2 iff R/rho < 2^x - 1. Box: floor(R/rho) + 1 < 2^x iff R/rho is below
    the largest integer below 2^x. claimed_k as forwards.
    """
    n, box = d * L, norm == "max"
    share = Fraction(packing_choices(n, alpha), m * w)
    cut = 3000 + 2 * max(0, floor(Lambda * R / C).bit_length())
    known = {}

    def x(k):
        """None from about cut on."""
        if k not in known:
            with precision(128):
                known[k] = share * (k + 1) ** n if (ln(k + 1) * n + ln(share) < ln(cut)) is True else None
        return known[k]

    def count(k):
        if box:
            power = x(k)
            if power.denominator == 1:
                return 2 ** int(power) - 1
            return raise_precision(lambda: exp(ln(2) * power).ceil()) - 1
        return expm1(ln(2) * x(k))

    def loss(k):
        if x(k) is None:
            return Interval.between(0, Fraction(1, 2 ** (cut - 1))) * (Lambda * R)
        return Lambda * R / Interval.of(count(k))

    def half_step(k):
        return Interval.of(min(Fraction(1), C / k) / 2)

    def value(k):
        return half_step(k) - loss(k)

    def smooth(k):
        """At least value(k), the same in the Euclidean form: J < 2^x."""
        return half_step(k) - Lambda * R / exp(ln(2) * x(k)) if box and x(k) is not None else value(k)

    def side(k1, k2):
        """The end of the range at which smooth is largest."""
        if k1 < C:
            return None
        if x(k1) is None:
            return "first"
        if x(k2) is None:
            return None
        low, high = slope(k1, k2)
        return "last" if (low < C / 2) is False else "first" if (high < C / 2) is True else None

    def slope(k1, k2):
        """For k >= C smooth rises where k^2/(k+1) n Lambda R f(x) > C/2, f(x) = y/(2 sinh(y)^2), y = x ln(2)/2, or
        f(x) = x ln(2)/2^x, which falls from x = 1/ln 2 on."""
        def parts(k):
            y = ln(2) * x(k) / 2
            if box:
                flat = 2 * y / exp(2 * y)
            else:
                sinh = (expm1(y) + expm1(y) / exp(y)) / 2
                flat = y / (sinh * sinh * 2)
            return Fraction(k * k, k + 1) * n * Lambda * R, flat
        (rise1, fall1), (rise2, fall2) = parts(k1), parts(k2)
        if box and x(k1) < Fraction(3, 2):
            return rise1 * fall1.minimum(fall2), rise2 * Fraction(3, 8)  # at most 1/e
        return rise1 * fall2, rise2 * fall1

    def upper(k1, k2):
        where = side(k1, k2)
        return smooth(k2) if where == "last" else smooth(k1) if where else half_step(k1) - loss(k2)

    def certain(k1, k2):
        """The end of the range at which value is largest."""
        if not box or k1 < C or x(k1) is None:
            return side(k1, k2)
        return "first" if x(k2) is not None and count(k1) == count(k2) else None

    # Beyond last no k is better: C/(2k) alone is below the value of a smaller one.
    first = max(1, floor(C))
    last = first + 1
    while x(last) is not None:
        with precision(3 * last.bit_length() + 128):
            if (half_step(last) < value(max(first, last // 4))) is True:
                break
        last *= 2
    best = best_k(first, last, value, upper, certain)
    ks = best.ks
    if ks is None and claimed_k and claimed_k >= 1:
        with precision(1200):
            if (value(claimed_k) < value(best.found)) is not True:
                ks = {claimed_k}
    k = min(ks) if ks else None
    if k is None:
        greatest = Real(lambda: Interval(value(best.found).lo, best.bound.hi))
    elif x(k) is not None and (box or x(k).denominator == 1):
        cells = count(k) if box else 2 ** int(x(k)) - 1
        greatest = Real(exact=min(Fraction(1), C / k) / 2 - Lambda * R / cells)
    else:
        greatest = Real(lambda: value(k))
    return {"k": NearlyBest(value, greatest), "eps": greatest}
