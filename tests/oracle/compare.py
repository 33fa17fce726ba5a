"""Compares a record of the program with the values of the oracle.

Integers must be equal, enclosures must contain the value and be narrow; integers too long to write are compared by their
decimal logarithms.
"""
from fractions import Fraction

from mpmath import libmp

from attention_bounds import Root
from entropy_lipschitz import NearlyBest, NoLength
from memory_bounds import Least, Text
from reals import DIGITS_WRITTEN, Huge, Interval, Real, Undecided, exp, ln, log10_of, precision, raise_precision

NARROW = Fraction(1, 10**37)  # relative width of an enclosure that has 40 digits
MOST_BITS = 1 << 15


class Decimal:
    """An exact decimal such as -1.25e-78766, without writing out its zeros."""

    def __init__(self, text):
        mantissa, _, exponent = text.partition("e")
        whole, _, part = mantissa.partition(".")
        self.digits, self.exponent = int(whole + part), int(exponent or 0) - len(part)

    def enclosure(self):
        if abs(self.exponent) <= 5000:
            return Interval.of(Fraction(self.digits) * Fraction(10) ** self.exponent)
        return self.digits * exp(ln(10) * self.exponent)


def differences(record, expected):
    """One line for each output that is not as expected."""
    outputs = record["outputs"]
    expected = {name: value for name, value in expected.items() if value is not None}
    problems = [f"{name}: missing" for name in expected.keys() - outputs.keys()]
    problems += [f"{name}: unexpected, {outputs[name]}" for name in outputs.keys() - expected.keys()]
    for name in expected.keys() & outputs.keys():
        try:
            problem = difference(outputs[name], expected[name])
        except Undecided:
            problem = "the oracle does not decide it"
        if problem:
            problems.append(f"{name}: {problem}; printed {str(outputs[name])[:300]}")
    return problems


def difference(printed, value):
    """What is wrong with one printed number, None if nothing."""
    if isinstance(value, Text):
        return None if printed.get("text", "").startswith(value.beginning) else f"should say: {value.beginning}..."
    if value is NoLength:
        return None if printed == {"text": "no length suffices"} else "should say that no length suffices"
    if "lower" not in printed and "log10_log10" not in printed:
        return "not a number"
    if isinstance(value, NearlyBest):
        with precision(1000):
            best = value.best.enclosure()
            return "is not the best" if (value.value(int(printed["exact"])) < best - best * NARROW) is True else None
    if isinstance(value, set):  # ties
        value = next((k for k in value if printed["exact"] == str(k)), min(value))
    if isinstance(value, int) and value >= 10**DIGITS_WRITTEN:
        value = Huge(log10_of(Real(exact=value)))
    if isinstance(value, int):
        if printed["exact"] != str(value):
            return f"should be {short(value)}"
        return containment(printed["log10"], log10_of(Real(exact=value))) if "log10" in printed else None
    if isinstance(value, Least):
        return least_difference(printed, value)
    if isinstance(value, Root):
        return root_difference(printed, value)
    if isinstance(value, Huge):
        return huge_difference(printed, value.log10)
    return real_difference(printed, value)


def huge_difference(printed, log10):
    if "log10_log10" in printed:
        return containment(printed["log10_log10"], log10_of(log10))
    if printed["exact"] is not None:
        return f"has more than {DIGITS_WRITTEN} digits"
    return containment(printed["log10"], log10) or (printed["lower"] and leading_digits(printed, log10))


def real_difference(printed, value):
    if "log10_log10" in printed:
        return huge_difference(printed, log10_of(value))
    if printed["exact"] is not None:
        if value.exact is not None:
            return None if Fraction(printed["exact"]) == value.exact else f"should be exactly {short(value.exact)}"
        with precision(2000):
            if (value.enclosure() < Fraction(printed["exact"])) is not None:
                return f"exact value is wrong, should be in {describe(value)}"
    if "log10" in printed:
        return containment(printed["log10"], log10_of(value)) or (printed["lower"] and leading_digits(printed, log10_of(value)))
    return containment(printed, value)


