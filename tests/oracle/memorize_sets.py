#!/usr/bin/env python3
"""Random small memorization problems: floor, lengths and prompts of `memorize` against theory 2.2 and 2.3 in mpmath.

    memorize_sets.py --program build/promptbound --sets 100 --seed 1

The floor e* is minimised directly over s, lengths follow from rho, and the error of a printed prompt is computed from the layer.
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

from mpmath import ceil, exp, mp, mpf

mp.dps = 300
CLOSE = mpf(10) ** -25


# Matrices are lists of rows, vectors lists; entries are fractions or mpf.

def times(M, v):
    return [sum((x * y for x, y in zip(row, v)), Fraction(0)) for row in M]


def product(M, N):
    columns = list(zip(*N))
    return [[sum((x * y for x, y in zip(row, column)), Fraction(0)) for column in columns] for row in M]


def transposed(M):
    return [list(row) for row in zip(*M)]


def dot(u, v):
    return sum((x * y for x, y in zip(u, v)), Fraction(0))


def real(x):
    return mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mpf(x)


def reals(v):
    return [real(x) for x in v]


def solve(M, v, null=False):
    """Some x with M x = v for a rational matrix (None if there is none); with null a basis of the kernel."""
    rows = [list(row) + [y] for row, y in zip(M, v)]
    width, pivots = len(M[0]), []
    for column in range(width):
        at = next((i for i in range(len(pivots), len(rows)) if rows[i][column] != 0), None)
        if at is None:
            continue
        here = len(pivots)
        rows[here], rows[at] = rows[at], rows[here]
        rows[here] = [x / rows[here][column] for x in rows[here]]
        for i in range(len(rows)):
            if i != here and rows[i][column] != 0:
                rows[i] = [x - rows[i][column] * y for x, y in zip(rows[i], rows[here])]
        pivots.append(column)
    if null:
        kernel = []
        for free in (c for c in range(width) if c not in pivots):
            z = [Fraction(0)] * width
            z[free] = Fraction(1)
            for row, pivot in zip(rows, pivots):
                z[pivot] = -row[free]
            kernel.append(z)
        return kernel
    if any(abs(real(row[-1])) > CLOSE for row in rows[len(pivots):]):
        return None
    x = [Fraction(0)] * width
    for row, pivot in zip(rows, pivots):
        x[pivot] = row[-1]
    return x


class Problem:
    def __init__(self, A, V, examples, query):
        """examples: (tokens, t) with t the attention output that is asked for at the token `query`."""
        self.A, self.V, self.examples, self.query = A, V, examples, query
        self.direction = times(A, query)  # A x0
        self.S, self.a, self.b = [], [], []
        for tokens, t in examples:
            weights = [exp(real(dot(z, self.direction))) for z in tokens]
            S = sum(weights)
            mean = [sum(p * real(z[c]) for p, z in zip(weights, tokens)) / S for c in range(len(query))]
            a = times([reals(row) for row in V], mean)
            self.S.append(S)
            self.a.append(a)
            self.b.append([S * (real(x) - y) for x, y in zip(t, a)])
        self.t = [t for _, t in examples]

    def floor(self):
        """e* of 2.3."""
        if len(self.t) < 2:
            return mpf(0)
        lines = []
        for i, j in combinations(range(len(self.t)), 2):
            for c in range(len(self.query)):
                lines.append((real(self.t[i][c] - self.t[j][c]), self.b[i][c] - self.b[j][c], self.S[i] + self.S[j]))

        self.lines = lines
        best = self.least(lambda u: self.value(exp(u)), -100, 200)
        return min(self.value(mpf(0)), self.value(mp.inf), self.value(exp(best)))

    def value(self, s):
        """The ratio of 2.3 at S_P = s."""
        if s == mp.inf:
            return max(abs(dt) / 2 for dt, _, _ in self.lines)
        return max(abs(s * dt + db) / (2 * s + S) for dt, db, S in self.lines)

    @staticmethod
    def least(function, low, high):
        """Where a quasi-convex function is least: a grid, against flat stretches, then thirds."""
        grid = [low + (high - low) * mpf(i) / 900 for i in range(901)]
        best = min(range(901), key=lambda i: function(grid[i]))
        low, high = grid[max(0, best - 1)], grid[min(900, best + 1)]
        for _ in range(230):
            left, right = low + (high - low) / 3, high - (high - low) / 3
            low, high = (low, right) if function(left) < function(right) else (left, high)
        return low

    def possible(self, e):
        """Does some prompt leave at most e? True or False; None for a singular V, a tie, or no inverse at hand.

        With V invertible, S_P = s and q = S_P V vbar are free but for rho: |q + S_i a_i - (s + S_i) t_i| <= e (s + S_i)
        leaves a box for q, and g q/s, g = V^-T A x0, must reach ln s (any m >= 2 allows rho above 1), s a whole number
        if A x0 = 0.
        """
        if all(abs(real(x) - y) <= e for t, a in zip(self.t, self.a) for x, y in zip(t, a)):
            return True
        if solve(self.V, [Fraction(0)] * len(self.V), null=True):
            return None
        g = reals(solve(transposed(self.V), self.direction))

        def box(s):
            """For each coordinate the ends of q."""
            return [(max(y - r for y, r in rows), min(y + r for y, r in rows)) for rows in
                    ([((s + S) * real(t[c]) - S * a[c], e * (s + S)) for t, a, S in zip(self.t, self.a, self.S)]
                     for c in range(len(g)))]

        def width(s):
            """Negative where no q is left."""
            return min((high - low) / (s + 1) for low, high in box(s))

        def reach(s):
            """Positive where rho can be above 1."""
            least = sum(min(x * low, x * high) for x, (low, high) in zip(g, box(s))) / s
            return mp.log(s) - least

        centre = self.least(lambda u: -width(exp(u)), -100, 200)
        if width(exp(centre)) < 0:
            return False
        ends = []
        for outside in (mpf(-100), mpf(200)):
            inside = centre
            if width(exp(outside)) < 0:
                for _ in range(150):
                    middle = (inside + outside) / 2
                    inside, outside = (middle, outside) if width(exp(middle)) >= 0 else (inside, middle)
            else:
                inside = outside
            ends.append(inside)
        if all(x == 0 for x in g):
            near = [int(exp(u)) + i for u in ends + [centre] for i in (-1, 0, 1) if u < 60]
            return any(s >= 1 and width(mpf(s)) >= 0 for s in near)
        best = max(reach(exp(ends[0] + (ends[1] - ends[0]) * mpf(i) / 3000)) for i in range(3001))
        return None if abs(best) < mpf(10) ** -6 else best > 0

    def image_distance(self):
        """No prompt, the empty one included, is nearer to a target than the image of V, in the max norm."""
        normals = solve(transposed(self.V), [Fraction(0)] * len(self.V), null=True)
        return max((abs(dot(normal, t)) / sum(map(abs, normal)) for normal in normals for t in self.t), default=Fraction(0))

    def fitting_sum(self):
        """The S_P > 0 with S_P tau_i = w_i for all i, "no" if there is none."""
        pairs = [(real(t - first), at_first - at) for i in range(1, len(self.t))
                 for t, first, at_first, at in zip(self.t[i], self.t[0], self.b[0], self.b[i])]
        ratios = [w / tau for tau, w in pairs if tau != 0]
        if any(tau == 0 and abs(w) > CLOSE for tau, w in pairs) or not ratios or ratios[0] <= CLOSE:
            return "no"
        return ratios[0] if all(abs(r - ratios[0]) < CLOSE for r in ratios) else "no"

    def error(self, prompt):
        """The largest error of any coordinate with this prompt before the tokens."""
        worst = mpf(0)
        for tokens, t in self.examples:
            visible = prompt + tokens
            weights = [exp(real(dot(z, self.direction))) for z in visible]
            mean = [sum(p * real(z[c]) for p, z in zip(weights, visible)) / sum(weights) for c in range(len(t))]
            output = times([reals(row) for row in self.V], mean)
            worst = max([worst] + [abs(x - real(y)) for x, y in zip(output, t)])
        return worst

    def score(self, z):
        return sum(real(x) * real(y) for x, y in zip(z, self.direction))

    def lengths(self, S_P):
        """(verdict, least length or None) for exact fits by non-empty prompts, 2.2; S_P: the one that fits all
        examples, None where it is free (case II), "no" where there is none."""
        if S_P == "no":
            return "impossible", None
        free = S_P is None
        target = reals(self.t[0]) if free else [real(t) + b / real(S_P) for t, b in zip(self.t[0], self.b[0])]
        exact = self.t[0] if free else target
        mean = solve(self.V, exact)
        if mean is None:
            return "impossible", None
        if all(x == 0 for x in self.direction):
            if free:
                return "possible", 1
            return ("possible", int(S_P)) if S_P >= 1 and S_P == int(S_P) else ("impossible", None)
        if any(dot(z, self.direction) != 0 for z in solve(self.V, [Fraction(0)] * len(self.V), null=True)):
            return "possible", 1
        if free:
            shift = solve(self.V, self.b[0])
            al, be = self.score(mean), self.score(shift)
            return "possible", 1 if be >= 0 else max(1, int(ceil(-be * exp(1 - al))))
        rho = real(S_P) * exp(-self.score(mean))
        if abs(rho - 1) < CLOSE:
            return "possible", 1  # and no other length
        return ("impossible", None) if rho < 1 else ("possible", int(ceil(rho)))


def small(rng):
    return Fraction(rng.randint(-6, 6), rng.choice([1, 2, 3, 4, 5]))


def vector(rng, d):
    return [small(rng) for _ in range(d)]


def matrix(rng, d, rank):
    left, right = [vector(rng, rank) for _ in range(d)], [vector(rng, d) for _ in range(rank)]
    return product(left, right)


def draw(rng, kind):
    """A problem, and the S_P that fits all of its examples."""
    d = rng.randint(1, 3)
    while True:
        A = matrix(rng, d, d)
        V = matrix(rng, d, rng.choice([d, d, max(1, d - 1)]))
        query = vector(rng, d)
        if kind == "blind":  # A x0 = 0
            A = [[Fraction(0)] * d for _ in range(d)]
        if any(x != 0 for x in query) and (kind == "blind" or any(x != 0 for x in times(A, query))):
            break

    def tokens():
        return [vector(rng, d) for _ in range(rng.randint(0, 2))] + [query]

    if kind == "generic":
        examples = [(tokens(), vector(rng, d)) for _ in range(rng.randint(2, 3))]
        return A, V, examples, query, "generic"
    if kind == "single":
        t = vector(rng, d) if rng.random() < 0.5 else times(V, vector(rng, d))
        return A, V, [(tokens(), t)], query, None
    # Scores 0 at all tokens: S_i counts tokens, everything is rational and S_P = sigma fits by construction.
    if kind == "aligned":
        A = [[Fraction(0)] * d for _ in range(d)]
        for row in range(d):
            A[row] = vector(rng, d)
        direction = times(A, query)
        square = dot(direction, direction)
        if square == 0:
            return draw(rng, kind)
        # Tokens orthogonal to A x0; the query too, by a change of A.
        shift = dot(query, direction) / dot(query, query)
        A = [[x - shift * q * y / dot(query, query) for x, y in zip(row, query)] for row, q in zip(A, query)]
        direction = times(A, query)
        if all(x == 0 for x in direction):
            return draw(rng, kind)
        square = dot(direction, direction)

        def flat():
            z = vector(rng, d)
            along = dot(z, direction) / square
            return [x - along * y for x, y in zip(z, direction)]
    else:
        def flat():
            return vector(rng, d)
    lists = [[flat() for _ in range(count)] + [query] for count in rng.sample(range(4), rng.randint(2, 3))]
    sigma = Fraction(rng.randint(1, 5)) if rng.random() < 0.6 else Fraction(rng.randint(1, 9), 4)
    # The mean of the prompt, in Im V's preimage; t_i (sigma + S_i) = sigma V vbar + V (sum of tokens).
    mean = vector(rng, d)
    examples = []
    for visible in lists:
        total = [sum(column) for column in zip(*visible)]
        moved = times(V, [sigma * x + y for x, y in zip(mean, total)])
        examples.append((visible, [x / (sigma + len(visible)) for x in moved]))
    if all(t == examples[0][1] for _, t in examples):
        return draw(rng, kind)
    return A, V, examples, query, sigma


def ask(program, A, V, examples, query, accuracy):
    d = len(query)
    identity = [[str(int(i == j)) for j in range(d)] for i in range(d)]

    def texts(M):
        return [[str(x) for x in row] for row in M]

    # W_K^T W_Q = A with W_K = I.
    model = {"schema": 1, "d": d, "causal": False,
             "layers": [{"heads": [{"W_Q": texts(A), "W_K": identity, "W_V": texts(V)}]}]}
    data = {"schema": 1, "examples": [
        {"tokens": texts(tokens), "query": len(tokens) - 1, "target": [str(x + y) for x, y in zip(t, query)]}
        for tokens, t in examples]}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("model.json", "data.json")]
        for file, content in zip(files, (model, data)):
            file.write_text(json.dumps(content))
        done = subprocess.run([program, "memorize", "--model", files[0], "--data", files[1], "--accuracy", str(accuracy),
                               "--descent-tokens", "0", "--format", "json"], capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        return None, f"exit {done.returncode}: {done.stderr}", (model, data)
    return json.loads(done.stdout), None, (model, data)


def problems_of(answer, problem, S_P, accuracy):
    found = []
    floor = problem.floor()
    if answer["floor"] is not None:
        low, high = mpf(answer["floor"]["lower"]), mpf(answer["floor"]["upper"]) if answer["floor"]["upper"] else mpf("inf")
        if low > floor + CLOSE or high < floor - CLOSE:
            found.append(f"floor {answer['floor']} does not contain {mp.nstr(floor, 30)}")
    if answer["prompt"] is not None:
        error = problem.error([[Fraction(x) for x in token] for token in answer["prompt"]])
        low, high = mpf(answer["error"]["lower"]), mpf(answer["error"]["upper"])
        if not low - CLOSE <= error <= high + CLOSE:
            found.append(f"error {answer['error']} does not contain {mp.nstr(error, 30)}")
        if answer["verdict"] == "possible" and error > real(accuracy) + CLOSE:
            found.append(f"the prompt leaves {mp.nstr(error, 30)}")
        if error < floor - CLOSE:
            found.append("a prompt is better than the floor")
    if accuracy > 0 and problem.image_distance() <= accuracy:
        possible = problem.possible(real(accuracy))
        if possible is not None and answer["verdict"] == ("impossible" if possible else "possible"):
            found.append(f"verdict {answer['verdict']} ({answer['why']}), right is the opposite")
    if accuracy > 0 and problem.image_distance() > accuracy and answer["verdict"] != "impossible":
        found.append("the image of V is further away than the accuracy")
    if accuracy == 0:
        empty = all(abs(real(x) - y) < CLOSE for t, a in zip(problem.t, problem.a) for x, y in zip(t, a))
        if S_P == "generic":
            S_P = problem.fitting_sum()
        verdict, least = problem.lengths(S_P)
        if empty:
            verdict = "possible"
        if answer["verdict"] in ("possible", "impossible") and answer["verdict"] != verdict:
            found.append(f"verdict {answer['verdict']}, right is {verdict} (least length {least})")
        claimed = answer["exact_lengths_from"]
        if claimed is not None and (verdict != "possible" or (not empty and int(claimed) != least)):
            found.append(f"exact_lengths_from {claimed}, right is {verdict}, {least}")
        if answer["verdict"] == "unknown" and claimed is None:
            found.append(f"unknown ({answer['why']}), right is {verdict}, {least}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="folder for the files of problems that differ")
    options = parser.parse_args()
    rng, bad, verdicts = random.Random(options.seed), 0, {}
    for index in range(options.sets):
        kind = ("generic", "single", "aligned", "blind")[index % 4]
        A, V, examples, query, S_P = draw(rng, kind)
        problem = Problem(A, V, examples, query)
        accuracy = Fraction(0) if index % 8 < 5 else Fraction(rng.randint(1, 30), 40)
        answer, failure, files = ask(options.program, A, V, examples, query, accuracy)
        found = [failure] if failure else problems_of(answer, problem, S_P, accuracy)
        word = answer["verdict"] if answer else "failed"
        verdicts[kind, word] = verdicts.get((kind, word), 0) + 1
        if found:
            bad += 1
            print(f"set {index} ({kind}, accuracy {accuracy}):", "; ".join(found), flush=True)
            if options.keep:
                Path(options.keep).mkdir(exist_ok=True)
                for name, content in zip(("model", "data"), files):
                    Path(options.keep, f"{name}{index}.json").write_text(json.dumps(content))
    print(f"{options.sets} sets, seed {options.seed}, {bad} different:", verdicts)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
