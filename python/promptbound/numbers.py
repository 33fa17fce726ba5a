"""Numbers that answers are made of: exact ones are int and Fraction, the others are enclosed here."""

import math
from fractions import Fraction

from promptbound import _core


class Interval:
    """A closed interval [lower, upper] that holds the true number.

    Ends are exact Fractions, or -inf and inf (floats) where none is known. `x in interval` asks for an exact number,
    `float` gives the middle, `str` ten digits rounded outward, and `f"{interval:.20}"` twenty.

    >>> Interval("0.1", "0.2").width
    Fraction(1, 10)
    """

    __slots__ = ("lower", "upper")

    def __init__(self, lower, upper):
        self.lower = _end(lower)
        self.upper = _end(upper)
        if not self.lower <= self.upper:
            raise _core.InputError(f"interval: {lower} is not at most {upper} (accepted: lower <= upper)")

    @property
    def width(self):
        """upper - lower."""
        return self.upper - self.lower

    @property
    def middle(self):
        """(lower + upper)/2, exactly."""
        return (self.lower + self.upper) / 2

    def __contains__(self, number):
        if isinstance(number, Interval):
            return self.lower <= number.lower and number.upper <= self.upper
        return self.lower <= _end(number) <= self.upper

    def __float__(self):
        return float(self.middle)

    def __eq__(self, other):
        """The same ends; whether the enclosed numbers are equal is not known."""
        return isinstance(other, Interval) and (self.lower, self.upper) == (other.lower, other.upper)

    def __hash__(self):
        return hash((self.lower, self.upper))

    def __lt__(self, other):
        """True or False where that is certain for all numbers enclosed; Undecided otherwise."""
        lower, upper = _ends(other)
        if self.upper < lower:
            return True
        if self.lower >= upper:
            return False
        raise _core.Undecided(f"{self} and {other} overlap: which is smaller is not decided")

    def __gt__(self, other):
        lower, upper = _ends(other)
        if self.lower > upper:
            return True
        if self.upper <= lower:
            return False
        raise _core.Undecided(f"{self} and {other} overlap: which is larger is not decided")

    def __le__(self, other):
        return not self > other

    def __ge__(self, other):
        return not self < other

    def __str__(self):
        return format(self, "")

    def __format__(self, spec):
        digits = 10
        if spec:
            if not (spec.startswith(".") and spec[1:].isdigit() and int(spec[1:]) > 0):
                raise ValueError(f"format '{spec}' of an Interval (accepted: .N, N significant digits)")
            digits = int(spec[1:])
        return f"[{_text(self.lower, digits, False)}, {_text(self.upper, digits, True)}]"

    def __repr__(self):
        return f"Interval({_text(self.lower, 20, False)!r}, {_text(self.upper, 20, True)!r})"

    @property
    def _mpi_(self):
        """What mpmath.iv converts from: ends at mpmath's working precision, rounded outward."""
        from mpmath import iv, libmp

        def end(x, rounding):
            if isinstance(x, float):
                return libmp.from_float(x)
            return libmp.from_rational(x.numerator, x.denominator, iv.prec, rounding)

        return end(self.lower, libmp.round_floor), end(self.upper, libmp.round_ceiling)

    def to_mpmath(self):
        """The same as an mpmath.iv number, to calculate with."""
        from mpmath import iv

        return iv.convert(self)


class Magnitude:
    """A positive number too large to write out: 10 to the power of `log10`, an Interval."""

    __slots__ = ("log10",)

    def __init__(self, log10):
        self.log10 = log10

    def __eq__(self, other):
        return isinstance(other, Magnitude) and self.log10 == other.log10

    def __hash__(self):
        return hash(self.log10)

    def __str__(self):
        return f"10^{self.log10}"

    def __repr__(self):
        return f"Magnitude(log10={self.log10!r})"


class PowerTower:
    """A number whose logarithm is too large to write out: 10^(10^log10_log10), an Interval."""

    __slots__ = ("log10_log10",)

    def __init__(self, log10_log10):
        self.log10_log10 = log10_log10

    def __eq__(self, other):
        return isinstance(other, PowerTower) and self.log10_log10 == other.log10_log10

    def __hash__(self):
        return hash(self.log10_log10)

    def __str__(self):
        return f"10^(10^{self.log10_log10})"

    def __repr__(self):
        return f"PowerTower(log10_log10={self.log10_log10!r})"


def _end(number):
    """An exact Fraction, or an infinite float."""
    if isinstance(number, Fraction):
        return number
    if isinstance(number, float) and math.isinf(number):
        return number
    text = _core.number_text(number, "interval")
    if text == "inf":
        return math.inf
    try:
        return Fraction(text)
    except ValueError:
        raise _core.InputError(f"interval: '{text[:60]}' is not a number") from None


def _ends(other):
    if isinstance(other, Interval):
        return other.lower, other.upper
    number = _end(other)
    return number, number


def _text(number, digits, up):
    if isinstance(number, float):
        return str(number)
    return _core.decimal(number, digits, up)
