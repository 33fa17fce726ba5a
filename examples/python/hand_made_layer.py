"""A hand-made layer: can some prompt make it give these outputs? Decided, with the prompt or why there is none."""
import numpy

import promptbound as pb

layer = pb.Transformer({"d": 2, "layers": [{"heads": [{"W_Q": numpy.eye(2), "W_K": numpy.eye(2), "W_V": numpy.eye(2)}]}]})

# One example: the second token is to come out as (3/4, 1).
possible = layer.memorize([{"tokens": [[0, 1], ["1/2", "1/2"]], "query": 1, "target": ["3/4", 1]}])
print(possible.verdict, "with", possible.prompt)

# Two examples that share the query and ask for the same output: no prompt of any length does it.
pair = pb.construct("impossible-pair", model=layer)
impossible = layer.memorize(pair.content)
print(impossible.verdict, "-", impossible.why)
print("certificate:", pb.check(impossible.certificate).verdict)
assert impossible.verdict == "impossible"
