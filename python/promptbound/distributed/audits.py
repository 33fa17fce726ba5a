"""Audits of models that one machine reads for hours: a layer a task."""

import functools
import os

from promptbound import _core
from promptbound.distributed.tasks import Run, log, require_same, result_of, write_whole
from promptbound.models import audit_with


@functools.lru_cache(maxsize=8)
def _identity(model, assume_inert, files):
    """What names the model's files; they are hashed once while they look the same."""
    return _core.audited(model, list(assume_inert))


def _seen(model):
    """Sizes and times of a folder's files."""
    return tuple(sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in os.scandir(model)))


def _layer(model, assume_inert, identity, layer):
    """One task: the norms of a layer's matrices."""
    found, _ = _identity(model, assume_inert, _seen(model))
    require_same(found, identity, f"the files of {model} are others there", "the driver's")
    return _core.layer_norms(model, list(assume_inert), layer)


def audit(client, model, prompt=None, *, assume_inert=(), checkpoint=None, progress=None, **options):
    """Audits a model folder and a prompt's; the norms of each layer are a task on the workers of a distributed.Client.

    model: a folder that every worker reads under the same name; workers whose files are others are refused by their SHA-256,
    which each takes once. What is sequential, the pass of the prompt through the layers and what is said of texts, is
    computed here. options: those of promptbound.audit (context, eta, Delta, eps, digits, threads, texts, radius). checkpoint:
    a file to go on from where it exists; it is written whole after every layer and stays until you remove it. progress: a
    function of (layers done, layers). Returns the Audit that promptbound.audit returns; its assumptions name a checkpoint
    that norms were taken from. Raises InputError for bad input and for a worker with another version or other files.
    """
    model, assume_inert = os.fspath(model), tuple(assume_inert)
    identity, layers = _core.audited(model, list(assume_inert))
    norms, source = {}, ""
    if checkpoint is not None and os.path.exists(checkpoint):
        with open(checkpoint, encoding="utf-8") as file:
            norms = dict(_core.audit_checkpoint_norms(file.read(), identity, layers, os.fspath(checkpoint)))
        source = os.fspath(checkpoint)
        log.warning("going on after %d of %d layers, whose norms %s says", len(norms), layers, source)
    of_source, run = len(norms), Run(client)
    missing = [layer for layer in range(layers) if layer not in norms]
    if progress is not None:
        progress(len(norms), layers)
    for layer, future in run.finished(missing, lambda layer: run.submit(_layer, str(layer), model, assume_inert, identity, layer)):
        norms[layer] = result_of(future, f"layer {layer}")
        if checkpoint is not None:
            write_whole(checkpoint, _core.audit_checkpoint(norms, identity) + "\n")
        if progress is not None:
            progress(len(norms), layers)
    run.begun(lambda layer: f"layer {layer}")
    return audit_with(norms, source, of_source, model, prompt, assume_inert=assume_inert, **options)
