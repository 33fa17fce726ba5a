"""Does a real model with a soft prompt say exactly these tokens? Certified greedy decoding (theory 3.5)."""

import json
import os

import numpy

from promptbound import _core


class Recall:
    """What is recalled: `to_dict()` is the JSON of `promptbound recall --format json`."""

    def __init__(self, parts, certificate):
        self._parts = parts
        self._certificate = certificate

    def to_dict(self):
        """The JSON object of `promptbound recall --format json`."""
        return self._parts

    def __getitem__(self, name):
        return self._parts[name]

    verdict = property(lambda self: self._parts["verdict"], doc="proved, refuted or unknown: of all that was asked.")
    sequences = property(lambda self: self._parts["sequences"], doc="One dictionary a prompt and sequence: verdict, bits, tokens with their margins.")
    certificate = property(lambda self: self._certificate, doc="The certificate's text, where certify=True asked for it; else None.")

    def to_pandas(self):
        """The sequences as a pandas.DataFrame."""
        import pandas

        return pandas.DataFrame([{**{key: value for key, value in row.items() if key != "tokens"}, "length": len(row["tokens"])} for row in self.sequences])

    def __repr__(self):
        recalled = sum(row["verdict"] == "recalled" for row in self.sequences)
        return f"<recall: {recalled} of {len(self.sequences)} sequences>"


def recall(model, tokens=None, *, drawn=None, prompt=None, prompts=(), start=(), pairs=False, prompt_as=None, arithmetic="real", radius=None,
           largest_radius=False, certify=False, assume_inert=(), digits=40, threads=1):
    """Asks whether the model in a folder, behind a soft prompt, says exactly these tokens when decoded greedily.

    tokens: one sequence of token ids, several, or an integer array (N, l); or dictionaries {"start": .., "tokens": ..}.
    drawn: instead (seed, N, length): N sequences of that many tokens, drawn uniformly from the vocabulary (SplitMix64); then
    `["drawn"]` says how many are recalled and what share of all sequences that makes recallable.
    start: token ids between prompt and sequence. prompt, prompts: folders of PEFT adapters; none is the empty prompt.
    pairs: the first sequence is asked of the first prompt, and so on; else each of each. prompt_as: f16, bf16, f8e4m3 or
    int8, to which prompts are rounded first. arithmetic: real, or f32 for every evaluation in binary32 too. radius: ask
    also of every prompt within this Euclidean distance, token by token; largest_radius: find the largest. certify: make a
    certificate, too; InputError where a token is undecided. Returns a Recall. Ctrl-C works.
    """
    folders = [os.fspath(folder) for folder in ([prompt] if prompt is not None else []) + list(prompts)]
    if arithmetic not in ("real", "f32"):
        raise _core.InputError(f"arithmetic: {arithmetic!r} (accepted: real, f32)")
    if (tokens is None) == (drawn is None):
        raise _core.InputError("recall: one of tokens and drawn=(seed, N, length) is needed")
    if drawn is not None and (numpy.shape(drawn) != (3,) or any(int(part) != part or not 0 <= part < 2**62 for part in drawn)):
        raise _core.InputError(f"drawn: {drawn!r} (accepted: (seed, N, length), whole numbers)")
    sequences = _sequences(tokens, start) if drawn is None else [(_ids(start), [])]
    answer, certificate = _core.recall(os.fspath(model), folders, sequences, None if drawn is None else tuple(map(int, drawn)), pairs, prompt_as,
                                       arithmetic == "f32", radius, largest_radius, certify, list(assume_inert), digits, threads)
    return Recall(json.loads(answer), certificate)


def _sequences(tokens, start):
    rows = list(tokens)
    if rows and not isinstance(rows[0], dict) and numpy.ndim(rows[0]) == 0:
        rows = [rows]
    return [(_ids(row.get("start", start)), _ids(row["tokens"])) if isinstance(row, dict) else (_ids(start), _ids(row)) for row in rows]


def _ids(values):
    ids = []
    for value in values:
        if isinstance(value, bool) or int(value) != value or not 0 <= value <= 2**30:
            raise _core.InputError(f"tokens: {value!r} (accepted: whole numbers from 0 to 2^30)")
        ids.append(int(value))
    return ids
