#!/usr/bin/env python3
"""Sets what was trained beside the bounds: reads prompts.csv and lora.csv, writes bounds.csv, recalled-bits.svg and lora.svg.

Needs promptbound and matplotlib, no torch. A row of bounds.csv is a task of drawn sequences: what theory 2.7 and 2.8 and the
published form say of prompts of that many tokens, at the width, bits an entry and vocabulary of the prompts that were trained.
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import promptbound as pb
from csv_tables import HERE, read, write

WIDTH, VOCABULARY, BITS = 64, 96, 16
PAYLOAD = 53  # of 64 entries of a token, where 2.8's transformer needs 11 for itself
NOTHING = 1e-3  # where an error of 0 stands on a logarithmic axis
INK = {"fontsize": 9, "color": "black"}


def bits_of(length):
    """length log2 VOCABULARY, rounded down to thousandths."""
    return ((VOCABULARY ** (1000 * length)).bit_length() - 1) / 1000


def share(draws):
    """(1/20)^(1/draws), rounded down to thousandths: theory 3.5's share at confidence 95%."""
    return max(k for k in range(1000) if 20 * k**draws <= 1000**draws) / 1000


def stored_bits(tokens):
    return int(pb.evaluate("memory-bits", m=tokens, w=WIDTH, b=BITS).bits)


def constructed_bits(tokens):
    """Bits that 2.8's transformer reads from that many tokens of the same width: labels of the same vocabulary."""
    labels = int(pb.solve("packed-memory", for_="N", m=tokens, K=VOCABULARY, b=BITS, P=PAYLOAD).N)
    reached = pb.evaluate("packed-memory", N=labels, K=VOCABULARY, b=BITS, P=PAYLOAD)
    assert reached.tokens == tokens and reached.width == WIDTH
    return bits_of(labels)


def bounds(prompts):
    """A row a task of drawn sequences."""
    tasks = {}
    for row in prompts:
        if row["kind"] == "drawn":
            tasks.setdefault((int(row["tokens"]), int(row["length"])), []).append(row["verdict"])
    for (tokens, length), verdicts in tasks.items():
        said = verdicts.count("recalled")
        accessible = pb.evaluate("accessible-length", m=tokens, w=WIDTH, v=VOCABULARY, b=BITS)
        published = pb.evaluate("accessible-length-published", w=WIDTH, v=VOCABULARY)
        yield {"tokens": tokens, "length": length, "draws": len(verdicts), "recalled": said,
               "share_recallable_at_95_percent": share(len(verdicts)) if said == len(verdicts) else "",
               "bits_of_each": bits_of(length), "bits_stored_2.7": stored_bits(tokens), "accessible_length_2.7": int(accessible.longest),
               "accessible_length_published": f"{tokens * float(published.slope.lower):.1f}",
               "tokens_of_2.8_for_this_length": int(pb.evaluate("packed-memory", N=length, K=VOCABULARY, b=BITS, P=PAYLOAD).tokens),
               "bits_of_2.8_with_these_tokens": constructed_bits(tokens)}


