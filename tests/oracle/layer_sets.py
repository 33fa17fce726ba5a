#!/usr/bin/env python3
"""Random layers of several heads: the floor of `memorize` against theory 2.3H in mpmath.

    layer_sets.py --program build/promptbound --sets 30 --seed 1

At fixed weights S the bound is computed by its statement: cofactors of every H + 1 examples, the ratio in every coordinate. Its
least value over weights is sought by random starts and a walk downhill on ln S, and is an upper bound on e*: no lower end may be
above it. Errors of random prompts, computed from the layer, must not be below the lower end either.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile
from fractions import Fraction
from itertools import combinations
from pathlib import Path

from mpmath import exp, mp, mpf

mp.dps = 60


def times(M, v):
    return [sum(x * y for x, y in zip(row, v)) for row in M]


def dot(u, v):
    return sum(x * y for x, y in zip(u, v))


def real(x):
    return mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpf(x)


def determinant(M):
    """By the first column."""
    if not M:
        return mpf(1)
    minors = ([row[1:] for j, row in enumerate(M) if j != i] for i in range(len(M)))
    return sum((-1) ** i * M[i][0] * determinant(minor) for i, minor in enumerate(minors))


class Layer:
    """A: scores z^T A x; V: values; for each head. Examples: tokens, the query the first of them, and the attention output asked for."""

    def __init__(self, heads, query, examples):
        self.heads, self.query, self.examples = heads, query, examples
        self.t = [[real(x) for x in t] for _, t in examples]
        self.S, self.a = [], []
        for tokens, _ in examples:
            sums = [self.sums(A, V, tokens) for A, V in heads]
            self.S.append([S for S, _ in sums])
            self.a.append([[x / S for x in weighted] for S, weighted in sums])

    def sums(self, A, V, tokens):
        direction = times(A, self.query)
        S, weighted = mpf(0), [mpf(0)] * len(self.query)
        for z in tokens:
            weight = exp(real(dot(z, direction)))
            S += weight
            weighted = [x + weight * real(y) for x, y in zip(weighted, times(V, z))]
        return S, weighted

    def at(self, S):
        """The largest ratio |sum mu y| / sum |mu| at the weights S."""
        N, H, d = len(self.t), len(self.heads), len(self.query)
        share = [[S[h] / (S[h] + self.S[i][h]) for h in range(H)] for i in range(N)]
        y = [[self.t[i][c] - sum((1 - share[i][h]) * self.a[i][h][c] for h in range(H)) for c in range(d)] for i in range(N)]
        worst = mpf(0)
        for rows in combinations(range(N), H + 1):
            mu = [(-1) ** k * determinant([share[i] for i in rows if i != left]) for k, left in enumerate(rows)]
            total = sum(abs(m) for m in mu)
            if total:
                worst = max([worst] + [abs(sum(m * y[i][c] for m, i in zip(mu, rows))) / total for c in range(d)])
        return worst

    def least(self, rng, starts, steps):
        """About the least value over all weights, never below it."""
        H = len(self.heads)
        points = [[rng.uniform(-8, 8) for _ in range(H)] for _ in range(starts)]
        values = [(self.at([exp(x) for x in point]), point) for point in points]
        value, point = min(values)
        size = 2.0
        for _ in range(steps):
            size *= 0.97
            step = [max(-14, min(14, x + size * rng.gauss(0, 1))) for x in point]
            there = self.at([exp(x) for x in step])
            if there < value:
                value, point, size = there, step, size * 1.1
        return value

    def error(self, prompt):
        """The largest error at the attention output under the prompt."""
        sums = [self.sums(A, V, prompt) for A, V in self.heads]
        worst = mpf(0)
        for i, t in enumerate(self.t):
            for c in range(len(t)):
                output = sum((P[c] + S * a[c]) / (S_P + S) for (S_P, P), S, a in zip(sums, self.S[i], self.a[i]))
                worst = max(worst, abs(output - t[c]))
        return worst


def draw(rng, H):
    def matrix(rows, columns, size):
        return [[Fraction(rng.randint(-100 * size, 100 * size), 100) for _ in range(columns)] for _ in range(rows)]

    d = rng.randint(2, 3)
    heads = [(matrix(d, d, 2), matrix(d, d, 1)) for _ in range(H)]
    query = matrix(1, d, 1)[0]
    examples = [([query] + matrix(rng.randint(1, 3), d, 1), matrix(1, d, 1)[0]) for _ in range(H + rng.randint(1, 3))]
    return Layer(heads, query, examples)


def ask(program, layer, accuracy):
    d = len(layer.query)
    identity = [[str(int(i == j)) for j in range(d)] for i in range(d)]

    def texts(M):
        return [[str(x) for x in row] for row in M]

    content = {"schema": 1, "d": d, "causal": False,
               "layers": [{"heads": [{"W_Q": texts(A), "W_K": identity, "W_V": texts(V)} for A, V in layer.heads]}],
               "examples": [{"tokens": texts(tokens), "query": 0, "target": [str(x + y) for x, y in zip(t, layer.query)]}
                            for tokens, t in layer.examples]}
    with tempfile.TemporaryDirectory() as folder:
        file, proof = Path(folder, "layer.json"), Path(folder, "proof.json")
        file.write_text(json.dumps(content))
        done = subprocess.run([program, "memorize", "--model", file, "--data", file, "--accuracy", str(accuracy),
                               "--descent-tokens", "0", "--format", "json", "--certificate", proof], capture_output=True, text=True)
        if not done.stdout.startswith("{"):
            return None, f"exit {done.returncode}: {done.stderr}"
        if proof.exists():
            check = subprocess.run([program, "check", proof, "--model", file, "--data", file], capture_output=True, text=True)
            if check.returncode != 0:
                return None, f"the certificate is not accepted: {check.stdout}"
    return json.loads(done.stdout), None


def problems_of(answer, layer, accuracy, rng, closeness):
    if answer["floor"] is None:
        return ["no floor"]
    found = []
    lower, upper = mpf(answer["floor"]["lower"]), mpf(answer["floor"]["upper"])
    H = len(layer.heads)
    least = layer.least(rng, 60 if H == 2 else 30, 250 if H == 2 else 120)
    if lower > least:
        found.append(f"the lower end {mp.nstr(lower, 12)} is above {mp.nstr(least, 12)} at some weights")
    if lower > upper or (H == 2 and upper > mpf(10) ** -6 and lower < 0.9499 * upper):
        found.append(f"the enclosure [{mp.nstr(lower, 12)}, {mp.nstr(upper, 12)}] is wide")
    if upper > 0:
        closeness.append(least / upper)
    for _ in range(20):
        prompt = [[Fraction(rng.randint(-300, 300), 100) for _ in layer.query] for _ in range(rng.randint(0, 4))]
        error = layer.error(prompt)
        if error <= lower:
            found.append(f"a prompt leaves {mp.nstr(error, 12)}, below the lower end {mp.nstr(lower, 12)}")
    if answer["prompt"] is not None:
        error = layer.error([[Fraction(x) for x in token] for token in answer["prompt"]])
        if error > real(accuracy):
            found.append(f"the prompt leaves {mp.nstr(error, 12)}")
    if answer["verdict"] == "impossible" and accuracy > 0 and lower < real(accuracy) * (1 - mpf(10) ** -9):
        found.append("impossible above the lower end")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sets", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--heads", type=int, default=2)
    options = parser.parse_args()
    rng, bad, verdicts, closeness = random.Random(options.seed), 0, {}, []
    for index in range(options.sets):
        layer = draw(rng, options.heads)
        accuracy = Fraction(0) if index % 2 == 0 else Fraction(rng.randint(1, 60), 40)
        answer, failure = ask(options.program, layer, accuracy)
        found = [failure] if failure else problems_of(answer, layer, accuracy, rng, closeness)
        word = answer["verdict"] if answer else "failed"
        verdicts[word] = verdicts.get(word, 0) + 1
        if found:
            bad += 1
            print(f"set {index} (accuracy {accuracy}):", "; ".join(found), flush=True)
    closeness.sort()
    middle = mp.nstr(closeness[len(closeness) // 2], 6) if closeness else "-"
    print(f"{options.sets} sets, seed {options.seed}, {bad} different:", verdicts, f"median of the walk's least value over the upper end: {middle}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
