"""What all kinds of work share: tasks on workers, and what the driver hears of them."""

import itertools
import logging
import os
import tempfile
import uuid
from collections import Counter

from promptbound import _core

log = logging.getLogger("promptbound.distributed")


def dask():
    """Imports Dask's module distributed; InputError where it is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise _core.InputError("distributed: Dask is not installed (accepted: Debian's python3-distributed, or pip's distributed)") from error
    return distributed


# --- on the workers


def _on_worker(work, topic, task, version, *arguments):
    """One task; it says when it begins, so that the driver can tell what was begun twice."""
    worker = dask().get_worker()
    worker.log_event(topic, {"task": task, "worker": worker.address})
    require_same(_core.__version__, version, f"promptbound {_core.__version__}", f"{version}, as the driver has")
    return work(*arguments)


def require_same(found, wanted, what, accepted):
    """InputError that names this worker, where it has something else than the driver."""
    if found != wanted:
        raise _core.InputError(f"worker {dask().get_worker().address}: {what} (accepted: {accepted})")


# --- in the driver


class Run:
    """The tasks of one run, each called by a text."""

    def __init__(self, client):
        self.client = client
        self.topic = f"promptbound-{uuid.uuid4()}"
        self._numbers = itertools.count()

    def submit(self, work, task, *arguments):
        """A future of work(*arguments) on some worker."""
        return self.client.submit(_on_worker, work, self.topic, task, _core.__version__, *arguments,
                                  key=f"{self.topic}-{next(self._numbers)}-{task}")

    def keep(self, text):
        """A future of a text that tasks share: as a task's result Dask makes it again where it is lost."""
        return self.client.submit(str, text, key=f"{self.topic}-shared")

    def finished(self, tasks, submit):
        """Yields (task, future) as tasks end; a few wait for each worker, however many there are to come."""
        tasks, of = iter(tasks), {}
        waiting = dask().as_completed()

        def add(count):
            for task in itertools.islice(tasks, count):
                future = submit(task)
                of[future.key] = future, task
                waiting.add(future)

        try:
            add(max(8, 4 * sum(self.client.nthreads().values())))
            for future in waiting:
                yield of.pop(future.key)[1], future
                add(1)
        finally:
            self.client.cancel([future for future, _ in of.values()])

    def begun(self, name=lambda task: task):
        """Says which tasks were begun more than once; `name` gives their names."""
        workers = {}
        for _, event in self.client.get_events(self.topic):
            workers.setdefault(event["task"], []).append(event["worker"])
        for task, addresses in sorted(workers.items()):
            if len(addresses) > 1:
                log.warning("%s was begun again: on %s", name(task),
                            ", ".join(f"{address} ({count} times)" for address, count in sorted(Counter(addresses).items())))


def ran_out_of_memory(future):
    """Did a task end for want of memory, or with every worker that it was given to?"""
    return future.status == "error" and isinstance(future.exception(), (MemoryError, dask().scheduler.KilledWorker))


def result_of(future, what):
    """A task's result; InputError where it ran out of memory."""
    if ran_out_of_memory(future):
        raise _core.InputError(f"{what}: out of memory on the workers (accepted: workers with more of it)")
    return future.result()


def write_whole(path, text):
    """Writes a file beside its place and renames it: it is there whole or not at all."""
    path = os.path.abspath(path)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path) + ".")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
