#!/usr/bin/env python3
"""Writes rotary_reference.txt: frequencies of rotary positions by the published definitions, in mpmath.

    python3 tests/transformer/rotary_reference.py > tests/transformer/rotary_reference.txt

Each line: kind, base, width of the head, factor, low and high frequency factor, original positions (0 where the kind
has none), index of the pair, frequency. The scaled frequencies are written as the reference implementations decide
them, by cases on the wavelength, and not by a clamped blend.
"""
import mpmath

mpmath.mp.dps = 60

CASES = [
    # Llama 3.1 8B, Llama 3.2 1B, and heads that are small enough to have pairs in every case.
    (500000, 128, 8, 1, 4, 8192),
    (500000, 64, 32, 1, 4, 8192),
    (500000, 8, 32, 1, 4, 64),
    (10000, 16, 3, 2, 5, 4096),
]


def llama3(frequency, factor, low, high, original):
    wavelength = 2 * mpmath.pi / frequency
    if wavelength < mpmath.mpf(original) / high:
        return frequency
    if wavelength > mpmath.mpf(original) / low:
        return frequency / factor
    smooth = (original / wavelength - low) / (high - low)
    return (1 - smooth) * frequency / factor + smooth * frequency


def main():
    for base, width, factor, low, high, original in CASES:
        for i in range(width // 2):
            frequency = mpmath.mpf(base) ** (-mpmath.mpf(2 * i) / width)
            text = lambda value: mpmath.nstr(value, 50)
            print("default", base, width, 0, 0, 0, 0, i, text(frequency))
            print("linear", base, width, factor, 0, 0, 0, i, text(frequency / factor))
            print("llama3", base, width, factor, low, high, original, i,
                  text(llama3(frequency, factor, low, high, original)))


if __name__ == "__main__":
    main()
