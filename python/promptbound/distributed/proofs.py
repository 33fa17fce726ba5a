"""Proofs over the cube: a part of the cube a task."""

import functools
import json
import math
import os

from promptbound import _core
from promptbound.distributed.tasks import Run, dask, log, ran_out_of_memory, require_same, result_of, write_whole
from promptbound.expressions import target_of
from promptbound.verify import Verification


# --- on the workers


@functools.lru_cache(maxsize=4)
def _search_of(problem):
    """The search that a text of verify's describes, and its digest; a worker's tasks share them."""
    parts = json.loads(problem)
    search = _core.RegionSearch(_core.Instance(parts["model"]), parts["target"], parts["eps"], parts["alpha"], parts["ratio"],
                                parts["L"])
    return search, search.digest()


def _search_region(problem, digest, path, tree, most_boxes, lower):
    """One task: what a search of the box at the end of the path reports."""
    search, found = _search_of(problem)
    require_same(found, digest, "the model, the target or the table is another there", f"SHA-256 {digest}")
    return search.search(path, tree, most_boxes, lower)


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

    def settle(self, goal):
        """Leaves the open boxes with bounds up to the goal as they are."""
        for path in [path for path, (upper, _) in self.open.items() if upper <= goal]:
            upper, tree = self.open.pop(path)
            self._settled = max(self._settled or 0, upper)
            self._joined[path] = [tree], []

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


def _round(client, paths, submit, boxes):
    """The reports about the boxes in preorder, up to the first that refutes; whatever finishes first."""
    sizes = dict.fromkeys(paths, boxes)
    futures = {submit(path, boxes): path for path in paths}
    reports = {}
    waiting = dask().as_completed(futures)
    try:
        for future in waiting:
            path = futures[future]
            name = path or "(the cube)"
            if ran_out_of_memory(future) and sizes[path] > 2:
                sizes[path] //= 2
                log.warning("box %s ran out of memory: again with %d boxes", name, sizes[path])
                again = submit(path, sizes[path])
                futures[again] = path
                waiting.add(again)
                continue
            reports[path] = result_of(future, f"box {name}")
            refuting = [path for path, found in reports.items() if found["refuted"]]
            if refuting and all(path in reports for path in paths if path < min(refuting)):
                paths = [path for path in paths if path <= min(refuting)]
                break
    finally:
        client.cancel(list(futures))
    return [(path, reports[path]) for path in paths]


def verify(client, model, target, eps, *, alpha="inf", ratio=None, L=None, boxes=1_000_000_000, frequency=None, table=None, checkpoint=None,
           task_boxes=5000, tasks=64, progress=None):
    """Decides sup_X ||T([P, X]) - f(X)||_alpha <= eps over X in [0,1]^{d x L} on the workers of a distributed.Client.

    model, target, eps, alpha, L, boxes, frequency, table, progress: as in promptbound.verify; a table's file is read by
    every worker under the same name. A box is halved if and only if its bound is above the goal. Without a ratio the goal is
    eps: the search ends where eps is decided. With one it goes on until upper <= (1 + ratio) lower as well, as
    promptbound.verify does; the goal of a task is then also (1 + ratio) times the largest error that the rounds before it, the
    task itself, and a short search of one process before all have met. checkpoint: a file to go on from where it exists; it is
    written whole after every round, says only where the search has been (every bound is computed again), and stays until you
    remove it. A round is `tasks` open boxes, the largest bounds first, each searched by a task that bounds task_boxes more. A
    box whose worker is lost is searched again, and the log "promptbound.distributed" says so; one for which a worker has too
    little memory is searched with half as many boxes. The least witness by path in the first round that has one refutes. Returns a Verification:
    verdict, bounds and certificate are the same for any workers; those of a proof without a ratio are the same for any
    task_boxes and tasks as well. Raises InputError for bad input, for a worker with another version of promptbound or another
    model, and where Dask is missing.
    """
    for name, value in (("task_boxes", task_boxes), ("tasks", tasks)):
        if not isinstance(value, int) or value < 1:
            raise _core.InputError(f"{name}: {value} (accepted: a number >= 1)")
    dask()
    target = target_of(target, model.data_width, L or model.input_tokens, frequency=frequency, table=table)
    if "frequency" in target:
        target["frequency"] = _core.number_text(target["frequency"], "frequency")
    problem = json.dumps({"model": model.to_dict(), "target": target, "eps": _core.number_text(eps, "eps"),
                          "alpha": _core.number_text(alpha, "alpha"), "ratio": None if ratio is None else _core.number_text(ratio, "ratio"),
                          "L": L})
    (search, digest), cube, why = _search_of(problem), _Cube(), ""
    if checkpoint is not None and os.path.exists(checkpoint):
        with open(checkpoint, encoding="utf-8") as file:
            tree, witness = search.resumed(file.read(), os.fspath(checkpoint))
        cube.resume(tree, witness, search.error_at(witness) if witness else -math.inf, task_boxes)
        log.warning("going on after %d boxes, which are bounded again first", len(tree))
    elif ratio is not None:
        cube.lower, cube.witness = search.large_error(task_boxes)
    sent = Run(client).keep(problem)
    tree = cube.tree()
    while cube.open and not cube.refuted:
        if progress is not None:
            progress(max(cube.lower, 0.0), cube.upper(), len(tree), len(cube.open))
        if cube.too_small or len(tree) >= boxes:
            why = "a box is too small to divide in binary64" if cube.too_small else "the budget of boxes is used up"
            break
        run, lower = Run(client), cube.lower
        reports = _round(client, cube.worst(tasks), lambda path, most: run.submit(
            _search_region, path, sent, digest, path, cube.open[path][1], most, lower), task_boxes)
        run.begun(lambda path: f"box {path or '(the cube)'}")
        for path, report in reports:
            cube.take(path, report)
        tree = cube.tree()
        cube.settle(search.goal(cube.lower))
        if checkpoint is not None:
            write_whole(checkpoint, search.checkpoint(tree, cube.witness) + "\n")
    return Verification(search.answer(tree, cube.upper(), cube.lower, cube.witness, why))
