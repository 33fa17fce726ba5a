"""Real numbers that are exact fractions or enclosures at any precision, and integers decided from them.

Independent of the C++ code: mpmath's directed rounding and Python's integers and fractions only.
"""
from contextlib import contextmanager
from fractions import Fraction
from math import ceil, floor, isqrt

from mpmath import libmp

HIGHEST_PRECISION = 1 << 22
DIGITS_WRITTEN = 100_000  # an integer of more decimal digits is given by its logarithm

_precision = [128]


class Undecided(Exception):
    """No precision that is tried decides the question."""


@contextmanager
def precision(bits):
    _precision.append(bits)
    try:
        yield
    finally:
        _precision.pop()


def working_precision():
    return _precision[-1]


def _end(value, rounding):
    if isinstance(value, int):
        return libmp.from_int(value, _precision[-1], rounding)
    return libmp.from_rational(value.numerator, value.denominator, _precision[-1], rounding)


class Interval:
    """[lo, hi], ends in mpmath's raw form, every operation rounded outward at the precision in force."""

    __slots__ = ("lo", "hi")

    def __init__(self, lo, hi):
        self.lo, self.hi = lo, hi

    @staticmethod
    def of(value):
        if isinstance(value, Interval):
            return value
        return Interval(_end(value, "f"), _end(value, "c"))

    @staticmethod
    def between(low, high):
        return Interval(Interval.of(low).lo, Interval.of(high).hi)

    def _with(self, operation, other):
        other = Interval.of(other)
        return Interval(*operation((self.lo, self.hi), (other.lo, other.hi), _precision[-1]))

    def __add__(self, other):
        return self._with(libmp.mpi_add, other)

    def __sub__(self, other):
        return self._with(libmp.mpi_sub, other)

    def __mul__(self, other):
        return self._with(libmp.mpi_mul, other)

    def __truediv__(self, other):
        return self._with(libmp.mpi_div, other)

    def __radd__(self, other):
        return Interval.of(other) + self

    def __rsub__(self, other):
        return Interval.of(other) - self

    def __rmul__(self, other):
        return Interval.of(other) * self

    def __rtruediv__(self, other):
        return Interval.of(other) / self

    def __lt__(self, other):
        """True or False where it is certain, else None."""
        other = Interval.of(other)
        if libmp.mpf_lt(self.hi, other.lo):
            return True
        return False if libmp.mpf_ge(self.lo, other.hi) else None

    def minimum(self, other):
        other = Interval.of(other)
        return Interval(*(x if libmp.mpf_le(x, y) else y for x, y in ((self.lo, other.lo), (self.hi, other.hi))))

    def hull(self, other):
        other = Interval.of(other)
        return Interval(self.lo if libmp.mpf_le(self.lo, other.lo) else other.lo,
                        self.hi if libmp.mpf_ge(self.hi, other.hi) else other.hi)

    def is_finite(self):
        return self.lo != libmp.fninf and self.hi != libmp.finf

    def floor(self):
        """The floor of every point of the interval, None where it is not one integer."""
        if not self.is_finite():
            return None
        low = int(libmp.to_int(self.lo, "f"))
        return low if low == int(libmp.to_int(self.hi, "f")) else None

    def ceil(self):
        if not self.is_finite():
            return None
        high = int(libmp.to_int(self.hi, "c"))
        return high if high == int(libmp.to_int(self.lo, "c")) else None

    def power(self, n):
        """Of a positive interval, by squaring: for long exponents much faster than by the logarithm."""
        return Interval(*libmp.mpi_pow_int((self.lo, self.hi), n, _precision[-1]))

    def magnitude(self):
        """The bits of the integer part of the upper end, negative for small numbers."""
        return int(self.hi[2] + self.hi[3])

    def ends(self):
        """Both ends as fractions."""
        return tuple(Fraction(*map(int, libmp.to_rational(end))) for end in (self.lo, self.hi))


def exp(x):
    return Interval(*libmp.mpi_exp((x.lo, x.hi), _precision[-1]))


def ln(x):
    """Of an enclosure of a positive number; one that reaches down to 0 has no lower bound."""
    x = Interval.of(x)
    if libmp.mpf_le(x.hi, libmp.fzero):
        raise ArithmeticError("logarithm of an enclosure that holds no positive number")
    if libmp.mpf_le(x.lo, libmp.fzero):
        return Interval(libmp.fninf, libmp.mpf_log(x.hi, _precision[-1], "c"))
    return Interval(*libmp.mpi_log((x.lo, x.hi), _precision[-1]))


def sqrt(x):
    x = Interval.of(x)
    return Interval(*libmp.mpi_sqrt((x.lo, x.hi), _precision[-1]))


def expm1(y):
    """e^y - 1 for y > 0 to full relative precision."""
    with precision(_precision[-1] + max(0, 8 - y.magnitude()) + 8):
        return exp(y) - 1


def pi():
    return Interval(libmp.mpf_pi(_precision[-1], "f"), libmp.mpf_pi(_precision[-1], "c"))