def draw_recalled(rows, path):
    """Bits of drawn sequences, recalled or not, against prompt tokens, below the lines of 2.7 and 2.8."""
    figure, axes = plt.subplots(figsize=(7.2, 5.2))
    lengths = sorted({row["tokens"] for row in rows})
    axes.plot(lengths, [stored_bits(m) for m in lengths], "-", color="black", lw=2)
    axes.plot(lengths, [constructed_bits(m) for m in lengths], "--", color="black", lw=1.4)
    axes.text(0.95, 9000, "certified upper bound (2.7): the bits stored", **INK)
    axes.text(4.4, 1500, "reached by a transformer built for it (2.8)", **INK)
    for row in rows:
        every = row["recalled"] == row["draws"]
        axes.plot(row["tokens"], row["bits_of_each"], "o", ms=8, mec="black", mfc="black" if every else "white")
        axes.annotate(f"{row['recalled']} of {row['draws']}", (row["tokens"], row["bits_of_each"]), xytext=(8, 0), textcoords="offset points", va="center", **INK)
    draws = rows[0]["draws"]
    filled, = axes.plot([], [], "o", ms=8, color="black")
    hollow, = axes.plot([], [], "o", ms=8, mec="black", mfc="white")
    axes.legend([filled, hollow], [f"trained, all {draws} drawn sequences certified as recalled:\nat least {share(draws):.1%} of all sequences of that length are\nrecallable, at confidence 95% (each point by itself)",
                                   "trained, not all recalled: no statement"], loc="lower right", fontsize=8.5, frameon=False, handletextpad=0.6)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=10)
    axes.set_xticks(lengths, [str(m) for m in lengths])
    axes.set_xlim(0.85, 26)
    axes.set_ylim(2, 40000)
    axes.set_xlabel("prompt tokens m (width 64, 16 bits an entry)")
    axes.set_ylabel("bits of a sequence: its length times log2 of the vocabulary, 96")
    axes.set_title("What prompts of a trained model recall, and what they could hold", fontsize=11)
    save(figure, axes, path)


def draw_lora(rows, path):
    """The best error that descent finds against the trainable numbers, a panel a data set."""
    panels = list(dict.fromkeys((row["data"], row["examples"]) for row in rows))
    figure, grid = plt.subplots(2, (len(panels) + 1) // 2, figsize=(9, 5.6), sharey="row")
    for axes, (data, examples) in zip(grid.flat, panels):
        own = [row for row in rows if (row["data"], row["examples"]) == (data, examples)]
        for method, style in (("prompt", "ko-"), ("LoRA", "ks--")):
            points = [(int(row["trainable_numbers"]), float(row["error_upper"])) for row in own if row["method"] == method]
            axes.plot(*zip(*points), style, mfc="black" if method == "prompt" else "white", label={"prompt": "soft prompt", "LoRA": "update of W1 (LoRA)"}[method])
        built = [row for row in own if row["method"] == "update of 5.5"]
        for row in built:
            axes.plot(int(row["trainable_numbers"]), NOTHING, "k*", ms=11, label="the update that 5.5 writes down, error 0")
        floor = float(own[0]["floor_of_all_prompts"])
        if floor > 0:
            axes.axhline(floor, color="gray", lw=3, label="floor of every prompt (certified)")
        if built:
            axes.set_yscale("log")
            axes.set_ylim(NOTHING / 3, 200)
        else:
            axes.set_ylim(0, 2.2)
        axes.set_xticks(sorted({int(row["trainable_numbers"]) for row in own}))
        axes.set_title(f"{data}, {examples} examples" + ("" if floor > 0 else f":\nan exact prompt has ≥ {own[0]['exact_fit_needs_tokens']} tokens"), fontsize=9.5)
        bare(axes)
    for axes in grid[-1]:
        axes.set_xlabel("trainable numbers")
    for axes in grid[:, 0]:
        axes.set_ylabel("largest error found")
    entries = {label: handle for axes in grid.flat for handle, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(entries.values(), entries.keys(), loc="lower center", ncol=len(entries), frameon=False, fontsize=8.5)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    store(figure, path)


def bare(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", color="0.9")
    axes.set_axisbelow(True)


def save(figure, axes, path):
    bare(axes)
    figure.tight_layout()
    store(figure, path)


def store(figure, path):
    # Without dates and random names, so that the same rows give the same file.
    with matplotlib.rc_context({"svg.hashsalt": "promptbound"}):
        figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main():
    rows = list(bounds(read("prompts.csv")))
    write("bounds.csv", rows)
    draw_recalled(rows, HERE / "recalled-bits.svg")
    draw_lora(read("lora.csv"), HERE / "lora.svg")


if __name__ == "__main__":
    main()
