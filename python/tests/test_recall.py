"""Recall: the command's answers, and certificates that the separate checker accepts."""

import numpy
import pytest

import promptbound as pb


@pytest.fixture
def tiny(root):
    return root / "tests/models/data/tiny-gpt2", root / "tests/models/data/tiny-gpt2-prompt"


def greedy(model, prompt, length, start=()):
    """The model's own words: whatever token is asked for, the answer names the nearest other one."""
    said = []
    for _ in range(length):
        token = pb.recall(model, said + [0], prompt=prompt, start=start)["sequences"][0]["tokens"][-1]
        said.append(0 if token["verdict"] == "recalled" else token["rival"])
    return said


def test_the_model_s_own_words_are_recalled_and_certified(tiny):
    model, prompt = tiny
    said = greedy(model, prompt, 3)
    answer = pb.recall(model, said, prompt=prompt, certify=True, arithmetic="f32")
    assert answer.verdict in ("proved", "unknown")
    assert answer.sequences[0]["verdict"] == "recalled"
    assert [token["token"] for token in answer.sequences[0]["tokens"]] == said
    assert pb.check(answer.certificate, model=model, prompts=[prompt]).verdict == "accepted"
    assert pb.check(answer.certificate).verdict == "unknown"
    assert repr(answer) == "<recall: 1 of 1 sequences>"
    other = pb.recall(model, numpy.array([said, [(said[0] + 1) % 96, *said[1:]]]), prompts=[prompt], prompt_as="bf16")
    assert [row["verdict"] for row in other.sequences][1] == "not recalled"
    assert other.verdict == "refuted"


def test_drawn_sequences_are_drawn_once_and_for_all(tiny):
    model, prompt = tiny
    answer = pb.recall(model, drawn=(1, 2, 3), prompt=prompt)
    drawn = answer["drawn"]
    assert (drawn["seed"], drawn["count"], drawn["length"], drawn["recalled"], drawn["share_at_95"]) == (1, 2, 3, 0, None)
    # The same tokens, given: the same answer but for what is said of a draw.
    given = pb.recall(model, [[token["token"] for token in row["tokens"]] for row in answer.sequences], prompt=prompt)
    assert given["drawn"] is None
    assert given.sequences == answer.sequences
    first = answer.sequences[0]["tokens"][0]["rival"]  # what the prompt says
    seed = next(seed for seed in range(1000) if pb.recall(model, drawn=(seed, 1, 1), prompt=prompt).verdict == "proved")
    said = pb.recall(model, drawn=(seed, 1, 1), prompt=prompt)
    assert said.sequences[0]["tokens"][0]["token"] == first
    assert said["drawn"]["share_at_95"] == "0.05"
    for drawn in ((1, 2), (1, 0, 3), (1, -1, 3), (1, 2, 0.5)):
        with pytest.raises(pb.InputError, match="drawn"):
            pb.recall(model, drawn=drawn, prompt=prompt)
    with pytest.raises(pb.InputError, match="one of tokens and drawn"):
        pb.recall(model, [1], drawn=(1, 2, 3), prompt=prompt)


def test_what_cannot_be_asked_is_refused(tiny):
    model, prompt = tiny
    with pytest.raises(pb.InputError, match="accepted: 0 to 95"):
        pb.recall(model, [96], prompt=prompt)
    with pytest.raises(pb.InputError, match="whole numbers"):
        pb.recall(model, [1.5], prompt=prompt)
    with pytest.raises(pb.InputError, match="nothing stands before"):
        pb.recall(model, [1])
    with pytest.raises(pb.InputError, match="prompt_as"):
        pb.recall(model, [1], prompt=prompt, prompt_as="f4")
    with pytest.raises(pb.InputError, match="arithmetic"):
        pb.recall(model, [1], prompt=prompt, arithmetic="f16")
