"""What prompts memorize, over many data sets: a data set a task."""

import functools
import hashlib
import json
import math
import os
import pathlib
from fractions import Fraction

from promptbound import _core
from promptbound.distributed.folders import open_folder
from promptbound.distributed.tasks import Run, log, result_of, write_whole
from promptbound.models import Memorization, PrefixMemorization, Transformer, exact_texts, memorize as memorize_one
from promptbound.numbers import Interval, Magnitude


def _encoded(value):
    """An answer's parts as JSON; numbers stay what they are."""
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [_encoded(part) for part in value]}
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, Interval):
        return {"interval": [_encoded(value.lower), _encoded(value.upper)]}
    if isinstance(value, Magnitude):
        return {"magnitude": _encoded(value.log10)}
    if isinstance(value, float):
        return {"infinity": math.copysign(1, value)} if math.isinf(value) else {"float": value.hex()}
    return value


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    decode = {
        "tuple": lambda parts: tuple(map(_decoded, parts)),
        "fraction": Fraction,
        "interval": lambda ends: Interval(*map(_decoded, ends)),
        "magnitude": lambda log10: Magnitude(_decoded(log10)),
        "infinity": lambda sign: sign * math.inf,
        "float": float.fromhex,
    }
    if len(value) == 1 and next(iter(value)) in decode:
        (kind, part), = value.items()
        return decode[kind](part)
    return {name: _decoded(part) for name, part in value.items()}


@functools.lru_cache(maxsize=4)
def _model_of(question):
    parts = json.loads(question)
    return Transformer(parts["model"]), parts


def _memorize(question, data):
    """One task: the answer of one data set, encoded."""
    model, parts = _model_of(question)
    options = {}
    if parts["prefix"]:
        options = {"prefix": True, "key_cap": parts["key_cap"], "value_cap": parts["value_cap"]}
    answer = memorize_one(model, json.loads(data), int(parts["accuracy"]) if parts["prefix"] else Fraction(parts["accuracy"]), **options)
    return json.dumps(_encoded(answer.to_dict()))


def _texts_of(data_sets):
    """The JSON of each data set by its name, which is to be that of a file."""
    if hasattr(data_sets, "items"):
        texts = {str(name): json.dumps(exact_texts(data if isinstance(data, dict) else {"examples": data}))
                 for name, data in data_sets.items()}
    else:
        texts = {}
        for path in map(pathlib.Path, data_sets):
            if path.stem in texts:
                raise _core.InputError(f"{path}: a second data set called {path.stem} (accepted: files of different names)")
            try:
                texts[path.stem] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise _core.InputError(f"{path}: cannot be read ({error})") from None
    for name, text in texts.items():
        if not name or name.startswith(".") or name != os.path.basename(name) or name == "memorize":
            raise _core.InputError(f"data set '{name[:60]}': no name of a file (accepted: names without '/', that begin with no '.')")
        try:
            json.loads(text)
        except ValueError as error:
            raise _core.InputError(f"data set '{name[:60]}': no JSON ({error})") from None
    return texts


def memorize(client, model, data_sets, accuracy=0, *, folder=None, prefix=False, key_cap=math.inf, value_cap=math.inf, progress=None):
    """Decides, for each of many data sets, whether some prompt makes the model give its outputs, on the workers of a Client.

    model, accuracy, prefix, key_cap, value_cap: as in promptbound.memorize. data_sets: a dictionary of data by name, or paths
    of their files, whose stems are the names. folder: keeps each answer as NAME.json, whole, with its certificate; a run that
    was interrupted goes on from those that are there, at their word (their certificates are there to be checked), and answers
    of other data are refused. progress: a function of (data sets done, data sets). Returns a dictionary of Memorization (prefix: PrefixMemorization) by name, in the order given.
    """
    texts = _texts_of(data_sets)
    question = {"model": model.to_dict(), "accuracy": _core.number_text(accuracy, "accuracy"), "prefix": bool(prefix),
                "key_cap": _core.number_text(key_cap, "key_cap"), "value_cap": _core.number_text(value_cap, "value_cap")}
    if prefix and question["accuracy"] != "0":
        raise _core.InputError("memorize: prefix=True decides exact fits, so accuracy must be 0")
    if not prefix and (question["key_cap"], question["value_cap"]) != ("inf", "inf"):
        raise _core.InputError("memorize: key_cap and value_cap need prefix=True")
    text, run, found = json.dumps(question), Run(client), {}
    digests = {name: hashlib.sha256(data.encode()).hexdigest() for name, data in texts.items()}
    if folder is not None:
        folder = open_folder(folder, "memorize", {"model": hashlib.sha256(text.encode()).hexdigest(),
                                                  **{name: value for name, value in question.items() if name != "model"}})
        for name in texts:
            path = os.path.join(folder, f"{name}.json")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    kept = json.load(file)
                if kept["data"] != digests[name]:
                    raise _core.InputError(f"{path}: the answer of other data (accepted: other names, or another folder)")
                found[name] = kept["answer"]
    if found:
        log.warning("going on after %d of %d data sets", len(found), len(texts))
    if progress is not None:
        progress(len(found), len(texts))
    sent = run.keep(text)
    missing = [name for name in texts if name not in found]
    for name, future in run.finished(missing, lambda name: run.submit(_memorize, name, sent, texts[name])):
        found[name] = json.loads(result_of(future, f"data set {name}"))
        if folder is not None:
            write_whole(os.path.join(folder, f"{name}.json"), json.dumps({"data": digests[name], "answer": found[name]}, indent=1) + "\n")
        if progress is not None:
            progress(len(found), len(texts))
    run.begun(lambda name: f"data set {name}")
    make = PrefixMemorization if prefix else Memorization
    return {name: make(_decoded(found[name])) for name in texts}
