"""Attention with a soft prompt on NumPy arrays: every entry's error is certified; set against torch where it is installed."""
import numpy

import promptbound as pb

heads, n, m, d = 4, 256, 20, 64
random = numpy.random.default_rng(0)
q, k, v = (random.standard_normal((heads, n, d), dtype=numpy.float32) for _ in range(3))
prompt_k, prompt_v = (random.standard_normal((heads, m, d), dtype=numpy.float32) for _ in range(2))

result = pb.attention(q, k, v, scale="1/8", prompt_k=prompt_k, prompt_v=prompt_v, rounding="running", threads=2)
print(result)
assert result.error_bound < 1e-4

try:
    import torch
except ImportError:
    print("torch is not installed: not compared")
else:
    keys, values = (torch.cat([torch.from_numpy(a), torch.from_numpy(b)], dim=1) for a, b in ((prompt_k, k), (prompt_v, v)))
    other = torch.nn.functional.scaled_dot_product_attention(torch.from_numpy(q), keys, values, scale=1 / 8).numpy()
    print("torch is within", numpy.abs(other - result.output).max() + result.error_bound, "of the exact result")
