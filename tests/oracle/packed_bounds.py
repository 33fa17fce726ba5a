"""Theory 1.6, 2.8 and 1.2 at alpha = 2: the packed prompts by trying every code, straight from the formulas.

Every function is called and answers as those of length_bounds.py.
"""
from fractions import Fraction
from math import floor

from length_bounds import grid_number, require
from memory_bounds import Text
from reals import Real, integer, integer_root, ln, log10_of, log_ratio, norm_factor, power_log10, precision, raise_precision


def digits_of(base, b):
    """The largest j with base^j <= 2^b."""
    with precision(256):
        j = below(ln(2) * b / ln(base))
    while base ** (j + 1) <= 1 << b:
        j += 1
    while base**j > 1 << b:
        j -= 1
    return j


def below(x):
    """An integer just below an enclosed number."""
    return floor(x.ends()[0])


def steps_of_differences(n, b):
    result = set(range(1, 65)) | {i * n for i in range(1, 11)}
    for J in range(1, b + 1):
        result.add((integer_root(1 << b, J) - 1) // 2)
    return sorted(t for t in result if t >= 1 and 2 * t + 1 <= 1 << b)


def codes(d, L, C, alpha, b, P):
    """(form, steps, J, cells k for eps, (first digits A, cells a token r) for k)."""
    n = d * L
    root = norm_factor(n, alpha)
    for t in steps_of_differences(n, b):
        J, base = digits_of(2 * t + 1, b), 2 * t + 1

        def cells(eps, t=t):
            return (root * (C * Fraction(t + 1, t) / (2 * eps))).floor() + 1

        def layout(k, t=t, J=J, base=base):
            largest, A, power = floor(Fraction(k * t) / C + Fraction(1, 2)), 1, base
            if largest >= base**64:  # about, then exactly
                with precision(256):
                    A = below(ln(largest) / ln(base))
                power = base**A
            while power <= largest:
                A, power = A + 1, power * base
            return A, P * J // n - A + 1

        yield "difference", t, J, cells, layout, Fraction(C) * Fraction(t + 1, t) / 2, Fraction(0)
    for J in range(1, b + 1):
        M = integer_root(1 << b, J) - 1

        def cells(eps, M=M):
            room = Real(exact=2 * eps) - root * Fraction(1, M)
            return (root * C / room).floor() + 1 if Real(exact=0).less(room) else None

        yield "direct", M, J, cells, lambda k, J=J: (1, P * J // n), Fraction(C) / 2, Fraction(1, 2 * M)


def is_less(n, k1, r1, k2, r2):
    """Is k1^n/r1 certainly less than k2^n/r2, for numbers too long to write?"""
    if (k1, r1) == (k2, r2):
        return False
    return raise_precision(lambda: n * ln(k1) + ln(r2) < n * ln(k2) + ln(r1))


def outputs(form, steps, J, k, A, r):
    return {"form": Text(form), "steps": steps, "k": k, "digits_per_entry": J, "first_digits": A, "cells_per_token": r}


def packed_upper(d, L, eps, C, alpha, b, P):
    require(b <= 4096, "b > 4096")
    n = d * L
    P = min(16 * n, 10**18) if P is None else P
    best = None
    for form, steps, J, cells, layout, _, _ in codes(d, L, C, alpha, b, P):
        k = cells(eps)
        if k is None:
            continue
        A, r = layout(k)
        if r < 1:
            continue
        m = -(-(k**n) // r) if k == 1 or n * k.bit_length() < 10**6 else None
        if best is not None:
            least, other = best[0], best[1]
            if m is not None and least is not None:
                if m >= least:
                    continue
            elif not is_less(n, k, r, other["k"], other["cells_per_token"]):
                continue
        best = m, outputs(form, steps, J, k, A, r)
    require(best is not None, "no code fits")
    m, result = best
    k, r = result["k"], result["cells_per_token"]
    log10 = power_log10(k, n) - log10_of(Real(exact=r))
    tokens = m if m is not None else integer(lambda: -(-(k**n) // r), log10, slack=True)
    if isinstance(tokens, int):
        index = max(1, -(-(tokens - 1).bit_length() // b))
    else:
        index = (Real(lambda: log10.enclosure() * ln(10) / (ln(2) * b))).ceil()
    width = P + 3 * d + L + 12 + (n if L > 1 else 0) + 3 * (index - 1)
    digits = n * (result["first_digits"] + r - 1)
    return result | {"tokens": tokens, "width": width, "attention_blocks": n + 1 + (L > 1),
                     "ffn_blocks": (n + 1) * (n + digits + 4) + 1 + 2 * (L > 1)}


def packed_upper_eps(d, L, m, C, alpha, b, P):
    require(b <= 4096, "b > 4096")
    n = d * L
    P = min(16 * n, 10**18) if P is None else P
    best = None
    for form, steps, J, _, layout, cell, rounding in codes(d, L, C, alpha, b, P):
        def fits(k):
            A, r = layout(k)
            return r >= 1 and k ** min(n, 200) <= m * r
        low, high = 0, integer_root(m * max(1, P * J // n), n) + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        if low == 0:
            continue
        accuracy = cell / low + rounding
        if best is None or accuracy < best[0]:
            best = accuracy, outputs(form, steps, J, low, *layout(low))
    require(best is not None, "no code fits")
    return best[1] | {"eps": norm_factor(n, alpha) * best[0]}


def packed_memory_layout(d, L, K, b, P):
    P = min(16 * d * L, 10**18) if P is None else P
    J = 0
    while J * K.bit_length() < 4 * b and K ** (J + 1) <= 1 << b:
        J += 1
    e = 1
    while 1 << (b * e) < K:
        e += 1
    labels = P * J if J else P // e
    require(labels >= 1, "a token holds no label")
    return P, {"labels_per_token": labels, "labels_per_entry": J, "entries_per_label": e}


def packed_memory_width(d, L, m, b, P):
    digits = 1
    while 1 << (b * digits) < m:
        digits += 1
    return P + d + L + 6 + (d * L if L > 1 else 0) + 3 * digits


def packed_memory(N, d, L, K, b, P):
    P, result = packed_memory_layout(d, L, K, b, P)
    tokens = -(-N // result["labels_per_token"])
    return result | {"tokens": tokens, "width": packed_memory_width(d, L, tokens, b, P)}


def packed_memory_N(m, d, L, K, b, P):
    P, result = packed_memory_layout(d, L, K, b, P)
    return result | {"N": m * result["labels_per_token"], "width": packed_memory_width(d, L, m, b, P)}


def entropy_simplex(d, L, eps, C, alpha, b, w):
    require(alpha == 2, "alpha is not 2")
    require(eps < Fraction(1, 2), "eps >= 1/2")
    n, k = d * L, grid_number(C, eps)
    require(k >= 1, "no k >= 1 below C/(2 eps)")
    choices = log_ratio(n + 1, 2)
    log10 = power_log10(k + 1, n) + log10_of(choices) - log10_of(Real(exact=b * w))
    return {"k": k, "tokens": integer(lambda: ((choices * (k + 1) ** n - 1) / (b * w)).floor() + 1, log10, slack=True)}


def entropy_simplex_eps(d, L, m, C, alpha, b, w):
    require(alpha == 2, "alpha is not 2")
    n = d * L
    fewer = (Real(exact=m * b * w + 1) / log_ratio(n + 1, 2)).ceil() - 1  # the largest integer below
    return {"eps": Real(exact=min(Fraction(1, 2), C / (2 * max(1, integer_root(fewer, n)))))}
