"""The tables of this example: rows as dictionaries, and digits that stay on the right side of what they stand for."""

import csv
import decimal
import pathlib
from fractions import Fraction

HERE = pathlib.Path(__file__).resolve().parent


def read(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def to_digits(number, rounded):
    """Nine digits behind the point of an exact number, or of its text, rounded by math.floor or math.ceil."""
    return format(decimal.Decimal(rounded(Fraction(number) * 10**9)).scaleb(-9), "f")
