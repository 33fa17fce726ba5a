"""Work for many machines: proofs over the cube, divided among the workers of a Dask cluster (Debian: python3-distributed).

    import distributed, promptbound as pb, promptbound.distributed
    with distributed.Client("tcp://scheduler:8786") as client:
        answer = pb.distributed.verify(client, model, "identity", "1/20", checkpoint="search.json")

Every worker needs this package in the same version. What a task does depends on its box alone, so the answer depends
neither on how many workers there are nor on the order in which they finish.
"""

import functools
import json
import logging
import math
import os
import tempfile
import uuid
from collections import Counter

from promptbound import _core
from promptbound.expressions import target_of
from promptbound.verify import Verification

log = logging.getLogger("promptbound.distributed")


def dask():
    """Imports Dask's module distributed; InputError where it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise _core.InputError("distributed: Dask is not installed (accepted: Debian's python3-distributed, or pip's distributed)") from error
    return distributed


# --- on the workers


@functools.lru_cache(maxsize=4)
def _search_of(problem):
    """The search that a text of verify's describes; a worker's tasks share it."""
    parts = json.loads(problem)
    return _core.RegionSearch(_core.Instance(parts["model"]), parts["target"], parts["eps"], parts["alpha"], parts["L"])


def _search_region(problem, digest, version, topic, path, tree, most_boxes):
    """One task; it says when it begins, so that the driver can tell what was begun twice."""
    worker = dask().get_worker()
    worker.log_event(topic, {"path": path, "worker": worker.address})
    if _core.__version__ != version:
        raise _core.InputError(f"worker {worker.address}: promptbound {_core.__version__} (accepted: {version}, as the driver has)")
    search = _search_of(problem)
    if search.digest() != digest:
        raise _core.InputError(f"worker {worker.address}: the model, the target or the table is another there (accepted: SHA-256 {digest})")
    return search.search(path, tree, most_boxes)


# --- in the driver


def _cut(tree, most):
    """The tree with '*' for each of its largest parts of at most `most` boxes, and these: (path, part) in preorder."""
    sizes, pending = [0] * len(tree), []
    for i in range(len(tree) - 1, -1, -1):
        sizes[i] = 1 if tree[i] in ".*" else 1 + pending.pop() + pending.pop()
        pending.append(sizes[i])
    top, parts, pending = [], [], [(0, "")]
    while pending:
        i, path = pending.pop()
        if sizes[i] <= most:
            top.append("*")
            parts.append((path, tree[i:i + sizes[i]]))
            continue
        top.append(tree[i])
        pending.append((i + 1 + sizes[i + 1], path + tree[i] + ">"))
        pending.append((i + 1, path + tree[i] + "<"))
    return "".join(top), parts


class _Cube:
    """What the reports about boxes add up to."""

    def __init__(self):
        self.open = {"": (math.inf, "*")}  # path: the bound, and what is known of the halvings
        self._joined = {}                  # path: its tree cut at the open boxes, and their paths
        self._settled = None
        self.lower, self.witness, self.refuted, self.too_small = -math.inf, [], False, False

    def resume(self, tree, witness, lower, most):
        top, parts = _cut(tree, most)
        if parts[0][0] != "":
            self._joined[""] = top.split("*"), [path for path, _ in parts]
        self.open = {path: (math.inf, part) for path, part in parts}
        self.lower, self.witness = lower, witness

    def take(self, path, report):
        if report["lower"] > self.lower:
            self.lower, self.witness = report["lower"], report["witness"]
        self.refuted |= report["refuted"]
        del self.open[path]
        inner = [path + end for end, leaf in _cut(report["tree"], 1)[1] if leaf == "*"]
        self._joined[path] = report["tree"].split("*"), inner
        self.open.update((end, (upper, "*")) for end, upper in zip(inner, report["open"]))
        if report["settled"] is not None:
            self._settled = max(self._settled or 0, report["settled"])
        self.too_small |= report["too_small"]

    def tree(self, path=""):
        if path in self.open:
            return self.open[path][1]
        pieces, inner = self._joined[path]
        return pieces[0] + "".join(self.tree(end) + piece for end, piece in zip(inner, pieces[1:]))

    def upper(self):
        return max([upper for upper, _ in self.open.values()] + ([] if self._settled is None else [self._settled]))

    def worst(self, count):
        """Paths of the open boxes with the largest bounds, in preorder."""
        return sorted(sorted(self.open, key=lambda path: (-self.open[path][0], path))[:count])


def _write_whole(path, text):
    """Writes a file beside its place and renames it: it is there whole or not at all."""
    path = os.path.abspath(path)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path) + ".")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _round(client, paths, submit, topic):
    """The reports about the boxes in preorder, up to the first that refutes; whatever finishes first."""
    futures = {submit(path): path for path in paths}
    reports = {}
    try:
        for future, report in dask().as_completed(futures, with_results=True):
            reports[futures[future]] = report
            refuting = [path for path, found in reports.items() if found["refuted"]]
            if refuting and all(path in reports for path in paths if path < min(refuting)):
                paths = [path for path in paths if path <= min(refuting)]
                break
    finally:
        client.cancel(list(futures))
    begun = {}
    for _, event in client.get_events(topic):
        begun.setdefault(event["path"], []).append(event["worker"])
    for path, workers in sorted(begun.items()):
        if len(workers) > 1:
            log.warning("box %s was searched again: begun on %s", path or "(the cube)",
                        ", ".join(f"{worker} ({count} times)" for worker, count in sorted(Counter(workers).items())))
    return [(path, reports[path]) for path in paths]


def verify(client, model, target, eps, *, alpha="inf", L=None, boxes=1_000_000_000, frequency=None, table=None, checkpoint=None,
           task_boxes=5000, tasks=64, progress=None):
    """Decides sup_X ||T([P, X]) - f(X)||_alpha <= eps over X in [0,1]^{d x L} on the workers of a distributed.Client.

    model, target, eps, alpha, L, boxes, frequency, table, progress: as in promptbound.verify; a table's file is read by
    every worker under the same name. It ends where eps is decided and does not narrow the bounds further: a box is halved
    if and only if its bound is above eps. checkpoint: a file to go on from where it exists; it is written whole after every
    round, says only where the search has been (every bound is computed again), and stays until you remove it. A round is
    `tasks` open boxes, the largest bounds first, each searched by a task that bounds task_boxes more. A box whose worker is
    lost is searched again, and the log "promptbound.distributed" says so. The least witness by path in the first round
    that has one refutes. Returns a Verification: verdict, bounds and certificate are the same for any workers, and of a
    proof for any task_boxes and tasks as well. Raises InputError for bad input, for a worker with another version of
    promptbound or another model, and where Dask is missing.
    """
    for name, value in (("task_boxes", task_boxes), ("tasks", tasks)):
        if not isinstance(value, int) or value < 1:
            raise _core.InputError(f"{name}: {value} (accepted: a number >= 1)")
    dask()
    target = target_of(target, model.data_width, L or model.input_tokens, frequency=frequency, table=table)
    if "frequency" in target:
        target["frequency"] = _core.number_text(target["frequency"], "frequency")
    problem = json.dumps({"model": model.to_dict(), "target": target, "eps": _core.number_text(eps, "eps"),
                          "alpha": _core.number_text(alpha, "alpha"), "L": L})
    search = _search_of(problem)
    digest, run, cube, why = search.digest(), f"promptbound-{uuid.uuid4()}", _Cube(), ""
    if checkpoint is not None and os.path.exists(checkpoint):
        with open(checkpoint, encoding="utf-8") as file:
            tree, witness = search.resumed(file.read(), os.fspath(checkpoint))
        cube.resume(tree, witness, search.error_at(witness) if witness else -math.inf, task_boxes)
        log.warning("going on after %d boxes, which are bounded again first", len(tree))
    # The text goes to the workers as a task's result, which Dask makes again where it is lost.
    sent = client.submit(str, problem, key=f"{run}-problem")
    number, tree = 0, cube.tree()
    while cube.open and not cube.refuted:
        if progress is not None:
            progress(max(cube.lower, 0.0), cube.upper(), len(tree), len(cube.open))
        if cube.too_small or len(tree) >= boxes:
            why = "a box is too small to divide in binary64" if cube.too_small else "the budget of boxes is used up"
            break
        number += 1
        topic = f"{run}-{number}"
        reports = _round(client, cube.worst(tasks), lambda path: client.submit(
            _search_region, sent, digest, _core.__version__, topic, path, cube.open[path][1], task_boxes, key=f"{topic}-{path}"), topic)
        for path, report in reports:
            cube.take(path, report)
        tree = cube.tree()
        if checkpoint is not None:
            _write_whole(checkpoint, search.checkpoint(tree, cube.witness))
    return Verification(search.answer(tree, cube.upper(), cube.lower, cube.witness, why))
