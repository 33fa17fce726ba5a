"""What examples/recall stores: its trained prompts are certified again, and its tables are those of the bounds."""

import csv
import importlib
import math
from fractions import Fraction

import pytest

import promptbound as pb
from conftest import ROOT

FOLDER = ROOT / "examples/recall"
MODEL = ROOT / "tests/models/data/tiny-gpt2"


def rows(name):
    with open(FOLDER / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


STORED = sorted(path.name for path in (FOLDER / "prompts").iterdir())


@pytest.mark.parametrize("name", STORED)
def test_a_trained_prompt_is_certified_as_its_row_says(name):
    row = next(row for row in rows("prompts.csv") if row["prompt"] == name)
    folder = FOLDER / "prompts" / name
    answer = pb.recall(MODEL, [int(id) for id in row["ids"].split()], prompt=folder, certify=True)
    found = answer.sequences[0]
    verdicts = [token["verdict"] for token in found["tokens"]]
    assert found["verdict"] == row["verdict"]
    assert [verdicts.count(word) for word in ("recalled", "not recalled", "unknown")] == [
        int(row[column]) for column in ("positions_recalled", "positions_not_recalled", "positions_unknown")]
    assert answer["prompts"][0]["length"] == int(row["tokens"]) and answer["prompts"][0]["bits_per_entry"] == 16
    smallest = min(Fraction(token["margin"]["lower"]) for token in found["tokens"])
    assert math.floor(smallest * 10**9) == Fraction(row["smallest_margin_lower"]) * 10**9
    assert pb.check(answer.certificate, model=MODEL, prompts=[folder]).accepted


def test_both_answers_are_among_the_stored_prompts():
    said = {row["verdict"] for row in rows("prompts.csv") if row["prompt"] in STORED}
    assert len(STORED) >= 3 and said == {"recalled", "not recalled"}


def test_the_table_of_bounds_follows_from_the_prompts(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    figures = importlib.import_module("figures")
    again = [{column: str(value) for column, value in row.items()} for row in figures.bounds(rows("prompts.csv"))]
    assert again == rows("bounds.csv")
    for row in again:
        draws, tokens, length = (int(row[column]) for column in ("draws", "tokens", "length"))
        assert float(row["bits_of_each"]) == pytest.approx(length * math.log2(96), abs=2e-3)
        assert int(row["bits_stored_2.7"]) == tokens * 64 * 16
        # 53 of 64 entries hold labels, two of 96 values in 16 bits.
        assert float(row["bits_of_2.8_with_these_tokens"]) == pytest.approx(tokens * 53 * 2 * math.log2(96), abs=2e-3)
        if row["recalled"] == row["draws"]:
            assert Fraction(row["share_recallable_at_95_percent"]) ** draws <= Fraction(1, 20)
        else:
            assert row["share_recallable_at_95_percent"] == ""


def test_no_trained_prompt_is_below_the_floor_of_all_prompts():
    found = rows("lora.csv")
    assert {row["method"] for row in found} == {"prompt", "LoRA", "update of 5.5"}
    for row in found:
        assert Fraction(row["error_lower"]) <= Fraction(row["error_upper"])
        if row["method"] == "prompt":
            assert Fraction(row["error_lower"]) >= Fraction(row["floor_of_all_prompts"])
    assert all(Fraction(row["error_upper"]) <= Fraction(1, 10**9) for row in found if row["method"] == "update of 5.5")
    beyond = [row for row in found if row["method"] == "LoRA" and Fraction(row["error_upper"]) < Fraction(row["floor_of_all_prompts"])]
    assert all(row["data"] == "random" for row in beyond) and beyond
