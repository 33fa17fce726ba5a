#!/usr/bin/env python3
"""Soft prompt against LoRA with as many trainable numbers, on one attention layer with a feed-forward block; writes lora.csv.

Two kinds of data, for layers x + attention, then y + W_2 relu(W_1 y + b_1), that stay frozen:

- made for LoRA (theory 5.5): a rank-one update of W_1 gives every target, and no prompt of fewer than N tokens does;
- random: N examples of two tokens that share their query, random targets. Every prompt of any length leaves an error that
  promptbound.memorize bounds from below (theory 2.3).

Prompt and update of W_1 are trained with Adam from STARTS starts; the best by its largest error is kept. That error is then enclosed by
promptbound, of exactly the numbers that were found, and a prompt's must not be below the floor.
"""

import math
from fractions import Fraction

import torch

import promptbound as pb
from csv_tables import to_digits, write

STARTS, STEPS, RATE = 32, 3000, 0.1


def made_for_lora(count):
    """The layer, the examples and the update of theory 5.5."""
    content = pb.construct("prompt-versus-lora", N=count).content
    update = tensor([content["update"]["u"]]).T @ tensor([content["update"]["v"]])
    return {"d": content["d"], "layers": content["layers"]}, content["examples"], update


def random_data(count, generator, d=4, hidden=8):
    """A layer whose block is a contraction, so that the floor is felt behind it, and examples that share a query."""
    def entries(rows, columns, size):
        return (torch.randint(-64, 65, (rows, columns), generator=generator) * size / 64).double().tolist()

    identity = torch.eye(d).double().tolist()
    head = {"W_Q": entries(d, d, 1), "W_K": identity, "W_V": identity}
    block = {"W_1": entries(hidden, d, 1 / 16), "b_1": entries(1, hidden, 1 / 4)[0], "W_2": entries(d, hidden, 1 / 4), "b_2": [0.0] * d}
    query = entries(1, d, 1)[0]
    examples = [{"tokens": [entries(1, d, 1)[0], query], "query": 1, "target": entries(1, d, 1)[0]} for _ in range(count)]
    return {"d": d, "layers": [{"heads": [head], "ffn": block}]}, examples, None


def tensor(rows):
    return torch.tensor([[float(Fraction(entry)) for entry in row] for row in rows], dtype=torch.float64)


class Layer:
    """The layer in torch; prompts (S, m, d) and updates (S, h, d) of W_1 have a row a start."""

    def __init__(self, model, examples):
        head, block = model["layers"][0]["heads"][0], model["layers"][0]["ffn"]
        self.scores = tensor(head["W_K"]).T @ tensor(head["W_Q"])
        self.values = tensor(head["W_V"])
        self.first, self.second = tensor(block["W_1"]), tensor(block["W_2"])
        self.first_bias, self.second_bias = tensor([block["b_1"]])[0], tensor([block["b_2"]])[0]
        self.tokens = torch.stack([tensor(example["tokens"]) for example in examples])
        self.queries = torch.stack([tokens[example["query"]] for tokens, example in zip(self.tokens, examples)])
        self.targets = tensor([example["target"] for example in examples])

    def errors(self, prompts, updates):
        """Output minus target: (S, N, d)."""
        starts = len(prompts)
        seen = torch.cat([prompts[:, None].expand(-1, len(self.tokens), -1, -1), self.tokens.expand(starts, -1, -1, -1)], dim=2)
        weights = torch.einsum("sntd,de,ne->snt", seen, self.scores, self.queries).softmax(dim=2)
        y = self.queries + torch.einsum("snt,sntd->snd", weights, seen) @ self.values.T
        inner = torch.relu(torch.einsum("snd,shd->snh", y, self.first + updates) + self.first_bias)
        return y + inner @ self.second.T + self.second_bias - self.targets


