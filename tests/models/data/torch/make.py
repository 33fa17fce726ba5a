#!/usr/bin/env python3
"""Writes tensors as torch.save does (zip format, pickle protocol 2), without torch.

    make.py FOLDER

The files of this folder: prompt/adapter_model.bin, a dictionary with prompt_embeddings (5 x 16, float32), the numbers
(7 i mod 41)/64 - 1/4; state.bin, an OrderedDict with its _metadata, a Parameter, tensors of every element type, one that
begins inside its storage, one without elements and a scalar.
"""
import pathlib
import struct
import sys
import zipfile

SIZES = {"Double": "d", "Float": "f", "Half": "e", "Long": "q", "Int": "i", "Short": "h", "Char": "b", "Byte": "B", "Bool": "?"}


class Pickle:
    """The instructions, with the memo that Python's pickler keeps: every text, tuple and name is put once."""

    def __init__(self):
        self.bytes, self.memo, self.storages = b"\x80\x02", {}, []

    def put(self):
        number = len(self.memo)
        self.memo[number] = None
        self.bytes += b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<I", number)

    def text(self, value):
        data = value.encode()
        self.bytes += b"X" + struct.pack("<I", len(data)) + data
        self.put()

    def name(self, module, name):
        self.bytes += b"c" + module.encode() + b"\n" + name.encode() + b"\n"
        self.put()

    def number(self, value):
        if value < 256:
            self.bytes += b"K" + bytes([value])
        elif value < 65536:
            self.bytes += b"M" + struct.pack("<H", value)
        else:
            self.bytes += b"J" + struct.pack("<i", value)

    def tuple(self, values):
        if not values:
            self.bytes += b")"
            return
        if len(values) > 3:
            self.bytes += b"("
        for value in values:
            self.number(value)
        self.bytes += {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(values), b"t")
        self.put()

    def ordered(self):
        self.name("collections", "OrderedDict")
        self.bytes += b")R"
        self.put()

    def tensor(self, kind, numbers, shape, offset=0):
        count = 1
        strides = []
        for side in reversed(shape):
            strides.insert(0, count)
            count *= side
        self.name("torch._utils", "_rebuild_tensor_v2")
        self.bytes += b"(("
        self.text("storage")
        self.name("torch", kind + "Storage")
        self.text(str(len(self.storages)))
        self.text("cpu")
        self.number(len(numbers))
        self.bytes += b"t"
        self.put()
        self.bytes += b"Q"
        self.number(offset)
        self.tuple(shape)
        self.tuple(strides)
        self.bytes += b"\x89"
        self.ordered()
        self.bytes += b"t"
        self.put()
        self.bytes += b"R"
        self.put()
        if kind == "BFloat16":
            data = b"".join(struct.pack("<f", x)[2:] for x in numbers)
        else:
            data = struct.pack(f"<{len(numbers)}{SIZES[kind]}", *numbers)
        self.storages.append(data)


def write(path, pickle, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        def add(member, data):
            archive.writestr(zipfile.ZipInfo(f"{name}/{member}", (1980, 1, 1, 0, 0, 0)), data)
        add("data.pkl", pickle.bytes + b".")
        add("byteorder", b"little")
        for key, data in enumerate(pickle.storages):
            add(f"data/{key}", data)
        add("version", b"3\n")
        add(".data/serialization_id", b"0" * 40)


def main():
    folder = pathlib.Path(sys.argv[1])
    prompt = Pickle()
    prompt.bytes += b"}"
    prompt.put()
    prompt.text("prompt_embeddings")
    prompt.tensor("Float", [(7 * i % 41) / 64 - 1 / 4 for i in range(80)], (5, 16))
    prompt.bytes += b"s"
    write(folder / "prompt/adapter_model.bin", prompt, "adapter_model")

    state = Pickle()
    state.ordered()
    state.bytes += b"("
    for kind in ["Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte"]:
        state.text("of." + kind)
        state.tensor(kind, [1, 2, 3, 4, 5, 6], (2, 3))
    state.text("of.Bool")
    state.tensor("Bool", [True, False], (2,))
    state.text("inner")
    state.tensor("Float", [0.5 * i for i in range(10)], (2, 2, 1), offset=3)
    state.text("empty")
    state.tensor("Float", [], (0, 4))
    state.text("scalar")
    state.tensor("Float", [2.5], ())
    state.text("parameter")
    state.name("torch._utils", "_rebuild_parameter")
    state.tensor("Half", [0.25, -0.25], (2,))
    state.bytes += b"\x88"
    state.ordered()
    state.bytes += b"\x87"
    state.put()
    state.bytes += b"R"
    state.put()
    state.bytes += b"u}"
    state.put()
    state.text("_metadata")
    state.ordered()
    state.text("")
    state.bytes += b"}"
    state.put()
    state.text("version")
    state.number(1)
    state.bytes += b"sssb"
    write(folder / "state.bin", state, "archive")


main()
