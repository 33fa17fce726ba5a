"""ln binom(a + m, m) for huge a and m: products where one is small, Stirling's series with its error bound otherwise."""
from fractions import Fraction
from math import factorial

from mpmath import bernfrac

from reals import Interval, ln, ln1p, pi, working_precision

SMALL = 600


def ln_binomial(a, m):
    """Encloses ln binom(a + m, m); a >= 1 and m >= 1 are integers, or intervals in place of long ones."""
    least = min((x for x in (a, m) if isinstance(x, int)), default=None)
    if least is not None and least <= SMALL:
        other = m if a is least else a
        if isinstance(other, int):
            product = 1
            for i in range(1, least + 1):
                product = product * (other + i) // i
            return ln(product)
        total = Interval.of(0)
        for i in range(1, least + 1):
            total = total + ln((other + i) / i)
        return total
    a, m = Interval.of(a), Interval.of(m)
    half = Fraction(1, 2)
    return (a * ln1p(m / a) + m * ln1p(a / m) + (ln((a + m) / (a * m)) - ln(2 * pi())) * half
            + stirling(a + m) - stirling(a) - stirling(m))


def stirling(z):
    """ln z! - (z + 1/2) ln z + z - ln(2 pi)/2, between any two consecutive partial sums of its alternating series."""
    total, power = Interval.of(0), z
    goal = Interval.of(Fraction(1, 2 ** (working_precision() + 20)))
    previous = None
    for j in range(1, 10_000):
        numerator, denominator = bernfrac(2 * j)
        term = Fraction(int(numerator), int(denominator) * 2 * j * (2 * j - 1)) / power
        magnitude = term if numerator > 0 else 0 - term
        if (magnitude < goal) is True or (previous is not None and (magnitude < previous) is not True):
            return total + term.hull(0)
        previous = magnitude
        total = total + term
        power = power * z * z


def ln_factorial(n):
    if n < SMALL:
        return ln(factorial(n)) if n > 1 else Interval.of(0)
    return (n + Fraction(1, 2)) * ln(n) - n + ln(2 * pi()) * Fraction(1, 2) + stirling(Interval.of(n))