def descend(layer, parameters, parts):
    """The best start's (prompt, update). parts turns parameters into prompts and updates."""
    for parameter in parameters:
        parameter.requires_grad_()
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.003 ** (step / STEPS))
    least, best = math.inf, None
    for _ in range(STEPS):
        prompts, updates = parts(*parameters)
        errors = layer.errors(prompts, updates)
        largest, start = errors.detach().abs().amax(dim=(1, 2)).min(dim=0)
        if largest < least:
            least, best = largest.item(), (prompts[start].detach().clone(), updates[start].detach().clone())
        optimizer.zero_grad()
        errors.square().sum().backward()
        optimizer.step()
        schedule.step()
    return best


def trained(layer, method, size, generator):
    """A prompt of size tokens, or an update of rank size: (prompt, update, trainable numbers)."""
    hidden, d = layer.first.shape

    def start(*shape):
        # Of sizes from 1/4 to 32: from small updates the units of 5.5's block all stay off, and no gradient leads away.
        sizes = 2.0 ** (torch.arange(STARTS, dtype=torch.float64) % 8 - 2)
        return torch.randn(STARTS, *shape, generator=generator, dtype=torch.float64) * sizes.reshape(-1, *[1] * len(shape))

    if method == "prompt":
        prompt, update = descend(layer, [start(size, d)], lambda prompts: (prompts, torch.zeros(STARTS, hidden, d, dtype=torch.float64)))
        return prompt, update, size * d
    nothing = torch.zeros(STARTS, 0, d, dtype=torch.float64)
    prompt, update = descend(layer, [start(hidden, size), start(size, d)], lambda left, right: (nothing, left @ right))
    return prompt, update, size * (hidden + d)


def enclosed_error(model, examples, prompt, update):
    """Exact bounds of the largest error of the layer with this prompt and this update of W_1, as promptbound evaluates it."""
    block = model["layers"][0]["ffn"]
    first = [[Fraction(old) + Fraction(new) for old, new in zip(*rows)] for rows in zip(block["W_1"], update.tolist())]
    changed = {**model, "layers": [{**model["layers"][0], "ffn": {**block, "W_1": first}}]}
    transformer = pb.Transformer(changed, prompt=[[Fraction(entry) for entry in token] for token in prompt.tolist()] or None)
    ends = []
    for example in examples:
        output = transformer.run(example["tokens"])[example["query"]]
        for entry, target in zip(output, map(Fraction, example["target"])):
            low, high = entry.lower - target, entry.upper - target
            ends.append((max(low, -high, 0), max(high, -low)))
    return max(low for low, _ in ends), max(high for _, high in ends)


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    rows = []
    for data, counts in (("made for LoRA", (2, 4, 6)), ("random", (2, 4, 8))):
        for count in counts:
            model, examples, exact = made_for_lora(count) if data == "made for LoRA" else random_data(count, generator)
            known = pb.memorize(pb.Transformer(model), examples)
            floor = known.least_error[0]
            layer = Layer(model, examples)

            def note(method, size, prompt, update, numbers):
                low, high = enclosed_error(model, examples, prompt, update)
                assert method != "prompt" or low >= floor
                rows.append({"data": data, "examples": count, "width": model["d"], "method": method, "tokens_or_rank": size,
                             "trainable_numbers": numbers, "error_lower": to_digits(low, math.floor), "error_upper": to_digits(high, math.ceil),
                             "floor_of_all_prompts": to_digits(floor, math.floor), "exact_fit_needs_tokens": known.rank_lower})
                print(", ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)

            if exact is not None:
                note("update of 5.5", 1, torch.zeros(0, model["d"]), exact, sum(exact.shape))
            # m d = r (h + d) in each pair: 2 N m = 3 N r, and 4 m = 12 r.
            for tokens, rank in ((3, 2), (6, 4)) if data == "made for LoRA" else ((3, 1), (6, 2), (12, 4)):
                prompt, update, numbers = trained(layer, "prompt", tokens, generator)
                note("prompt", tokens, prompt, update, numbers)
                prompt, update, same = trained(layer, "LoRA", rank, generator)
                assert same == numbers
                note("LoRA", rank, prompt, update, numbers)
    write("lora.csv", rows)


if __name__ == "__main__":
    main()
