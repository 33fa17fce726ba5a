import json
import subprocess
from fractions import Fraction

import numpy
import pytest

import promptbound as pb

EPS = Fraction(1, 10)

# Three functions that no name stands for, with Lipschitz constants in the max norm: d, L, C, the function.
OWN = [
    (2, 1, 2, lambda x: [[(1 + pb.sin(2 * x[0][0] + x[1][0])) / 2], [pb.exp(-(x[0][0] - Fraction(1, 2)) ** 2 - x[1][0])]]),
    (1, 2, 1, lambda x: [[pb.sqrt(Fraction(1, 4) + x[0][0] * x[0][1] / 2), pb.tanh(x[0][0] + x[0][1]) / 2]]),
    (2, 1, 3, lambda x: [[abs(x[0][0] - x[1][0]) / (1 + x[0][0])], [numpy.log(1 + pb.minimum(x[0][0], x[1][0]))]]),
]


@pytest.mark.parametrize("d, L, C, target", OWN)
def test_a_function_of_one_s_own_is_proved_with_an_accepted_certificate(d, L, C, target, tmp_path):
    built = pb.construct("lookup-transformer", d=d, L=L, C=C, eps=EPS, alpha="inf", target=target)
    assert ("assumed", "the target expression is C-Lipschitz in the alpha-norm on the cube, with values in [0,1]") in built.claim.assumptions
    answer = pb.verify(built.model, target, EPS, threads=2)
    assert answer.verdict == "proved" and answer.proved and answer.lower <= answer.upper <= EPS
    assert "x[0,0]" in answer.target
    report = pb.check(answer.certificate())
    assert report.accepted and "boxes that cover" in report.statement, report
    # The recorded text is a target for the command and the package alike.
    again = pb.verify(built.model, answer.target, EPS, threads=1)
    assert again.certificate() == answer.certificate()
    path = tmp_path / "proof.json"
    answer.save_certificate(path)
    assert pb.check(path).accepted


def test_a_wrong_claim_is_refuted_with_a_witness():
    d, L, C, target = OWN[0]
    model = pb.construct("lookup-transformer", d=d, L=L, C=C, eps=EPS, alpha="inf", target=target).model
    other = lambda x: [[(1 + pb.sin(2 * x[0][0])) / 2], [pb.exp(-(x[0][0] - Fraction(1, 2)) ** 2 - x[1][0])]]
    answer = pb.verify(model, other, EPS)
    assert answer.refuted and answer.lower > EPS
    # The witness, by the model's own output.
    (point,) = answer.witness
    (output,) = model.run(answer.witness)
    expected = (1 + numpy.sin(2 * float(point[0]))) / 2
    assert abs(float(output[0]) - expected) > float(EPS)
    assert pb.check(answer.certificate()).accepted
    spoilt = json.loads(answer.certificate())
    spoilt["witness"][0][0] = "1/2"
    assert not pb.check(spoilt).accepted


def test_the_network_of_5_9_is_proved_by_its_cells():
    model = pb.construct("packed-lookup", d=1, L=2, eps="2/5", alpha="inf", P=6, target="reversal").model
    answer = pb.verify(model, "reversal", "2/5")
    assert answer.proved and answer.lower <= answer.upper <= Fraction(2, 5)
    assert any("proof on paper (theory 5.9)" in line for line in answer.proof)
    certificate = json.loads(answer.certificate())
    assert "packed" in certificate and pb.check(certificate).accepted
    altered = model.to_dict()
    altered["layers"][4]["ffn"]["W_2"][3][0] = "1/3"
    assert pb.verify(pb.Transformer(altered), "reversal", "2/5", boxes=1).verdict == "unknown"
    refuted = pb.verify(model, "identity", "1/10")
    assert refuted.refuted and not any("5.9" in line for line in refuted.proof)


def test_names_and_open_ends():
    model = pb.construct("lookup-transformer", d=1, L=2, eps="1/4", alpha="inf", target="reversal").model
    calls = []
    answer = pb.verify(model, "reversal", "1/4", progress=lambda *state: calls.append(state))
    assert answer.proved and answer.target == "" and "proved" in str(answer) and answer.to_dict()["verdict"] == "proved"
    unknown = pb.verify(model, "reversal", "1/1000", boxes=10)
    assert unknown.verdict in ("unknown", "refuted")
    with pytest.raises(pb.InputError, match="target-expression, character"):
        pb.verify(model, "reversed", "1/4")
    with pytest.raises(pb.InputError, match="accepted: identity"):
        pb.verify(model, 7, "1/4")
    with pytest.raises(pb.InputError, match="alpha"):
        pb.verify(model, "reversal", "1/4", alpha="1/2")
    with pytest.raises(pb.InputError, match="eps"):
        pb.verify(model, "reversal", -1)


def test_an_open_verdict_has_no_certificate():
    model = pb.construct("lookup-transformer", d=1, L=2, eps="1/4", alpha="inf", target="reversal").model
    answer = pb.verify(model, "min(max(log(x[0,0]-1),0),1)", "1/2", boxes=100)
    assert answer.verdict == "unknown" and answer.upper is None
    with pytest.raises(pb.InputError, match="certificate"):
        answer.certificate()


def test_the_mean_error():
    model = pb.construct("lookup-transformer", d=2, L=1, eps="1/10", alpha=2, target="identity").model
    answer = pb.mean_error(model, "identity", "1/10", alpha=2, ratio=1)
    assert answer.verdict == "proved" and Fraction(0) <= answer.d_alpha.lower <= answer.d_alpha.upper <= EPS
