"""Sweeps of bounds over more points than one machine evaluates, as parts in a folder."""

import functools
import json
import os
import tempfile

from promptbound import _core
from promptbound.distributed.folders import open_folder
from promptbound.distributed.tasks import Run, dask, log, ran_out_of_memory, result_of, write_whole


@functools.lru_cache(maxsize=4)
def _sweep_of(question):
    parts = json.loads(question)
    return _core.SweepInParts(parts["id"], parts["parameters"], parts["digits"], parts["solve"])


def _rows(question, first, last):
    """One task: the part as CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "part.csv")
        _sweep_of(question).write(path, first, last)
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()


def _text(name, value):
    """The values of a parameter as the command takes them."""
    if isinstance(value, str):
        return value
    try:
        values = list(value)
    except TypeError:
        values = [value]
    if not values:
        raise _core.InputError(f"{name}: no values (accepted: at least one)")
    return ",".join(one if isinstance(one, str) else _core.number_text(one, name) for one in values)


def _part(part_of, first, last, future):
    """The rows of a task; where a worker's memory does not hold them, those of its halves, under one heading."""
    dask().wait(future)
    if not ran_out_of_memory(future) or last - first == 1:
        return result_of(future, f"point {first}")
    log.warning("rows %d to %d ran out of memory: again in halves", first, last - 1)
    middle = (first + last) // 2
    lower, upper = (_part(part_of, begin, end, part_of(begin, end)) for begin, end in ((first, middle), (middle, last)))
    return lower + upper.split("\n", 1)[1]


def sweep(client, id, folder, *, for_=None, digits=40, rows=10_000, progress=None, **parameters):
    """Evaluates a bound at every combination of values, the last parameter running fastest, on the workers of a Client.

    id, for_, digits, parameters: as in promptbound.sweep; ranges as texts ("1:1000", "1/100:1:1/100") are never written out,
    and a sweep has up to 10^12 points. folder: of the parts, CSV files of `rows` points with the columns of `promptbound
    eval --format csv` under their heading, in the order of their names. A part is written whole and renamed; a run that was
    interrupted goes on from the parts that are there, and rows are the same however they were cut. progress: a function of
    (points done, points). Returns the paths of the parts. Raises InputError for bad input, and for a folder of another sweep.
    """
    if not isinstance(rows, int) or rows < 1:
        raise _core.InputError(f"rows: {rows} (accepted: a number >= 1)")
    question = {"id": id, "solve": for_, "digits": digits, "parameters": {name: _text(name, value) for name, value in parameters.items()}}
    text = json.dumps(question)
    whole = _sweep_of(text)
    # What every point would refuse, such as a missing parameter, is refused before anything is written.
    whole.look_at_first()
    points, run = whole.points, Run(client)
    folder = open_folder(folder, "sweep", {**question, "rows": rows, "points": points})
    count = -(-points // rows)
    paths = [os.path.join(folder, f"part-{number:0{len(str(count - 1))}}.csv") for number in range(count)]
    missing = [number for number in range(count) if not os.path.exists(paths[number])]
    done = points - sum(min(rows, points - number * rows) for number in missing)
    if done:
        log.warning("going on after %d of %d points", done, points)

    def ends(number):
        return number * rows, min(points, (number + 1) * rows)

    def part_of(first, last):
        return run.submit(_rows, f"{first}", text, first, last)

    if progress is not None:
        progress(done, points)
    for number, future in run.finished(missing, lambda number: part_of(*ends(number))):
        first, last = ends(number)
        write_whole(paths[number], _part(part_of, first, last, future))
        done += last - first
        if progress is not None:
            progress(done, points)
    run.begun(lambda first: f"the part from row {first}")
    return paths
