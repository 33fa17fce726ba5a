#!/usr/bin/env python3
"""Trains soft prompts for tests/models/data/tiny-gpt2, has each certified, and writes prompts.csv and a few of them to prompts/.

    train.py [--work DIR]

Needs torch, the package promptbound, and the programs promptbound and promptbound-check on the PATH. Every prompt is trained with
Adam on the cross-entropy of its own sequence, all prompts of a task side by side, rounded to binary16 and kept when every margin of the
rounded prompt is above GOAL, or after STEPS steps as it then is. A task is a kind, the prompt's tokens, the sequence's length, and how many:

- drawn: sequences that `promptbound recall --drawn` draws uniformly from the vocabulary, for which theory 3.5 has a statement of
  confidence where every one is recalled. The lengths were fixed beforehand, by trials with other sequences.
- text: the first characters of each line of text.txt. They say nothing of capacity: a model predicts much of a text by itself.

Each prompt is saved as a PEFT adapter under --work, asked of by promptbound.recall with a certificate, and the certificate given to promptbound-check; then
the certificate is made false in three ways and must be rejected. Verdicts are compared with a forward pass of torch in binary64.
"""

import argparse
import collections
import hashlib
import json
import math
import pathlib
import shutil
import subprocess
import tempfile
from fractions import Fraction

import torch

import promptbound as pb
from csv_tables import HERE, to_digits, write
from tiny_gpt2 import TinyGpt2, margins, read_prompt, save_prompt

MODEL = HERE.parents[1] / "tests/models/data/tiny-gpt2"
SEED, DRAWS = 20261201, 8
DRAWN = [(1, 2), (2, 3), (4, 5), (8, 8), (16, 12), (16, 16)]  # (prompt tokens, length)
TEXT = [(1, 8), (4, 24)]
STEPS, RATE, GOAL, LOOK = 1000, 0.05, 0.05, 50
CLEAR = 1e-3  # a margin of the forward pass that its rounding cannot turn

Task = collections.namedtuple("Task", "kind tokens length sequences")


def tasks():
    """Every task, with its sequences of token ids."""
    lines = (HERE / "text.txt").read_text(encoding="ascii").splitlines()
    for tokens, length in DRAWN:
        yield Task("drawn", tokens, length, drawn(SEED, DRAWS, length))
    for tokens, length in TEXT:
        yield Task("text", tokens, length, [[ord(letter) - 32 for letter in line[:length]] for line in lines])


def drawn(seed, count, length):
    """The sequences that the command draws; the one token that stands for a prompt here does not matter to them."""
    question = ["promptbound", "recall", "--model", MODEL, "--start", "0", "--drawn", f"{seed}:{count}:{length}", "--format", "json"]
    answer = json.loads(subprocess.run(question, capture_output=True, text=True, check=False).stdout)
    return [[token["token"] for token in row["tokens"]] for row in answer["sequences"]]


