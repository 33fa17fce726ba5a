"""Is the error of a model with its prompt at most eps for every input of the cube? Both bounds, a witness, a certificate."""

import os

from promptbound import _core
from promptbound.expressions import target_of


class Verification:
    """The answer of verify.

    verdict: "proved" (no input of the cube has an error above eps), "refuted" (the witness has), or "unknown" (why says
    what ended the search).
    lower <= supremum of the error <= upper: exact Fractions; upper is None where no finite bound was found.
    witness: the input of error at least lower, tokens as rows of Fractions; None where none was found.
    boxes: how many were bounded. target: the recorded expression in canonical form, empty for a named target.
    """

    def __init__(self, found):
        self._found = found

    verdict = property(lambda self: self._found.verdict)
    why = property(lambda self: self._found.why)
    eps = property(lambda self: self._found.eps)
    lower = property(lambda self: self._found.lower)
    upper = property(lambda self: self._found.upper)
    witness = property(lambda self: self._found.witness)
    boxes = property(lambda self: self._found.boxes)
    target = property(lambda self: self._found.target())
    proof = property(lambda self: self._found.proof())
    proved = property(lambda self: self._found.verdict == "proved")
    refuted = property(lambda self: self._found.verdict == "refuted")

    def certificate(self):
        """The JSON text that promptbound.check and `promptbound check` accept; InputError where nothing is decided."""
        return self._found.certificate()

    def save_certificate(self, path):
        """Writes the certificate."""
        text = self.certificate()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")

    def to_dict(self):
        """Texts and lists: verdict, why, eps, lower, upper, witness, boxes, target."""
        return {"verdict": self.verdict, "why": self.why, "eps": str(self.eps), "lower": str(self.lower),
                "upper": None if self.upper is None else str(self.upper),
                "witness": None if self.witness is None else [[str(entry) for entry in token] for token in self.witness],
                "boxes": self.boxes, "target": self.target}

    def __str__(self):
        upper = "unbounded" if self.upper is None else _core.decimal(self.upper, 6, True)
        return f"{self.verdict}: {self.why}\n  {_core.decimal(self.lower, 6, False)} <= sup ||T([P, X]) - f(X)|| <= {upper}, {self.boxes} boxes"

    def __repr__(self):
        return f"<{self}>"


class MeanError:
    """The answer of mean_error: verdict, why, d_alpha (an Interval), boxes."""

    def __init__(self, answer):
        self.verdict, self.why, self.d_alpha, self.boxes = answer["verdict"], answer["why"], answer["d_alpha"], answer["boxes"]

    def __repr__(self):
        return f"<{self.verdict}: {self.why}; d_alpha in {self.d_alpha}>"


def verify(model, target, eps, *, alpha="inf", ratio="1/20", L=None, threads=None, boxes=1_000_000_000, memory=1024,
           frequency=None, table=None, progress=None):
    """Decides sup_X ||T([P, X]) - f(X)||_alpha <= eps over X in [0,1]^{d x L}.

    model: a Transformer with its prompt. target: "identity", "reversal", "mean", "maximum", "sine" (frequency=), "table"
    (table=file), an expression such as "0.5+0.5*sin(2*pi*x[0,1])", or a Python function of x[i][j] (coordinate i, token j)
    that is called once with symbols (promptbound.expressions). L: input tokens, where the model does not say. ratio: the
    search goes on until upper <= (1 + ratio) lower, or eps is decided. memory: MiB for waiting boxes. progress: a function
    of (lower, upper, boxes, waiting), called some times a second. Ctrl-C ends it. Returns a Verification.
    """
    d, tokens = model.data_width, L or model.input_tokens
    found = _core.verify(model._instance, target_of(target, d, tokens, frequency=frequency, table=table), eps, alpha, ratio, L,
                         threads or os.cpu_count() or 1, boxes, memory * 2**20 // 512, progress)
    return Verification(found)


def mean_error(model, target, eps, *, alpha=2, ratio="1/20", L=None, threads=None, boxes=2_000_000, frequency=None, table=None,
               progress=None):
    """Encloses d_alpha, the mean error over the cube, and decides d_alpha <= eps; alpha is finite. Otherwise as verify."""
    d, tokens = model.data_width, L or model.input_tokens
    return MeanError(_core.verify_integral(model._instance, target_of(target, d, tokens, frequency=frequency, table=table), eps,
                                           alpha, ratio, L, threads or os.cpu_count() or 1, boxes, progress))
