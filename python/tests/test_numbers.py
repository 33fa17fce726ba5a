import decimal
import math
import warnings
from fractions import Fraction

import numpy
import pytest

import promptbound as pb


def eps_of(value):
    return pb.evaluate("entropy-bits", d=2, L=2, eps=value).inputs["eps"]


@pytest.mark.parametrize("value, exact", [
    ("1/10", Fraction(1, 10)), ("0.1", Fraction(1, 10)), ("1e-1", Fraction(1, 10)), (Fraction(1, 10), Fraction(1, 10)),
    (decimal.Decimal("0.1"), Fraction(1, 10)), (0.125, Fraction(1, 8)), (numpy.float64(0.25), Fraction(1, 4)),
    (numpy.float32(0.375), Fraction(3, 8)), (1 / 3, Fraction(1 / 3)),
])
def test_numbers_go_in_exactly(value, exact):
    assert eps_of(value) == exact


def test_a_float_that_looks_like_a_decimal_is_the_binary64_number_and_says_so():
    with pytest.warns(pb.FloatWarning, match="0.1 is a float, taken as the binary64 number 3602879701896397/36028797018963968") as caught:
        assert eps_of(0.1) == Fraction(0.1) != Fraction(1, 10)
    assert caught[0].filename == __file__
    with pytest.warns(pb.FloatWarning):
        assert eps_of(numpy.float32(0.1)) == Fraction(float(numpy.float32(0.1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in (0.5, 1e-300 * 0 + 0.375, 1 / 3, 2.0):
            pb.evaluate("lookup-upper", d=1, L=1, eps="1/10", C=value)


@pytest.mark.parametrize("value", [True, None, object(), "ten", "nan", float("nan"), decimal.Decimal("NaN"), [1], 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(pb.InputError, match="eps"):
        eps_of(value)


def test_integers_of_any_size_go_in_and_come_out():
    big = 10**17
    assert pb.evaluate("memory-bits", m=big, w=1).inputs["m"] == big
    with pytest.raises(pb.InputError, match="--m '-123456789012345678901234567890'"):
        pb.evaluate("memory-bits", m=-123456789012345678901234567890, w=1)
    with pytest.raises(pb.InputError, match=r"--eps '-1/3'"):
        eps_of(Fraction(-1, 3))
    assert pb.evaluate("entropy-bits", d=numpy.int64(2), L=2, eps="1/10").inputs["d"] == 2
    huge = pb.evaluate("lookup-upper", d=1, L=200, eps="1/1000", alpha="inf").tokens
    assert huge == 501**200 and isinstance(huge, int)


def test_infinity():
    for value in ("inf", math.inf, decimal.Decimal("Infinity")):
        result = pb.evaluate("lookup-upper", d=2, L=2, eps="1/10", alpha=value)
        assert result.inputs["alpha"] == math.inf and result.tokens == 6**4


def test_an_interval_holds_its_numbers_and_prints_outward():
    x = pb.Interval(Fraction(1, 3), "0.6666666666666666666")
    assert Fraction(1, 3) in x and Fraction(1, 2) in x and 0.25 not in x and pb.Interval("0.4", "0.5") in x
    assert x.width == Fraction("0.6666666666666666666") - Fraction(1, 3)
    assert str(x) == "[0.3333333333, 0.6666666667]" and f"{x:.3}" == "[0.333, 0.667]"
    assert float(pb.Interval(1, 2)) == 1.5
    assert eval(repr(x), {"Interval": pb.Interval}).width >= x.width
    assert x == pb.Interval(x.lower, x.upper) and hash(x) == hash(pb.Interval(x.lower, x.upper)) and x != 1
    assert str(pb.Interval(-math.inf, 1)) == "[-inf, 1]"
    with pytest.raises(pb.InputError, match="lower <= upper"):
        pb.Interval(2, 1)
    with pytest.raises(ValueError, match="accepted: .N"):
        format(x, "f")


def test_comparisons_are_decided_or_raise():
    x = pb.Interval(1, 2)
    assert x < 3 and x > 0 and not x < 1 and x <= 2 and x >= 1 and not x > 2 and pb.Interval(3, 4) > x
    for undecided in (lambda: x < Fraction(3, 2), lambda: x > Fraction(3, 2), lambda: x < pb.Interval(Fraction(3, 2), 5)):
        with pytest.raises(pb.Undecided, match="not decided"):
            undecided()


def test_conversion_to_mpmath_contains_the_interval():
    from mpmath import iv, mpf

    x = pb.Interval(Fraction(1, 3), Fraction(2, 3))
    for bits in (24, 53, 200):
        iv.prec = bits
        converted = iv.convert(x)
        assert converted == x.to_mpmath()
        lower, upper = (Fraction(int(sign and -man or man)) * Fraction(2) ** exponent for sign, man, exponent, _ in converted._mpi_)
        assert lower <= x.lower < lower + Fraction(1, 2 ** (bits - 2)) and upper - Fraction(1, 2 ** (bits - 2)) < x.upper <= upper
    iv.prec = 53
    assert mpf(1) in iv.convert(pb.Interval(0, math.inf))


def test_enclosures_hold_what_is_known():
    x = pb.evaluate("efficiency-threshold", T=1024, B=2, d=64).outputs
    root = next(value for value in x.values() if isinstance(value, pb.Interval))
    assert root.width < Fraction(1, 10**35)
    assert abs(float(root) - math.sqrt(math.log(1024))) < 1e-14


def test_numbers_too_large_to_write_are_their_logarithms():
    tokens = pb.evaluate("lookup-upper", d=10**3, L=10**3, eps="1/10").tokens
    assert isinstance(tokens, pb.Magnitude)
    # alpha = 2: k = floor(sqrt(10^6)/(2/10)) + 1.
    assert abs(float(tokens.log10) - 10**6 * math.log10(5001)) < 1e-6
    assert str(tokens).startswith("10^[3699056.854")


def test_ends_of_any_length_are_printed():
    end = Fraction(3**500000, 2**800000)
    assert str(pb.Interval(end, 2 * end)).startswith("[") and len(str(pb.Interval(end, 2 * end))) < 60
    result = pb.evaluate("universality-size", d=1000, L=1000, eps="1/1000")
    assert result.applicable and len(repr(result)) < 2000