def train(model, task, generator):
    """The trained prompts, (N, m, w) in binary16."""
    tokens = torch.tensor(task.sequences)
    first = torch.randint(model.vocabulary, (len(tokens), task.tokens), generator=generator)
    prompts = model.embed(first).clone().requires_grad_()
    optimizer = torch.optim.Adam([prompts], lr=RATE)
    kept, least = None, None
    for step in range(1, STEPS + 1):
        loss = torch.nn.functional.cross_entropy(model(prompts, tokens).transpose(1, 2), tokens, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % LOOK == 0:
            rounded = prompts.detach().half()
            with torch.no_grad():
                now = margins(model(rounded.float(), tokens), tokens).amin(dim=1)
            better = torch.ones_like(now, dtype=torch.bool) if kept is None else (now > least) & (least < GOAL)
            kept = rounded if kept is None else torch.where(better[:, None, None], rounded, kept)
            least = now if least is None else torch.where(better, now, least)
            if least.min() >= GOAL:
                break
    return kept, step


def sealed(certificate):
    """The certificate with the seal of its text, so that what is rejected is the claim and not the seal."""
    body = {name: value for name, value in certificate.items() if name != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {**body, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def checker(certificate, folder):
    """What promptbound-check, a program of its own, says of a certificate: accepted, rejected or another word."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(certificate, file)
        file.flush()
        answer = subprocess.run(["promptbound-check", "--model", MODEL, "--prompt", folder, file.name], capture_output=True, text=True, check=False)
    return answer.stdout.partition("\n")[0].partition(":")[0]


def falsified(certificate, tokens):
    """Three changes that make a certificate's claim false, by name. tokens: what recall said of each position."""
    def changed(change):
        other = json.loads(json.dumps(certificate))
        change(other, other["sequences"][0])
        return sealed(other)

    said = [place for place, token in enumerate(tokens) if token["verdict"] == "recalled"]
    if said:
        place = said[len(said) // 2]
        token = tokens[place]

        def another_token(_, row):
            row["tokens"][place] = (token["token"] + 1) % 96

        def a_larger_margin(_, row):
            row["positions"][place]["margin"] = str(Fraction(token["margin"]["upper"]) + Fraction(1, 10**9))

        yield "another token", changed(another_token)
        yield "a margin above its upper end", changed(a_larger_margin)

    def another_prompt(other, _):
        other["inputs"]["prompts"][0]["adapter_model.safetensors"] = hashlib.sha256(b"another prompt").hexdigest()

    yield "another prompt's hash", changed(another_prompt)


class Counts(collections.Counter):
    """What was compared; print it at the end."""

    def require(self, name, holds):
        assert holds, name
        self[name] += 1


def certify(model, folder, ids, counts):
    """Recall's answer on one prompt and sequence, its certificate checked and its verdicts compared with torch's."""
    answer = pb.recall(MODEL, ids, prompt=folder, certify=True)
    row = answer.sequences[0]
    certificate = json.loads(answer.certificate)
    counts.require("certificates accepted by promptbound-check", checker(certificate, folder) == "accepted")
    assert sealed(certificate) == certificate
    for name, false in falsified(certificate, row["tokens"]):
        counts.require(f"false certificates rejected ({name})", checker(false, folder) == "rejected")

    tokens = torch.tensor([ids])
    with torch.no_grad():
        evaluated = margins(model(read_prompt(folder).double()[None], tokens), tokens)[0]
    for margin, token in zip(evaluated.tolist(), row["tokens"]):
        if abs(margin) <= CLEAR:
            counts["positions with a margin of at most 1e-3 in torch, not compared"] += 1
            continue
        counts.require("verdicts equal to torch's in binary64", token["verdict"] == ("recalled" if margin > 0 else "not recalled"))
        low, high = (Fraction(token["margin"][end]) for end in ("lower", "upper"))
        counts.require("margins of torch within 1e-9 of the certified ones", low - Fraction(1, 10**9) <= margin <= high + Fraction(1, 10**9))
    return row


def confidence(task, folders):
    """What the command says of a drawn task: (how many are recalled, its sentences), all prompts asked of their own sequences in one run."""
    question = ["promptbound", "recall", "--model", MODEL, "--pairs", "--format", "json", "--drawn", f"{SEED}:{len(folders)}:{task.length}"]
    for folder in folders:
        question += ["--prompt", folder]
    answer = json.loads(subprocess.run(question, capture_output=True, text=True, check=False).stdout)
    assert [[token["token"] for token in row["tokens"]] for row in answer["sequences"]] == task.sequences
    return answer["drawn"]["recalled"], answer["sentences"]


def row_of(task, number, folder, ids, row):
    """A row of prompts.csv."""
    verdicts = [token["verdict"] for token in row["tokens"]]
    smallest = min(row["tokens"], key=lambda token: Fraction(token["margin"]["lower"]))
    return {"prompt": folder.name, "kind": task.kind, "tokens": task.tokens, "length": task.length, "sequence": number,
            "verdict": row["verdict"], "positions_recalled": verdicts.count("recalled"), "positions_not_recalled": verdicts.count("not recalled"),
            "positions_unknown": verdicts.count("unknown"), "smallest_margin_lower": to_digits(smallest["margin"]["lower"], math.floor),
            "cross_entropy_bits_upper": to_digits(row["bits"]["upper"], math.ceil), "ids": " ".join(map(str, ids))}


def store(rows, work):
    """Writes the table, and keeps the first prompt of each kind and verdict beside it: a test certifies these again."""
    write("prompts.csv", rows)
    shutil.rmtree(HERE / "prompts", ignore_errors=True)
    for name in {(row["kind"], row["verdict"]): row["prompt"] for row in reversed(rows)}.values():
        shutil.copytree(work / name, HERE / "prompts" / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--work", type=pathlib.Path, help="keep the prompts here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(SEED)
    trained, exact = TinyGpt2(MODEL, torch.float32), TinyGpt2(MODEL, torch.float64)
    counts, rows = Counts(), []
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or pathlib.Path(scratch)
        for task in tasks():
            prompts, steps = train(trained, task, generator)
            folders = [work / f"{task.kind}-m{task.tokens}-l{task.length}-{number}" for number in range(len(prompts))]
            found = []
            for number, (folder, prompt, ids) in enumerate(zip(folders, prompts, task.sequences)):
                save_prompt(folder, prompt)
                found.append(row_of(task, number, folder, ids, certify(exact, folder, ids, counts)))
            said = sum(row["verdict"] == "recalled" for row in found)
            print(f"{task.kind}: {task.tokens} prompt tokens, {task.length} of the sequence: {said} of {len(found)} recalled, {steps} steps", flush=True)
            if task.kind == "drawn":
                recalled, sentences = confidence(task, folders)
                assert recalled == said
                print(f"  {sentences[-1]}")
            rows += found
            store(rows, work)
    print(f"{len(rows)} prompts trained")
    for name, count in counts.items():
        print(f"{count} {name}")


if __name__ == "__main__":
    main()
