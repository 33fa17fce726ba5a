"""Files of random models to time commands on: .safetensors files of any size, written tensor by tensor."""
import json
import math
import struct

BYTES = {"F32": 4, "BF16": 2}


def write_tensors(path, dtype, shapes, content):
    """Writes the tensors of these names and shapes; content(name, shape) gives the bytes of one, asked in their order."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = BYTES[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes.items():
            file.write(content(name, shape))
