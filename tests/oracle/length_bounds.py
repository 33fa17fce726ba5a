"""Theory 1.1, 1.2, 1.4 and 1.5: prompt lengths from the formulas, exact where they are.

Every function takes the parameters as integers and fractions (alpha None is infinity, b None is absent) and gives
{output: value}, or NotApplicable. A value is an int, a Real or a Huge integer.
"""
from fractions import Fraction

from reals import DIGITS_WRITTEN, Huge, Real, exp, integer, integer_root, ln, log10_of, norm_factor, power_log10, precision, primitive_root


class NotApplicable(Exception):
    """An assumption of the theory is violated."""


def require(condition, why):
    if not condition:
        raise NotApplicable(why)


def packing_choices(n, alpha):
    """s of 1.2: independent output coordinates."""
    return n if alpha is None else 1


def quantized_capacity(d, L, eps, C, alpha):
    n = d * L
    cells = norm_factor(n, alpha) * (2 * C / eps)  # 1/delta
    require(not cells.less(1), "1/delta < 1")
    value = quantized_value(n, L, 2 * C / eps, alpha)
    log10 = log10_of(cells) * n + log10_of(Real(exact=L))
    k = cells.ceil()
    return {
        "value": value(log10),
        "least_integer": integer(lambda: value(log10).ceil(), log10, slack=True),
        "k": k,
        "tokens": integer(lambda: L * k**n, power_log10(k, n) + log10_of(Real(exact=L))),
    }


def quantized_value(n, L, scale, alpha):
    """L scale^n n^{n/alpha} as a function of its logarithm: n^{n/alpha} can be rational where n^{1/alpha} is not."""
    def value(log10):
        if alpha is None or n == 1:
            root = 1
        else:
            g, e = primitive_root(n)
            power = Fraction(e * n) / alpha
            root = g ** int(power) if power.denominator == 1 and power * g.bit_length() < 10**6 else None
        with precision(64):
            short = (log10.enclosure() < 110_000) is True and n < 10**6
        if root is not None and short:
            return Real(exact=L * scale**n * root)
        return Real(lambda: exp(log10.enclosure() * ln(10)))
    return value


def quantized_capacity_eps(d, L, m, C, alpha):
    n, ratio = d * L, Fraction(L, m)
    eps = norm_factor(n, alpha) * (2 * C) * Real(lambda: exp(ln(ratio) / n))
    # eps^(n p) is rational for 1/alpha = q/p; where it is a power, eps is.
    inverse = Fraction(0) if alpha is None else 1 / Fraction(alpha)
    p, q = inverse.denominator, inverse.numerator
    if n * p <= 10_000:
        power = (2 * C) ** (n * p) * Fraction(n) ** (n * q) * ratio ** p
        root = Fraction(integer_root(power.numerator, n * p), integer_root(power.denominator, n * p))
        if root ** (n * p) == power:
            eps = Real(exact=root)
    return {"eps": eps}


def entropy_bits(d, L, eps, C, alpha, b, w):
    require(eps < Fraction(1, 2), "eps >= 1/2")
    n, k = d * L, grid_number(C, eps)
    require(k >= 1, "no k >= 1 below C/(2 eps)")
    s = packing_choices(n, alpha)
    log10 = power_log10(k + 1, n) + log10_of(Real(exact=Fraction(s, b * w)))
    return {"k": k, "tokens": integer(lambda: -(-s * (k + 1) ** n // (b * w)), log10, slack=True)}


def grid_number(C, eps):
    """The largest integer below C/(2 eps)."""
    ratio = C / (2 * eps)
    return -(-ratio.numerator // ratio.denominator) - 1


def entropy_bits_eps(d, L, m, C, alpha, b, w):
    """ceil(x) > m iff x > m, so tokens > m iff (k+1)^n > m b w/s; and k >= K - 1 iff eps < C/(2 (K - 1))."""
    n = d * L
    s = packing_choices(n, alpha)
    K = max(2, integer_root(m * b * w // s, n) + 1)
    return {"eps": Real(exact=min(Fraction(1, 2), C / (2 * (K - 1))))}


def lookup_upper(d, L, eps, C, alpha, b):
    n = d * L
    root = norm_factor(n, alpha)
    left = Real(exact=eps) if b is None else Real(exact=eps) - root * Fraction(1, 2 ** (b + 1))
    require(Real(exact=0).less(left), "eps <= n^{1/alpha} 2^{-b-1}")
    k = (root * (C / 2) / left).floor() + 1
    blocks = 1 if L == 1 else 2
    return {"k": k, "tokens": integer(lambda: k**n, power_log10(k, n)), "width": 4 * n + d + L + 2,
            "attention_blocks": blocks, "ffn_blocks": blocks}


def lookup_upper_eps(d, L, m, C, alpha):
    """m tokens allow k = floor(m^{1/n}) cells, which serve every eps > C n^{1/alpha}/(2k)."""
    n = d * L
    k = integer_root(m, n)
    return {"k": k, "eps": norm_factor(n, alpha) * (C / (2 * k))}


def universality_size(d, L, eps, C, alpha):
    require(alpha is not None, "alpha = inf")
    n = d * L
    root = norm_factor(n, alpha)
    k = (root * ((C + 1) / (2 * eps))).floor() + 1
    tokens = integer(lambda: L * k**n, power_log10(k, n) + log10_of(Real(exact=L)))
    T = tokens + L if isinstance(tokens, int) else None
    # T as a real number: exact, or L k^n (1 + k^{-n}).
    length = Real(exact=T) if T else Real(lambda: _huge_length(L, k, n))
    wide_log10 = length * d * log10_of(Real(exact=k)) + log10_of(Real(exact=L))
    order_log10 = power_log10(k, d) + log10_of(length)
    return {
        "k": k,
        "tokens": tokens,
        "attention_blocks": 1,
        "ffn_1_width": d * (2 * T * k - 1) if T else Huge(log10_of(length * (2 * d * k))),
        "wide_ffn_width": integer(lambda: L * k ** (d * T), wide_log10),
        "deep_ffn_blocks": integer(lambda: L * k ** (d * T) + 1, wide_log10, slack=True),
        "ramp_limit": ramp_limit(n, k, eps, C, alpha),
        "wcwh23_attention_order": integer(lambda: T * k**d, order_log10),
    }


def _huge_length(L, k, n):
    grid = exp(ln(k) * n)
    return (grid + 1) * L


def ramp_limit(n, k, eps, C, alpha):
    """None where k = 1, without ramps, and where k is too long to write. They must be narrower than 1/(2k), and n^2 (k-1) of them must fit between eps' and eps, eps' at its least."""
    if k == 1 or k >= 10**DIGITS_WRITTEN:
        return None
    half_cell = Real(exact=Fraction(1, 2 * k))
    def power(base_log):
        return exp(base_log * alpha)
    def left():
        least = ln(n) / alpha + ln((C + 1) / (2 * k))
        return (power(ln(eps)) - power(least)) / (n * n * (k - 1))
    room = Real(left)
    if alpha.denominator == 1 and alpha <= 64:
        a = int(alpha)
        room = Real(exact=(eps**a - n * ((C + 1) / (2 * k)) ** a) / (n * n * (k - 1)))
    return room if room.less(half_cell) else half_cell
