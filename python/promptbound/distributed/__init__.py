"""Work for many machines, divided among the workers of a Dask cluster (Debian: python3-distributed).

    import distributed, promptbound as pb, promptbound.distributed
    with distributed.Client("tcp://scheduler:8786") as client:
        answer = pb.distributed.verify(client, model, "identity", "1/20", checkpoint="search.json")
        parts = pb.distributed.sweep(client, "entropy-bits", "sweep", d="1:100", L="1:100", eps="1/100:1:1/100")
        audit = pb.distributed.audit(client, "llama-70b", "my-prompt", checkpoint="audit.json")
        answers = pb.distributed.memorize(client, model, {"one": data, "another": more}, folder="answers")

Every worker needs this package in the same version: a task is refused by any other. What a task does depends on what it is
given alone, so that no answer depends on how many workers there are or on the order in which they finish. What was done is
kept as it is finished, whole or not at all; a task whose worker is lost is done again, and the log "promptbound.distributed"
says so. A task that runs out of memory is done again in smaller parts where it has parts.
"""

from promptbound.distributed.audits import audit
from promptbound.distributed.memorization import memorize
from promptbound.distributed.proofs import verify
from promptbound.distributed.sweeps import sweep
from promptbound.distributed.tasks import dask, log

__all__ = ["audit", "dask", "log", "memorize", "sweep", "verify"]
