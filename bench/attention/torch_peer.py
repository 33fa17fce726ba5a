"""Attention in PyTorch for PeerProcess: answers "n d threads fp32|fp64" with the wall seconds of one run.

PyTorch's own kernel from 2.1 on; before, two matrix products with a softmax between them on
blocks of 64 rows, spread over threads as for the peers in C++, which is the fastest here.
"""
import ctypes
import sys
import time
from concurrent.futures import ThreadPoolExecutor

try:
    import torch
except ImportError:
    sys.exit(0)  # without a first line: not installed

has_kernel = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 1)  # 2.0 has it without scale=
print("PyTorch", torch.__version__, flush=True)
torch.set_grad_enabled(False)
try:  # Debian's PyTorch multiplies with it, and set_num_threads does not reach it
    openblas = ctypes.CDLL("libblas.so.3")
    openblas.openblas_set_num_threads
except (OSError, AttributeError):
    openblas = None


def use_threads(count):
    torch.set_num_threads(count)
    if openblas is not None:
        openblas.openblas_set_num_threads(count)


def attend(blocks):
    use_threads(1)
    for rows in blocks:
        torch.softmax(rows @ k.T, dim=-1) @ v


last = None
for line in sys.stdin:
    if line != last:  # a new question: new arrays
        n, d, threads, name = line.split()
        n, d, threads, dtype = int(n), int(d), int(threads), torch.float32 if name == "fp32" else torch.float64
        use_threads(threads if has_kernel else 1)
        q, k, v = (torch.rand(n, d, dtype=dtype) * 2 - 1 for _ in range(3))
        pool = ThreadPoolExecutor(threads)
        last = line
    start = time.perf_counter()
    if has_kernel:
        torch.nn.functional.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None], scale=1 / d)
    else:
        blocks = torch.split(q / d, 64)
        list(pool.map(attend, [blocks[first::threads] for first in range(threads)]))
    seconds = time.perf_counter() - start
    time.sleep(0.02)  # its threads may wait busily for a while, which would slow the next contender down
    print(seconds, flush=True)
