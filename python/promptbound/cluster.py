"""The command promptbound-cluster: what promptbound.distributed does, from a shell.

    promptbound-cluster --scheduler tcp://host:8786 verify model.json --target identity --eps 1/20 --certificate proof.json

Exit codes are those of the command promptbound: 0 done or proved, 1 refuted, 2 bad input, 3 unknown.
"""
import argparse
import json
import logging
import os
import sys
import time

import promptbound as pb
from promptbound import distributed
from promptbound.distributed.tasks import write_whole

EXIT_CODES = {"proved": 0, "possible": 0, "computed": 0, "refuted": 1, "impossible": 1, "unknown": 3}


def _parser():
    parser = argparse.ArgumentParser(prog="promptbound-cluster", allow_abbrev=False,
                                     description="Proofs, sweeps, audits and memorization on the workers of a Dask cluster.")
    parser.add_argument("--scheduler", required=True, metavar="ADDRESS", help="of the cluster, such as tcp://host:8786")
    parser.add_argument("--version", action="version", version=f"promptbound-cluster {pb.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_verify, _add_sweep, _add_audit, _add_memorize):
        command = add(commands)
        command.add_argument("--json", action="store_true", help="the answer as JSON")
        command.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _add_verify(commands):
    verify = commands.add_parser("verify", allow_abbrev=False,
                                 help="is a model file's error within eps for every input of the cube? decided on the cluster's workers")
    verify.add_argument("model", help="model file, JSON or .safetensors, as construct writes it")
    verify.add_argument("--eps", required=True, metavar="NUMBER", help="the error that is claimed")
    verify.add_argument("--alpha", default="inf", metavar="NUMBER", help="norm exponent (default inf)")
    verify.add_argument("--ratio", metavar="NUMBER", help="go on until upper <= (1 + ratio) lower (default: until eps is decided)")
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
    return verify


def _add_sweep(commands):
    sweep = commands.add_parser("sweep", allow_abbrev=False, help="one bound over up to 10^12 points, as CSV files in a folder",
                                epilog="Parameters of the bound are options: --d 1:8 --eps 1/100:1:1/100, as promptbound eval takes them.")
    sweep.add_argument("id", help="id of the bound (promptbound list shows all)")
    sweep.add_argument("--folder", required=True, metavar="DIR", help="of the parts; a run goes on from those that are there")
    sweep.add_argument("--solve", metavar="NAME", help="read the bound backwards for this parameter")
    sweep.add_argument("--rows", type=int, default=10_000, metavar="N", help="points in a part (default 10000)")
    sweep.add_argument("--digits", type=int, default=40, metavar="N", help="significant digits of enclosures (default 40)")
    own = {action.dest for action in sweep._actions}
    parameters = sweep.add_argument_group("parameters")
    for name in sorted({use["name"] for bound in pb.catalogue() for use in bound["parameters"]} - own):
        parameters.add_argument(f"--{name}", metavar="X", dest=f"parameter {name}")
    return sweep


def _add_audit(commands):
    audit = commands.add_parser("audit", allow_abbrev=False, help="what the theorems say about real weights and a soft prompt, a layer a task")
    audit.add_argument("--model", required=True, metavar="DIR", help="folder of the model, under the same name on every worker")
    audit.add_argument("--prompt", metavar="DIR", help="folder of the soft prompt or another PEFT adapter")
    for name, meaning in (("context", "sequence length T (default: all positions of the model)"),
                          ("eta", "relative accuracy of the polynomial for exp in 4.2 (default 1/100)"),
                          ("Delta", "labels are pairwise further apart than this, in normed outputs (2.5; default 1)"),
                          ("eps", "accuracy at which labels must be met (2.5; default 1/10)")):
        audit.add_argument(f"--{name}", metavar="NUMBER", help=meaning)
    audit.add_argument("--assume-inert", action="append", default=[], metavar="NAME",
                       help="take it that this member of config.json changes nothing (repeatable)")
    audit.add_argument("--threads", type=int, default=1, metavar="N", help="of this machine, for what is computed here (default 1)")
    audit.add_argument("--checkpoint", metavar="FILE", help="go on from this file if it exists, and keep the layers' norms in it until the answer")
    return audit


def _add_memorize(commands):
    memorize = commands.add_parser("memorize", allow_abbrev=False, help="which data sets some prompt makes a one-layer model fit, a data set a task")
    memorize.add_argument("model", help="model file of one layer")
    memorize.add_argument("data", nargs="+", metavar="FILE", help="data sets; a file's name without its ending is the data set's")
    memorize.add_argument("--accuracy", default="0", metavar="NUMBER", help="largest error allowed (default 0)")
    memorize.add_argument("--folder", required=True, metavar="DIR", help="of the answers; a run goes on from those that are there")
    memorize.add_argument("--prefix", action="store_true", help="by key-value pairs instead of a prompt")
    memorize.add_argument("--key-cap", default="inf", metavar="NUMBER", help="with --prefix: largest norm of a key")
    memorize.add_argument("--value-cap", default="inf", metavar="NUMBER", help="with --prefix: largest norm of a value")
    memorize.add_argument("--certificates", metavar="DIR", help="write the certificates as NAME.json here")
    return memorize


class _Progress:
    """One line on stderr, written over at most five times a second; nothing where stderr is no terminal."""

    def __init__(self, quiet):
        self._is_silent = quiet or not sys.stderr.isatty()
        self._start = time.monotonic()
        self._last = -1.0

    def _say(self, text):
        if not self._is_silent and time.monotonic() - self._last > 0.2:
            self._last = time.monotonic()
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def search(self, lower, upper, boxes, waiting):
        self._say(f"{lower:.6g} <= error <= {upper:.6g}, {boxes} boxes done, {waiting} waiting")

    def of(self, parts):
        """How many of the parts are done, and when the others will be, from those of this run."""
        first = None

        def say(done, total):
            nonlocal first
            first = done if first is None else first
            left = ""
            if done > first:
                left = f", about {(time.monotonic() - self._start) * (total - done) / (done - first):.0f} s left"
            self._say(f"{done} of {total} {parts}{left}")

        return say

    def end(self):
        if self._last >= 0:
            print(file=sys.stderr)


def _verify(client, options, progress):
    answer = distributed.verify(client, pb.Transformer.load(options.model), options.target_expression or options.target, options.eps,
                                alpha=options.alpha, ratio=options.ratio, L=options.L, boxes=options.boxes, frequency=options.frequency,
                                table=options.table, checkpoint=options.checkpoint, task_boxes=options.task_boxes, tasks=options.tasks,
                                progress=progress.search)
    if options.certificate and answer.verdict != "unknown":
        answer.save_certificate(options.certificate)
    # Only now nothing can be lost any more.
    if options.checkpoint and answer.verdict != "unknown" and os.path.exists(options.checkpoint):
        os.unlink(options.checkpoint)
    progress.end()
    print(json.dumps(answer.to_dict(), indent=1) if options.json else answer)
    return EXIT_CODES[answer.verdict]


def _sweep(client, options, progress):
    parameters = {name.split()[1]: text for name, text in vars(options).items() if name.startswith("parameter ") and text is not None}
    parts = distributed.sweep(client, options.id, options.folder, for_=options.solve, digits=options.digits, rows=options.rows,
                              progress=progress.of("points"), **parameters)
    progress.end()
    print(json.dumps({"parts": parts}, indent=1) if options.json else f"{len(parts)} parts, {parts[0]} to {parts[-1]}")
    return 0


def _audit(client, options, progress):
    given = {name: getattr(options, name) for name in ("context", "eta", "Delta", "eps") if getattr(options, name) is not None}
    answer = distributed.audit(client, options.model, options.prompt, assume_inert=options.assume_inert, threads=options.threads,
                               checkpoint=options.checkpoint, progress=progress.of("layers"), **given)
    progress.end()
    if options.json:
        print(json.dumps(answer.to_dict(), indent=1))
    else:
        for row in answer.theorems:
            print(f"{row['theory']}  {row['what']}: {row['why']}")
        for assumption in answer["assumptions"]:
            print(f"{assumption['status']}: {assumption['text']}")
    if options.checkpoint and os.path.exists(options.checkpoint):
        os.unlink(options.checkpoint)
    return EXIT_CODES[answer["verdict"]]


def _memorize(client, options, progress):
    answers = distributed.memorize(client, pb.Transformer.load(options.model), options.data, options.accuracy, folder=options.folder,
                                   prefix=options.prefix, key_cap=options.key_cap, value_cap=options.value_cap,
                                   progress=progress.of("data sets"))
    if options.certificates:
        os.makedirs(options.certificates, exist_ok=True)
        for name, answer in answers.items():
            if answer.certificate is not None:
                write_whole(os.path.join(options.certificates, f"{name}.json"), answer.certificate + "\n")
    progress.end()
    if options.json:
        print(json.dumps({name: {"verdict": answer.verdict, "why": answer.why} for name, answer in answers.items()}, indent=1))
    else:
        for name, answer in answers.items():
            print(f"{name}: {answer.verdict}: {answer.why}")
    codes = {EXIT_CODES[answer.verdict] for answer in answers.values()}
    return max(codes)


def main(arguments=None):
    """Runs the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("promptbound-cluster: %(message)s"))
    distributed.log.addHandler(handler)
    # Connections that Dask gives up on leave futures that nobody awaits; what matters of them is raised.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    work = {"verify": _verify, "sweep": _sweep, "audit": _audit, "memorize": _memorize}[options.command]
    try:
        for path in (getattr(options, name, None) for name in ("certificate", "checkpoint")):
            folder = os.path.dirname(os.path.abspath(path)) if path else os.curdir
            if not os.access(folder, os.W_OK):
                raise pb.InputError(f"{path}: cannot be written")
        dask = distributed.dask()
        try:
            client = dask.Client(options.scheduler)
        except (OSError, ValueError) as error:
            raise pb.InputError(f"--scheduler: no scheduler at {options.scheduler} (accepted: an address such as tcp://host:8786)") from error
        with client:
            return work(client, options, _Progress(options.quiet))
    except pb.InputError as error:
        print(f"promptbound-cluster: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
