import json
import math
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction

import pytest

import promptbound as pb


def test_the_bracket_at_the_readme_s_point():
    found = pb.bounds(d=2, L=2, eps="1/10", alpha="inf")
    necessary, sufficient = found.necessary_at_equal_width, found.sufficient
    assert necessary.width == sufficient.width == 88
    assert (necessary.tokens, sufficient.tokens) == (2, 21)
    assert found.necessary.width == 2 and found.necessary.tokens == -(-4 * 5**4 // 32)
    assert found.no_necessary is None and found.no_sufficient is None
    assert "2 <= m <= 21" in str(found) and "2 &lt;= m &lt;= 21" in found._repr_html_()
    assert found.by_id("lookup-upper").tokens == 1296 and found.by_id("packed-upper").tokens == 21
    assert {result.id for result in found} >= {"entropy-bits", "lookup-upper", "quantized-capacity"}
    with pytest.raises(KeyError):
        found.by_id("nothing")


def test_the_bracket_for_memory():
    found = pb.bounds(N=10**6, K=10, P=768)
    memory = found.memory
    assert memory.necessary_at_equal_width.width == memory.sufficient.width == found.sufficient.width == 768 + 1 + 1 + 6 + 3
    assert memory.sufficient.tokens == -(-10**6 // (768 * 4))
    assert memory.necessary_at_equal_width.tokens == math.ceil(10**6 * math.log2(10) / (779 * 16))
    assert memory.bits == (math.ceil(10**6 * math.log2(10)), memory.sufficient.tokens * 779 * 16)
    assert memory.limit_factor == 1 and memory.no_sufficient is None
    assert memory.necessary.result.id == "memory-bits" and memory.sufficient.result.id == "packed-memory"
    assert "reach all labellings of N = 1000000 inputs by K = 10 labels" in str(found)
    both = pb.bounds(d=2, L=2, eps="1/10", alpha="inf", N=1000)
    assert both.sufficient.tokens == 21 and both.memory.sufficient.result.id == "packed-memory"
    assert pb.bounds(d=2, L=2, eps="1/10").memory is None


def test_a_missing_end_says_why():
    found = pb.bounds(d=1, L=1, eps="2")
    assert found.necessary is None and "entropy-bits" in found.no_necessary


def test_the_outputs_agree_with_the_reference(root):
    entries = json.loads((root / "tests/reference/bounds.json").read_text())["prompt_length"]
    for entry in entries:
        for id, used in (("entropy-bits", "d L eps C alpha b w"), ("entropy-lipschitz", "d L eps C alpha w R Lambda")):
            expected = entry[id.replace("-", "_")]
            result = pb.evaluate(id, **{name: entry["inputs"][name] for name in used.split()})
            assert result.applicable == expected["applicable"], entry["inputs"]
            if not result.applicable:
                continue
            assert (result.k, result.tokens) == (int(expected["k"]), int(expected["tokens"]))
            if "value" in expected:
                value = Fraction(expected["value"])
                assert abs(result["value"].lower - value) < value / 10**35 and abs(result["value"].upper - value) < value / 10**35
    assert len(entries) > 5


def test_attributes_items_and_words():
    result = pb.evaluate("entropy-bits", d=2, L=2, eps="1/10")
    assert result.tokens == result["tokens"] == result.value == result.outputs["tokens"]
    assert result.main == "tokens" and "tokens" in dir(result)
    assert result.id == "entropy-bits" and result.kind == "necessary" and result.theory == "1.2" and result.source.startswith("own")
    assert result.applicable and not result.undecided and result.reason == ""
    assert "b" in result.defaults and "d" not in result.defaults
    assert all(status in ("holds", "assumed", "violated") for status, _ in result.assumptions)
    assert any("Coq" in line or "paper" in line for line in result.proof)
    assert "entropy-bits" in repr(result) and "tokens = " in str(result)
    with pytest.raises(AttributeError, match="accepted: "):
        result.nothing
    with pytest.raises(KeyError):
        result["nothing"]


def test_what_does_not_apply_says_why_and_gives_no_number():
    result = pb.evaluate("entropy-bits", d=2, L=2, eps=2)
    assert not result.applicable and result.outputs == {} and result.reason
    for get in (lambda: result.tokens, lambda: result["tokens"], lambda: result.value):
        with pytest.raises(pb.NotApplicable, match="entropy-bits: not applicable"):
            get()
    assert isinstance(pb.NotApplicable("x"), ValueError)
    assert "not applicable" in repr(result) and "not applicable" in result._repr_html_()


@pytest.mark.parametrize("call, sentence", [
    (lambda: pb.evaluate("entropy-bit", d=1), "did you mean entropy-bits"),
    (lambda: pb.evaluate("entropy-bits", d=2, L=2), "entropy-bits needs --eps"),
    (lambda: pb.evaluate("entropy-bits", d=0, L=2, eps=1), "--d '0' is not accepted: d is"),
    (lambda: pb.evaluate("entropy-bits", d=2, L=2, eps=1, Lambda=3), "entropy-bits does not use Lambda"),
    (lambda: pb.evaluate("entropy-bits", d=2, L=2, epz=1), "did you mean eps"),
    (lambda: pb.evaluate("entropy-bits", d=2, L=2, eps=1, digits=0), "digits"),
    (lambda: pb.solve("lookup-upper", for_="b", d=1, L=1), "lookup-upper can be solved for"),
    (lambda: pb.sweep("entropy-bits", d=[], L=2, eps=1), "d: no values"),
    (lambda: pb.sweep("entropy-bits", d="8:1", L=2, eps=1), "the range is empty"),
    (lambda: pb.sweep("entropy-bits", d=range(1, 10000), L=range(1, 10000), eps=1), "more than 10000000 points"),
    (lambda: pb.sweep("entropy-bits", d=1, L=2, eps=1, threads=-1), "threads"),
    (lambda: pb.bounds(d=2, L=2), "bounds needs --eps"),
])
def test_errors_are_the_command_s_sentences(call, sentence):
    with pytest.raises(pb.InputError, match=sentence.replace("(", r"\(")):
        call()
    with pytest.raises(ValueError):
        call()


def test_backwards_is_the_inverse_of_forwards():
    eps = pb.solve("entropy-bits", for_="eps", d=2, L=2, m=8, alpha="inf").value
    lower = eps.lower if isinstance(eps, pb.Interval) else Fraction(eps)
    assert pb.evaluate("entropy-bits", d=2, L=2, eps=lower * Fraction(99, 100), alpha="inf").tokens > 8


def test_a_sweep_is_its_points_in_order():
    table = pb.sweep("entropy-bits", d=range(1, 4), L=2, eps=["1/10", "1/20"], threads=2)
    assert len(table) == 6 and table.varying() == ["d", "eps"]
    for result, (d, eps) in zip(table, [(d, eps) for d in range(1, 4) for eps in ("1/10", "1/20")]):
        assert result.inputs["d"] == d and result.inputs["eps"] == Fraction(eps)
        assert result.tokens == pb.evaluate("entropy-bits", d=d, L=2, eps=eps).tokens
    assert table[1:3].values() == [table[1].tokens, table[2].tokens]
    assert [r.tokens for r in pb.sweep("entropy-bits", d="1:3", L=2, eps="1/10,1/20", threads=1)] == table.values()
    backwards = pb.sweep("entropy-bits", for_="eps", d=1, L=[1, 2], m=4)
    assert len(backwards) == 2 and backwards[0].main == "eps"


def test_progress_is_told_and_its_exceptions_end_the_sweep():
    calls = []
    pb.sweep("entropy-lipschitz", d=range(1, 9), L=range(1, 9), eps=["1/10", "1/37", "1/100"], R=1, Lambda=[1, 2, 3], threads=1,
             progress=lambda done, total: calls.append((done, total)))
    assert all(0 <= done <= total == 576 for done, total in calls)

    def stop(done, total):
        raise RuntimeError("enough")

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="enough"):
        pb.sweep("entropy-lipschitz", d=range(1, 1001), L=range(1, 101), eps="1/1000", R=1, Lambda=2, threads=1, progress=stop)
    assert time.monotonic() - start < 60


def test_the_gil_is_free_during_a_sweep():
    counts = [0]
    done = threading.Event()

    def count():
        while not done.is_set():
            counts[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    pb.sweep("entropy-lipschitz", d=range(1, 41), L=range(1, 41), eps="1/37", R=1, Lambda=2, threads=1, progress=False)
    done.set()
    thread.join()
    assert counts[0] > 5


@pytest.mark.parametrize("call", [
    "pb.sweep('entropy-lipschitz', d=range(1, 1001), L=range(1, 1001), eps='1/1000', R=1, Lambda=2, threads=1)",
    "pb.verify(pb.construct('lookup-transformer', d=2, L=2, eps='1/4', alpha='inf').model, 'reversal', '1/4', ratio=0, threads=1)",
    "pb.attention(*[numpy.ones((1, 60000, 64))] * 3, scale='1/8', rounding='running')",
])
def test_ctrl_c_ends_long_calls(call):
    program = f"import promptbound as pb, numpy\nprint('ready', flush=True)\ntry:\n    {call}\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert output == "interrupted\n" and process.returncode == 0


def test_tables():
    pandas = pytest.importorskip("pandas")
    table = pb.sweep("entropy-bits", d=[1, 2], L=2, eps=["1/10", "2"])
    frame = table.to_pandas()
    assert list(frame.columns[:4]) == ["bound", "kind", "d", "L"] and list(frame.columns[-5:]) == ["output", "value", "lower", "upper", "log10"]
    assert list(frame["d"]) == [1, 1, 2, 2]
    assert frame["value"][0] == table[0].tokens and frame["value"][1] is None and math.isnan(frame["lower"][1])
    assert frame["lower"][0] <= table[0].tokens <= frame["upper"][0]
    assert frame["log10"][0] == pytest.approx(math.log10(table[0].tokens))
    huge = pb.evaluate("lookup-upper", d=1, L=200, eps="1/1000", alpha="inf").to_pandas()
    row = huge[huge["output"] == "tokens"].iloc[0]
    assert row["value"] == 501**200 and row["upper"] == math.inf and row["log10"] == pytest.approx(200 * math.log10(501))
    assert isinstance(pb.bounds(d=2, L=2, eps="1/10").to_pandas("all"), pandas.DataFrame)


def test_dictionaries_are_the_command_s_json():
    record = pb.evaluate("entropy-bits", d=2, L=2, eps="1/10").to_dict()
    assert record["schema"] == 1 and record["outputs"]["tokens"]["exact"] == str(pb.evaluate("entropy-bits", d=2, L=2, eps="1/10").tokens)
    assert json.loads(json.dumps(record)) == record
    assert len(pb.sweep("entropy-bits", d=[1, 2], L=2, eps="1/10").to_dict()) == 2


def test_latex_and_html_hold_every_row():
    table = pb.sweep("entropy-bits", d=[1, 2], L=2, eps="1/10")
    latex = table.to_latex()
    assert latex.count(r"\\") == 3 and r"\toprule" in latex and str(table[1].tokens) in latex
    assert r"no\_such" not in latex and "_" not in latex.replace(r"\_", "")
    assert table._repr_html_().count("<tr>") == 3
    assert "<table>" in pb.evaluate("entropy-bits", d=2, L=2, eps="1/10")._repr_html_()


def test_a_plot_draws_a_line_for_each_combination():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = pb.sweep("entropy-bits", d=range(1, 7), L=2, eps=["1/10", "1/100"]).plot()
    assert axes.get_xlabel() == "d" and axes.get_ylabel() == "log10 tokens" and len(axes.lines) == 2
    first = axes.lines[0].get_ydata()
    assert first[0] == pytest.approx(math.log10(pb.evaluate("entropy-bits", d=1, L=2, eps="1/10").tokens))
    with pytest.raises(pb.InputError, match="no parameter varies"):
        pb.sweep("entropy-bits", d=1, L=2, eps="1/10").plot()


def test_the_catalogue_lists_what_can_be_asked():
    entries = {entry["id"]: entry for entry in pb.catalogue()}
    bits = entries["entropy-bits"]
    assert bits["kind"] == "necessary" and "eps" in bits["solve"] and "tokens" in bits["outputs"]
    assert {parameter["name"] for parameter in bits["parameters"] if parameter["required"]} >= {"d", "L", "eps"}
