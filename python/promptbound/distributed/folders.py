"""Folders of answers: what was finished stands there, each file whole, and a run goes on from it."""

import json
import os

from promptbound import _core
from promptbound.distributed.tasks import write_whole


def open_folder(path, kind, question):
    """Makes the folder, or takes one of the same question; KIND.json in it says which. InputError where it is of another."""
    path = os.fspath(path)
    manifest = os.path.join(path, f"{kind}.json")
    text = json.dumps({"schema": 1, "kind": kind, "version": _core.__version__, **question}, indent=1, sort_keys=True) + "\n"
    try:
        os.makedirs(path, exist_ok=True)
        if os.path.exists(manifest):
            with open(manifest, encoding="utf-8") as file:
                if file.read() != text:
                    raise _core.InputError(f"{path}: the folder of another {kind} or version (accepted: a new folder, or one of this {kind})")
        elif os.listdir(path):
            raise _core.InputError(f"{path}: holds something else (accepted: a new or empty folder, or one of this {kind})")
        else:
            write_whole(manifest, text)
    except OSError as error:
        raise _core.InputError(f"{path}: {error.strerror or error}") from None
    return path
