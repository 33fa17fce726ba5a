#!/usr/bin/env python3
"""The sweep of bench/bounds/run in mpmath: the same formulas, 40 digits, one CSV row a point."""
import sys
from fractions import Fraction

from mpmath import ceil, floor, log, mp, mpf, nstr

mp.dps = 50


def real(q):
    return mpf(q.numerator) / q.denominator


def entropy_lipschitz(n, w, C, eps, R, Lambda):
    best = None
    finest = -(-C // (2 * eps)) - 1
    for k in range(1, int(finest) + 1):
        h = min(Fraction(1), C / k)
        rho = (h - 2 * eps) / (2 * Lambda)
        value = mpf((k + 1) ** n) * log(2) / (w * log(real(1 + R / rho)))
        if best is None or value > best[0]:
            best = (value, k)
    return best


def row(d, L, eps, C=Fraction(1), b=16, R=Fraction(1), Lambda=Fraction(10)):
    n, w = d * L, d
    root = mp.sqrt(n)
    k_grid = int(ceil(2 * real(C) * root / real(eps)))
    finest = int(-(-C // (2 * eps)) - 1)
    bits = -(-((finest + 1) ** n) // (b * w))
    value, k = entropy_lipschitz(n, w, C, eps, R, Lambda)
    k_lookup = int(floor(real(C) * root / (2 * real(eps)))) + 1
    k_universal = int(floor((real(C) + 1) * root / (2 * real(eps)))) + 1
    return [d, L, eps, L * k_grid**n, bits, nstr(value, 40), int(ceil(value)), k_lookup**n, L * k_universal**n]


def main():
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    count = 0
    for d in range(1, 11):
        for L in range(1, 11):
            for i in range(100):
                if count == points:
                    return
                print(*row(d, L, Fraction(1, 100) + Fraction(i, 1100)), sep=",")
                count += 1


main()
