"""tests/models/data/tiny-gpt2 in torch: its files, its forward pass, and soft prompts as PEFT stores them.

Nothing here knows of promptbound's own reader or evaluation: what they say is compared with this.
"""

import json
import pathlib
import struct

import numpy
import torch

TYPES = {"F32": numpy.float32, "F16": numpy.float16}


def read_tensors(path):
    """The tensors of a .safetensors file by name: 8 bytes for the header's size, the header in JSON, the entries."""
    content = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = numpy.frombuffer(content[8 + size + first:8 + size + last], TYPES[entry["dtype"]])
        tensors[name] = torch.tensor(values.reshape(entry["shape"]))
    return tensors


def save_prompt(folder, prompt):
    """Writes an (m, w) tensor of float16 as a PEFT prompt-tuning adapter."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokens, width = prompt.shape
    config = {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "base_model_name_or_path": "tiny-gpt2",
              "num_virtual_tokens": tokens, "token_dim": width, "inference_mode": True}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    entries = prompt.numpy().astype("<f2").tobytes()
    header = json.dumps({"prompt_embeddings": {"dtype": "F16", "shape": [tokens, width], "data_offsets": [0, len(entries)]}}).encode()
    header += b" " * (-len(header) % 8)
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + entries)


def read_prompt(folder):
    """The (m, w) tensor of such an adapter."""
    return read_tensors(pathlib.Path(folder, "adapter_model.safetensors"))["prompt_embeddings"]


class TinyGpt2:
    """The model of a folder, its numbers as dtype: model(prompts, tokens) are logits."""

    def __init__(self, folder, dtype=torch.float64):
        self.config = json.loads(pathlib.Path(folder, "config.json").read_text(encoding="utf-8"))
        self.width, self.vocabulary = self.config["n_embd"], self.config["vocab_size"]
        self.tensors = {name.removeprefix("transformer."): tensor.to(dtype)
                        for name, tensor in read_tensors(pathlib.Path(folder, "model.safetensors")).items()}

    def embed(self, tokens):
        """The embeddings of token ids."""
        return self.tensors["wte.weight"][tokens]

    def __call__(self, prompts, tokens):
        """The logits of tokens[:, 0], tokens[:, 1], .. behind prompts (B, m, w), each given the tokens before it: (B, l, v)."""
        x = torch.cat([prompts, self.embed(tokens[:, :-1])], dim=1)
        length = x.shape[1]
        x = x + self.tensors["wpe.weight"][:length]
        hidden = torch.full((length, length), float("-inf"), dtype=x.dtype).triu(1)
        for layer in range(self.config["n_layer"]):
            x = x + self._attention(self._norm(x, f"h.{layer}.ln_1"), f"h.{layer}.attn", hidden)
            inner = torch.nn.functional.gelu(self._affine(self._norm(x, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc"), approximate="tanh")
            x = x + self._affine(inner, f"h.{layer}.mlp.c_proj")
        return self._norm(x, "ln_f")[:, prompts.shape[1] - 1:] @ self.tensors["wte.weight"].T

    def _attention(self, x, name, hidden):
        batch, length, width = x.shape
        heads = self.config["n_head"]
        query, key, value = (part.reshape(batch, length, heads, -1).transpose(1, 2) for part in self._affine(x, f"{name}.c_attn").split(width, dim=2))
        scores = query @ key.transpose(2, 3) / (width // heads) ** 0.5 + hidden
        return self._affine((scores.softmax(dim=3) @ value).transpose(1, 2).reshape(batch, length, width), f"{name}.c_proj")

    def _affine(self, x, name):
        return x @ self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def _norm(self, x, name):
        return torch.nn.functional.layer_norm(x, x.shape[-1:], self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"],
                                              self.config["layer_norm_epsilon"])


def margins(logits, tokens):
    """How far the logit of each token is above the largest of the others: (B, l)."""
    own = logits.gather(2, tokens[:, :, None])[:, :, 0]
    others = logits.scatter(2, tokens[:, :, None], float("-inf")).amax(dim=2)
    return own - others
