"""Theory 2.5, 2.6 and 2.7: what a prompt can hold.

Least prompt lengths that have no closed form are given as Least: a predicate that is false below and true from there on.
"""
from fractions import Fraction
from math import comb, floor

from entropy_lipschitz import NoLength
from length_bounds import require
from log_binomial import ln_binomial, ln_factorial
from reals import Interval, Real, exp, integer, ln, log10_of, log_ratio, power_log10, precision, raise_precision



class Least:
    """The least whole number m >= 1 at which difference(m), an enclosure, is negative; it stays negative from there on.

    tie(m): is the difference exactly 0 there? far(ln m): the difference where m is far
    beyond all other numbers, else None.
    """

    def __init__(self, difference, tie=lambda m: False, far=None):
        self.difference, self.tie, self.far = difference, tie, far


class Text:
    """An answer in words, of which the beginning counts."""

    def __init__(self, beginning):
        self.beginning = beginning


def balls(R, Lambda, Delta, eps, norm):
    """The base of the packing: 1 + R/rho, rounded down in the box form."""
    require(Delta > 2 * eps, "Delta <= 2 eps")
    ratio = 2 * Lambda * R / (Delta - 2 * eps)
    return 1 + (floor(ratio) if norm == "max" else ratio)


def memory_linear(m, w, R, Lambda, Delta, eps, K, norm):
    base = balls(R, Lambda, Delta, eps, norm)
    return {"bits": log_ratio(base, 2) * (m * w), "max_examples": (log_ratio(base, K) * (m * w)).floor()}


def memory_linear_m(N, w, R, Lambda, Delta, eps, K, norm):
    base = balls(R, Lambda, Delta, eps, norm)
    if base == 1:
        return {"m": NoLength}
    return {"m": (Real(exact=Fraction(N, w)) / log_ratio(base, K)).ceil()}


def memory_bits(m, w, b, K):
    return {"bits": m * w * b, "max_examples": (Real(exact=m * w * b) / log_ratio(K, 2)).floor()}


def memory_bits_m(N, w, b, K):
    return {"m": (log_ratio(K, 2) * Fraction(N, w * b)).ceil()}


def accessible_length(w, v, b, m):
    tokens = Real(exact=m * w * b) / log_ratio(v, 2)
    return {"tokens": tokens, "longest": tokens.floor()}


def accessible_length_m(l, w, v, b):
    return {"m": (log_ratio(v, 2) * Fraction(l, w * b)).ceil()}


def accessible_length_published(w, v, ball_radius, told_apart):
    if told_apart is None:
        told_apart = ball_radius / 2**11
    return {"slope": log_ratio(1 + 2 * ball_radius / told_apart, v) * w}


class Count:
    """A covering number floor(base^w): exact, an integer, unless it is too long to write; an enclosure always."""

    def __init__(self, base, w):
        self.log10 = power_log10(base, w)
        self._base, self._w = base, w
        self.exact = None
        written = integer(self.floor, self.log10, slack=True)
        if isinstance(written, int):
            self.exact = written
        self.written = written

    def floor(self):
        if self._base.denominator == 1:
            return int(self._base) ** self._w
        with precision(128):
            bits = self._power().magnitude()
        return raise_precision(lambda: self._power().floor(), bits + 64)  # never a whole number

    def _power(self):
        return Interval.of(self._base).power(self._w)

    def enclosure(self):
        if self.exact is not None:
            return Interval.of(self.exact)
        return (self._power() - 1).hull(self._power())


def memory_saturation(m, w, R, Lambda, Lambda_W, Delta, eps):
    require(Delta > 2 * eps, "Delta <= 2 eps")
    gap = Delta - 2 * eps
    per_token = log_ratio(1 + 2 * Lambda * R / gap, 2) * w
    c, c_plateau = Count(1 + 4 * Lambda * R / gap, w), Count(1 + 8 * R * Lambda_W / gap, w)
    step = 2 * R * Lambda_W / gap  # q = ceil(step c')
    if c_plateau.exact is not None:
        q = q_written = -floor(-step * c_plateau.exact)
    else:
        q = None
        q_written = integer(lambda: -floor(-step * c_plateau.floor()), c_plateau.log10 + log10_of(Real(exact=step)), slack=True)

    def q_enclosure():
        if q is not None:
            return Interval.of(q)
        low = c_plateau.enclosure() * step
        return Interval(low.lo, (low + 1).hi)

    def multiset(length):
        """log2 binom(c + m - 1, m) for an integer or an interval m."""
        if c.exact is not None and c.exact <= 1:
            return Interval.of(0)
        return ln_binomial(c.enclosure() - 1 if c.exact is None else c.exact - 1, length) / ln(2)

    def plateau():
        if c_plateau.exact is not None and c_plateau.exact <= 1:
            return Interval.of(0)
        if c_plateau.exact is not None:
            return ln_binomial(c_plateau.exact - 1, q) / ln(2)
        return ln_binomial(c_plateau.enclosure() - 1, q_enclosure()) / ln(2)

    bounds = {
        "linear_bits": per_token * m,
        "multiset_bits": Real(lambda: multiset(m)),
        "plateau_bits": Real(lambda: plateau()),
    }
    if c.exact == 1:
        bounds["multiset_bits"] = Real(exact=0)
    if c_plateau.exact == 1:
        bounds["plateau_bits"] = Real(exact=0)

    def least():
        linear, many, flat = (bound.enclosure() for bound in bounds.values())
        return linear.minimum(many).minimum(flat)

    zero = any(bound.exact == 0 for bound in bounds.values())
    capacity = Real(exact=0) if zero else Real(least)

    def below_linear(length):
        return multiset(length) - Interval.of(length) * per_token.enclosure()

    def plateau_below(length):
        """plateau - min(linear, multiset), as an interval."""
        return plateau() - (Interval.of(length) * per_token.enclosure()).minimum(multiset(length))

    def far(log):
        """binom(a + m, a) lies between m^a/a! and m^a/a! e^{a^2/m}; the linear bound is far above."""
        a = c.exact - 1
        if (log - 2 * ln(a) < 231) is not False:
            return None
        low = log * a - ln_factorial(a)
        return plateau() * ln(2) - low.hull(low + Fraction(1, 10**100))

    def tie(length):
        """Are the multisets as many as the plateau's codes?"""
        pairs = (c.exact - 1, length), (c_plateau.exact - 1, q)
        if set(pairs[0]) == set(pairs[1]):
            return True
        return max(map(min, pairs)) < 20_000 and len({comb(sum(pair), min(pair)) for pair in pairs}) == 1

    outputs = {
        "capacity_bits": capacity,
        "bits_per_token": capacity / m,
        **bounds,
        "c": c.written,
        "c_plateau": c_plateau.written,
        "q": q_written,
        # Text where the covering numbers are too long to write; nothing is below a multiset bound of 0.
        "m_multiset": 1 if c.exact == 1 else Least(below_linear) if c.exact else Text("not computed: c "),
        "m_plateau": (Text("none: ") if c.exact == 1 else Text("not computed: c ") if not c.exact else
                      Least(plateau_below, tie, far) if c_plateau.exact else Text("not computed: c_plateau ")),
    }
    return outputs