def containment(printed, value):
    """printed: {"lower", "upper"} to 40 digits."""
    low, high = Decimal(printed["lower"]), Decimal(printed["upper"])

    def inside():
        x = value.enclosure()
        below, above = x < low.enclosure(), high.enclosure() < x
        if value.exact is not None or low.digits == 0:
            below = False if below is None else below  # equal ends
            above = False if above is None else above
        if below or above:
            return "the value is outside, it is in " + describe(value)
        return None if below is None or above is None else "inside"

    answer = raise_precision(inside, 256, MOST_BITS)
    if answer != "inside":
        return answer
    return None if narrow(low, high) else f"the enclosure is wide, the value is in {describe(value)}"


def narrow(low, high):
    with precision(400):
        width = high.enclosure() - low.enclosure()
        return (width < Interval.of(abs(high.digits)) * (exp(ln(10) * high.exponent)) * NARROW) is not False or high.digits == 0


def leading_digits(printed, log10):
    """Compares 10^log10 with the printed ends, by their logarithms; they show the digits that the logarithm determines."""
    low, high = Decimal(printed["lower"]), Decimal(printed["upper"])

    def inside():
        x = log10.enclosure() * ln(10)
        below = x < ln(Interval.of(low.digits)) + ln(10) * low.exponent
        above = ln(Interval.of(high.digits)) + ln(10) * high.exponent < x
        if below or above:
            return "the leading digits are wrong"
        return None if below is None or above is None else "inside"
    answer = raise_precision(inside, 256, MOST_BITS)
    return None if answer == "inside" else answer


def least_difference(printed, least):
    """The printed integer must satisfy the predicate and the integer before it must not.

    An integer of more than 40 digits is only enclosed.
    """
    if printed["exact"] is not None:
        m = int(printed["exact"])
        if not negative(least, m):
            return "not enough: the predicate is false there"
        if m > 1 and negative(least, m - 1):
            return "not the least: the predicate is true one before"
        return None
    if "log10" not in printed:
        low, high = (int(Fraction(end.digits) * 10**end.exponent) for end in (Decimal(printed["lower"]), Decimal(printed["upper"])))
        if low < 10**40:
            return "the integer is not decided"
        if is_far(least, Interval.of(low)):
            at = [raise_precision(lambda: least.far(ln(m)) < 0, 256, MOST_BITS) for m in (high, low - 1)]
        else:
            at = [negative(least, m) for m in (high, low - 1)]
        return None if at == [True, False] else "the enclosure is wrong"
    low, high = (Decimal(printed["log10"][end]) for end in ("lower", "upper"))
    with precision(2000):
        logs = [end.enclosure() * ln(10) for end in (low, high)]
        is_beyond = least.far and least.far(logs[0]) is not None
        at = [(least.far(log) if is_beyond else least.difference(exp(log))) < 0 for log in logs]
    return "the logarithm does not enclose it" if at[0] is True or at[1] is False else None


def is_far(least, m):
    with precision(256):
        return least.far is not None and least.far(ln(m)) is not None


def negative(least, m):
    try:
        return raise_precision(lambda: least.difference(m) < 0, 256, MOST_BITS // 16)
    except Undecided:
        return not least.tie(m) and raise_precision(lambda: least.difference(m) < 0, MOST_BITS // 8, MOST_BITS)


def root_difference(printed, root):
    low, high = (Decimal(printed[end]) for end in ("lower", "upper"))
    ends = [Fraction(end.digits) * Fraction(10) ** end.exponent for end in (low, high)]
    if ends[0] > 0 and not root.holds(ends[0]):
        return "the lower end is above the root"
    if root.holds(ends[1]):
        return "the upper end is below the root"
    return None if narrow(low, high) else "the enclosure is wide"


def short(value):
    text = str(value)
    return text if len(text) < 80 else f"{text[:40]}...{text[-10:]} ({len(text)} characters)"


def describe(value):
    with precision(256):
        interval = value.enclosure()
    return f"[{libmp.to_str(interval.lo, 45)}, {libmp.to_str(interval.hi, 45)}]"
