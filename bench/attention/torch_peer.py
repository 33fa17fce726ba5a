"""Scaled dot-product attention in PyTorch, if it is installed: GF/s at 4 n^2 d operations, medians of 5."""
import statistics
import sys
import time

try:
    import torch
except ImportError:
    print("PyTorch: not installed, not measured")
    sys.exit(0)

for n in map(int, sys.argv[1:] or ["4096", "16384"]):
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for dtype in (torch.float32, torch.float64):
            for d in (8, 16, 64):
                q, k, v = (torch.rand(n, d, dtype=dtype) * 2 - 1 for _ in range(3))
                seconds = []
                for _ in range(6):
                    start = time.perf_counter()
                    for rows in torch.split(q, 512):
                        torch.softmax(rows @ k.T / d, dim=-1) @ v
                    seconds.append(time.perf_counter() - start)
                rate = 4 * n * n * d / statistics.median(seconds[1:]) * 1e-9
                print(f"PyTorch {torch.__version__}  {dtype}  n {n}  d {d}  threads {threads}  {rate:.1f} GF/s")
