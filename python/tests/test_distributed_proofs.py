"""Proofs by promptbound.distributed, on clusters of processes of this machine."""
import json
import logging
import sys
from fractions import Fraction

import pytest

distributed = pytest.importorskip("distributed")
import dask

import promptbound as pb
import promptbound.distributed
from clusters import cluster, kill_driver_and_scheduler, run_cluster_command, with_a_worker_killed, without_nannies
from promptbound.distributed import proofs

pytestmark = pytest.mark.filterwarnings("default")

# d, L, eps and target of a construction; the claim's eps and target.
PROOFS = [
    (1, 2, "1/4", "reversal", "1/4", "reversal"),
    (2, 1, "1/10", "identity", "1/10", "identity"),
    (1, 1, "1/20", "sine", "1/20", "sine"),
    (1, 2, "1/6", "maximum", "1/6", "maximum"),
    (2, 1, "1/10", "mean", "1/8", "mean"),
    (1, 2, "1/5", "(x[0,0]+x[0,1])/2;(x[0,0]+x[0,1])/2", "1/5", "(x[0,0]+x[0,1])/2;(x[0,0]+x[0,1])/2"),
]
REFUTATIONS = [
    (2, 1, "1/10", "identity", "1/30", "identity"),
    (1, 2, "1/4", "reversal", "1/4", "identity"),
]
# One process stops there where eps is decided, as the cluster does.
DECIDED = 10**9


def built(d, L, eps, target):
    return pb.construct("lookup-transformer", d=d, L=L, eps=eps, alpha="inf", target=target).model


@pytest.fixture(scope="module")
def problems():
    return [(built(*problem[:4]), problem[5], problem[4]) for problem in PROOFS + REFUTATIONS]


@pytest.fixture(scope="module")
def alone(problems):
    return [pb.verify(*problem, ratio=DECIDED, threads=1) for problem in problems]


def same(answer):
    return answer.to_dict(), answer.certificate()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_one_process_s_answer(workers, problems, alone, request):
    with cluster(workers) as machines, distributed.Client(machines) as client:
        answers = [pb.distributed.verify(client, *problem, task_boxes=40, tasks=16) for problem in problems]
    for k, (answer, expected) in enumerate(zip(answers, alone)):
        assert answer.verdict == expected.verdict == ("proved" if k < len(PROOFS) else "refuted")
        assert pb.check(answer.certificate()).accepted
        if answer.proved:
            assert same(answer) == same(expected)
        else:
            # One process meets its boxes in another order: its witness is another one.
            assert answer.lower > answer.eps and (answer.upper is None or answer.upper >= expected.lower)
    # The witness, too, is the same for all numbers of workers.
    first = request.config.__dict__.setdefault("_refuted_alike", [same(answer) for answer in answers[len(PROOFS):]])
    assert [same(answer) for answer in answers[len(PROOFS):]] == first


# More than 10^4 boxes, in tasks that last long enough to be caught at work.
LONG = (1, 2, "1/40", "reversal")
LONG_CLAIM = ("reversal", "1/40")


@pytest.fixture(scope="module")
def long_proof():
    model = built(*LONG)
    answer = pb.verify(model, *LONG_CLAIM, ratio=DECIDED, threads=2)
    assert answer.proved and answer.boxes >= 10**4
    return model, answer


@pytest.mark.parametrize("nanny", [True, False])
def test_a_killed_worker_loses_nothing_and_nothing_counts_twice(nanny, long_proof, caplog):
    model, expected = long_proof
    with (cluster(2) if nanny else without_nannies()) as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"), with_a_worker_killed(client):
            answer = pb.distributed.verify(client, model, *LONG_CLAIM, task_boxes=2000)
    assert same(answer) == same(expected)
    assert [record for record in caplog.records if " was begun again: on tcp://" in record.message]


def test_driver_and_scheduler_killed_the_search_goes_on_from_its_checkpoint(long_proof, tmp_path, caplog):
    model, expected = long_proof
    checkpoint = tmp_path / "search.json"
    model.save(tmp_path / "model.json")
    call = (f"pb.distributed.verify(client, pb.Transformer.load({str(tmp_path / 'model.json')!r}), {LONG_CLAIM[0]!r}, {LONG_CLAIM[1]!r}, "
            f"task_boxes=500, tasks=4, checkpoint={str(checkpoint)!r})")
    kill_driver_and_scheduler(tmp_path / "driver.py", call,
                              lambda: checkpoint.exists() and len(json.loads(checkpoint.read_text())["tree"]) > 500)
    known = json.loads(checkpoint.read_text())["tree"]
    assert 500 < len(known) < expected.boxes
    with cluster(2) as machines, distributed.Client(machines) as client:
        with pytest.raises(pb.InputError, match="another model, target, alpha, eps or ratio"):
            pb.distributed.verify(client, model, "identity", "1/4", checkpoint=checkpoint)
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            answer = pb.distributed.verify(client, model, *LONG_CLAIM, checkpoint=checkpoint)
    assert f"going on after {len(known)} boxes" in caplog.text
    assert same(answer) == same(expected)
    assert pb.check(answer.certificate()).accepted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "search.json"]


def test_narrowed_to_a_ratio_any_number_of_workers_gives_the_same_bounds(problems):
    for problem in problems[:3]:
        alone = pb.verify(*problem, ratio="1/20", threads=1)
        found = []
        for workers in (1, 2, 4):
            with cluster(workers) as machines, distributed.Client(machines) as client:
                found.append(pb.distributed.verify(client, *problem, ratio="1/20", task_boxes=60, tasks=8))
        assert same(found[0]) == same(found[1]) == same(found[2])
        answer = found[0]
        assert answer.proved and answer.upper <= (1 + Fraction(1, 20)) * answer.lower
        assert answer.lower <= alone.upper and alone.lower <= answer.upper
        assert pb.check(answer.certificate(), threads=2).accepted