def ln1p(y):
    """ln(1 + y) for y >= 0 to full relative precision, however small y is."""
    y = Interval.of(y)
    if y.hi == libmp.fzero:
        return y
    magnitude = y.magnitude()
    if magnitude < -2 * _precision[-1]:
        return Interval((y - y * y).lo, y.hi)
    with precision(_precision[-1] + max(0, -magnitude) + 8):
        return ln(1 + y)


class Real:
    """A real number: a fraction, or a function that encloses it at the precision in force."""

    def __init__(self, enclosure=None, exact=None):
        self.exact = None if exact is None else Fraction(exact)
        self._enclosure = enclosure if exact is None else lambda: Interval.of(self.exact)

    def enclosure(self):
        return self._enclosure()

    def _apply(self, other, operation):
        other = other if isinstance(other, Real) else Real(exact=other)
        if self.exact is not None and other.exact is not None:
            return Real(exact=operation(self.exact, other.exact))
        return Real(lambda: operation(self.enclosure(), other.enclosure()))

    def __add__(self, other):
        return self._apply(other, lambda x, y: x + y)

    def __sub__(self, other):
        return self._apply(other, lambda x, y: x - y)

    def __mul__(self, other):
        return self._apply(other, lambda x, y: x * y)

    def __truediv__(self, other):
        return self._apply(other, lambda x, y: x / y)

    def less(self, other):
        """Decides self < other; a tie of numbers that are not fractions is not decided."""
        difference = self - other
        if difference.exact is not None:
            return difference.exact < 0
        return raise_precision(lambda: difference.enclosure() < 0)

    def floor(self):
        return floor(self.exact) if self.exact is not None else self._whole(Interval.floor)

    def ceil(self):
        return ceil(self.exact) if self.exact is not None else self._whole(Interval.ceil)

    def _whole(self, rounded):
        with precision(128):
            bits = self.enclosure().magnitude()
        return raise_precision(lambda: rounded(self.enclosure()), max(128, bits + 64))


def raise_precision(question, first=128, highest=HIGHEST_PRECISION):
    """The answer at the first precision at which it is not None."""
    bits = first
    while bits <= highest:
        with precision(bits):
            answer = question()
        if answer is not None:
            return answer
        bits *= 2
    raise Undecided()


class Huge:
    """A positive integer with too many digits to write: its decimal logarithm."""

    def __init__(self, log10):
        self.log10 = log10


def log10_of(real):
    """The decimal logarithm, exact for powers of 10."""
    if real.exact is not None and real.exact.denominator == 1 and real.exact > 0:
        n = real.exact.numerator
        zeros = (n & -n).bit_length() - 1  # factors 2
        if n.bit_length() >= 3 * zeros and n == 10**zeros:
            return Real(exact=zeros)
    return Real(lambda: ln(real.enclosure()) / ln(10))


def integer(count, log10, slack=False):
    """The integer that count() computes, or Huge where log10 says that it is too long to write.

    slack: log10 is that of the number before it was rounded up or down.
    """
    with precision(128):
        if (log10.enclosure() < DIGITS_WRITTEN + 1) is not False:
            value = count()
            if value < 10**DIGITS_WRITTEN:
                return value
    if slack:
        tiny = Fraction(1, 10 ** (DIGITS_WRITTEN - 10))
        return Huge(Real(lambda: log10.enclosure() + Interval.between(-tiny, tiny)))
    return Huge(log10)


def integer_root(n, p):
    """The floor of the p-th root of an integer n >= 0."""
    if n < 2 or p == 1:
        return n
    if p >= n.bit_length():
        return 1
    if p == 2:
        return isqrt(n)
    r = 1 << -(-n.bit_length() // p)
    while True:
        s = ((p - 1) * r + n // r ** (p - 1)) // p
        if s >= r:
            return r
        r = s


def primitive_root(n):
    """(g, e) with n = g^e, e the largest; n >= 2."""
    for e in range(n.bit_length(), 0, -1):
        g = integer_root(n, e)
        if g >= 2 and g**e == n:
            return g, e


def log_ratio(x, base):
    """ln x/ln base for a fraction x >= 1 and an integer base >= 2; exact where it is rational.

    x^q = base^p with x > 1 makes x an integer, and a power of the primitive root of the base.
    """
    x = Fraction(x)
    if x == 1:
        return Real(exact=0)
    if x.denominator == 1:
        g, e = primitive_root(base)
        with precision(128):
            power = (ln(x.numerator) / ln(g) + Fraction(1, 2)).floor()
        if power is not None and g**power == x:
            return Real(exact=Fraction(power, e))
    return Real(lambda: ln1p(x - 1) / ln(base))


def norm_factor(n, alpha):
    """n^{1/alpha}; alpha None is infinity."""
    if alpha is None or n == 1:
        return Real(exact=1)
    p, q = alpha.numerator, alpha.denominator
    r = integer_root(n, p)
    if r**min(p, 64) == n and p <= 64:
        return Real(exact=r**q)
    if alpha == 2:
        return Real(lambda: sqrt(n))
    return Real(lambda: exp(ln(n) * Fraction(q, p)))


def power_log10(base, exponent):
    """log10(base^exponent) for a fraction or Real base > 0."""
    base = base if isinstance(base, Real) else Real(exact=base)
    return Real(lambda: ln(base.enclosure()) * exponent / ln(10))
