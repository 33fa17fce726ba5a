"""The command promptbound-cluster: what promptbound.distributed does, from a shell.

    promptbound-cluster --scheduler tcp://host:8786 verify model.json --target identity --eps 1/20 --certificate proof.json

Exit codes are those of the command promptbound: 0 proved, 1 refuted, 2 bad input, 3 unknown.
"""
import argparse
import json
import logging
import os
import sys
import time

import promptbound as pb
from promptbound import distributed

EXIT_CODES = {"proved": 0, "refuted": 1, "unknown": 3}


def _parser():
    parser = argparse.ArgumentParser(prog="promptbound-cluster", description="Proofs on the workers of a Dask cluster.", allow_abbrev=False)
    parser.add_argument("--scheduler", required=True, metavar="ADDRESS", help="of the cluster, such as tcp://host:8786")
    parser.add_argument("--version", action="version", version=f"promptbound-cluster {pb.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verify = commands.add_parser("verify", allow_abbrev=False,
                                 help="is a model file's error within eps for every input of the cube? decided on the cluster's workers")
    verify.add_argument("model", help="model file, JSON or .safetensors, as construct writes it")
    verify.add_argument("--eps", required=True, metavar="NUMBER", help="the error that is claimed")
    verify.add_argument("--alpha", default="inf", metavar="NUMBER", help="norm exponent (default inf)")
    verify.add_argument("--L", type=int, metavar="N", help="input tokens, where the model file does not say")
    target = verify.add_mutually_exclusive_group()
    target.add_argument("--target", default="reversal", metavar="NAME", help="identity, reversal (default), mean, maximum, sine or table")
    target.add_argument("--target-expression", metavar="TEXT", help="a target of your own in place of --target")
    verify.add_argument("--frequency", metavar="NUMBER", help="frequency of the sine field (default 2)")
    verify.add_argument("--table", metavar="FILE", help="file of the target `table`, under the same name on every worker")
    verify.add_argument("--boxes", type=int, default=1_000_000_000, metavar="N", help="boxes bounded at most (default 1000000000)")
    verify.add_argument("--certificate", metavar="FILE", help="write the certificate of a proved or refuted verdict here")
    verify.add_argument("--checkpoint", metavar="FILE", help="go on from this file if it exists, and keep the search in it until a verdict")
    verify.add_argument("--task-boxes", type=int, default=5000, metavar="N", help="boxes that a task bounds (default 5000)")
    verify.add_argument("--tasks", type=int, default=64, metavar="N", help="tasks in a round (default 64)")
    verify.add_argument("--json", action="store_true", help="the answer as JSON")
    verify.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _progress(quiet):
    """One line on stderr, written over at most five times a second; nothing where stderr is no terminal."""
    last = -1.0

    def say(lower, upper, boxes, waiting):
        nonlocal last
        if not quiet and sys.stderr.isatty() and time.monotonic() - last > 0.2:
            last = time.monotonic()
            print(f"\r\x1b[K{lower:.6g} <= error <= {upper:.6g}, {boxes} boxes done, {waiting} waiting", end="", file=sys.stderr, flush=True)

    return say


def _verify(client, options):
    answer = distributed.verify(client, pb.Transformer.load(options.model), options.target_expression or options.target, options.eps,
                                alpha=options.alpha, L=options.L, boxes=options.boxes, frequency=options.frequency, table=options.table,
                                checkpoint=options.checkpoint, task_boxes=options.task_boxes, tasks=options.tasks,
                                progress=_progress(options.quiet))
    if options.certificate and answer.verdict != "unknown":
        answer.save_certificate(options.certificate)
    # Only now nothing can be lost any more.
    if options.checkpoint and answer.verdict != "unknown" and os.path.exists(options.checkpoint):
        os.unlink(options.checkpoint)
    print(json.dumps(answer.to_dict(), indent=1) if options.json else answer)
    return EXIT_CODES[answer.verdict]


def main(arguments=None):
    """Runs the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("promptbound-cluster: %(message)s"))
    distributed.log.addHandler(handler)
    # Connections that Dask gives up on leave futures that nobody awaits; what matters of them is raised.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        for path in (options.certificate, options.checkpoint):
            folder = os.path.dirname(os.path.abspath(path)) if path else os.curdir
            if not os.access(folder, os.W_OK):
                raise pb.InputError(f"{path}: cannot be written")
        dask = distributed.dask()
        try:
            client = dask.Client(options.scheduler)
        except (OSError, ValueError) as error:
            raise pb.InputError(f"--scheduler: no scheduler at {options.scheduler} (accepted: an address such as tcp://host:8786)") from error
        with client:
            return _verify(client, options)
    except pb.InputError as error:
        print(f"promptbound-cluster: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
