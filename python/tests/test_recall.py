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