def test_workers_of_another_version_or_model_are_refused_by_name():
    model = built(1, 1, "1/2", "identity")
    with cluster(1) as machines, distributed.Client(machines) as client:
        with pytest.raises(pb.InputError, match=r"worker tcp://\S+: the model, the target or the table is another there"):
            client.submit(proofs._search_region, json.dumps(
                {"model": model.to_dict(), "target": {"name": "identity"}, "eps": "1/2", "alpha": "inf", "ratio": None, "L": None}), "0" * 64,
                "", "*", 10, 0.0).result()

        def pretend():
            from promptbound import _core
            _core.__version__ = "0.0.1"

        client.run(pretend)
        with pytest.raises(pb.InputError, match=rf"worker tcp://\S+: promptbound 0\.0\.1 \(accepted: {pb.__version__}"):
            pb.distributed.verify(client, model, "identity", "1/2")


def test_a_task_without_memory_for_its_boxes_is_given_fewer(problems, alone, caplog):
    def forget_how(most, action):
        """Searches of more boxes than this end as those that memory is too small for."""
        import os
        from promptbound.distributed import proofs

        search_of = proofs._search_of

        class Small:
            def __init__(self, search):
                self._search = search

            def search(self, path, tree, most_boxes, lower):
                if most_boxes > most and action == "raise":
                    raise MemoryError
                if most_boxes > most:
                    os.kill(os.getpid(), 9)
                return self._search.search(path, tree, most_boxes, lower)

        def small_search_of(problem):
            search, digest = search_of(problem)
            return Small(search), digest

        proofs._search_of = small_search_of

    problem, expected = problems[0], alone[0]
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), cluster(1) as machines, distributed.Client(machines) as client:
        client.run(forget_how, 20, "raise")
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            answer = pb.distributed.verify(client, *problem, task_boxes=70)
        assert same(answer) == same(expected)
        assert "box (the cube) ran out of memory: again with 35 boxes" in caplog.text
        assert "box (the cube) ran out of memory: again with 17 boxes" in caplog.text
        client.run(forget_how, 0, "raise")
        with pytest.raises(pb.InputError, match=r"box \(the cube\): out of memory on the workers"):
            pb.distributed.verify(client, *problem, task_boxes=8)
        caplog.clear()
        # The system ends the process; its nanny starts one that has enough memory.
        client.restart()
        client.run(forget_how, 10**9, "kill")
        client.run(forget_how, 40, "kill")
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            answer = pb.distributed.verify(client, *problem, task_boxes=70)
        assert same(answer) == same(expected)
        assert "ran out of memory: again with 35 boxes" in caplog.text


def test_bad_input_and_open_ends(monkeypatch):
    model = built(1, 2, "1/4", "reversal")
    with cluster(1) as machines, distributed.Client(machines) as client:
        lines = []
        answer = pb.distributed.verify(client, model, "reversal", "1/100", boxes=50, task_boxes=20, tasks=2,
                                       progress=lambda *state: lines.append(state))
        assert answer.verdict in ("unknown", "refuted") and lines[0][2:] == (1, 1)
        for options, message in (({"task_boxes": 0}, "task_boxes: 0"), ({"alpha": "1/2"}, "alpha"), ({"tasks": "2"}, "tasks: 2")):
            with pytest.raises(pb.InputError, match=message):
                pb.distributed.verify(client, model, "reversal", "1/4", **options)
        packed = pb.construct("packed-lookup", d=1, L=2, eps="2/5", alpha="inf", P=6, target="reversal").model
        with pytest.raises(pb.InputError, match="theory 5.9"):
            pb.distributed.verify(client, packed, "reversal", "2/5")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(pb.InputError, match="python3-distributed"):
        pb.distributed.verify(None, model, "reversal", "1/4")


def test_the_command(tmp_path):
    model = built(1, 2, "1/10", "reversal")
    model.save(tmp_path / "reversal.json")
    files = {name: tmp_path / name for name in ("proof.json", "search.json")}
    with cluster(2) as machines:
        def run(*arguments, scheduler=None):
            return run_cluster_command(machines, "verify", tmp_path / "reversal.json", *arguments, scheduler=scheduler)

        proved = run("--target", "reversal", "--eps", "1/10", "--certificate", files["proof.json"], "--checkpoint", files["search.json"], "--json")
        assert proved.returncode == 0 and json.loads(proved.stdout)["verdict"] == "proved" and proved.stderr == ""
        assert files["proof.json"].read_text() == pb.verify(model, "reversal", "1/10", ratio=DECIDED).certificate() + "\n"
        assert not files["search.json"].exists()
        narrow = json.loads(run("--target", "reversal", "--eps", "1/10", "--ratio", "1/20", "--json").stdout)
        assert narrow["verdict"] == "proved" and Fraction(narrow["upper"]) <= Fraction(21, 20) * Fraction(narrow["lower"])
        assert run("--target-expression", "x[0,0]", "--eps", "1/10").returncode == 1
        refused = run("--target", "reversal", "--eps", "-1")
        assert (refused.returncode, refused.stdout) == (2, "") and refused.stderr.startswith("promptbound-cluster: eps: -1")
        refused = run("--eps", "1/10", scheduler="nowhere")
        assert refused.returncode == 2 and refused.stderr.startswith("promptbound-cluster: --scheduler")
