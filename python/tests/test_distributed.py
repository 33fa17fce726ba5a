"""promptbound.distributed on clusters of processes of this machine."""
import contextlib
import json
import logging
import subprocess
import sys
import threading
import time

import pytest

distributed = pytest.importorskip("distributed")

import promptbound as pb
import promptbound.distributed

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


def cluster(workers):
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)


@contextlib.contextmanager
def without_nannies():
    """Two workers that nobody starts again, and their scheduler."""
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as machines:
        start = [sys.executable, "-m", "distributed.cli.dask_worker", machines.scheduler_address, "--no-nanny", "--nthreads", "1",
                 "--no-dashboard"]
        processes = [subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            with distributed.Client(machines) as client:
                client.wait_for_workers(2, timeout=30)
            yield machines
        finally:
            for process in processes:
                process.kill()
                process.wait()


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


def kill_at_second_task(client):
    """Kills a worker that has begun its second task, so finished its first."""
    begun = lambda dask_scheduler: [event["worker"] for topic, events in list(dask_scheduler.events.items())
                                    if str(topic).startswith("promptbound-") for _, event in list(events)]
    processes = client.run(lambda: __import__("os").getpid())
    deadline = time.monotonic() + 25
    while time.monotonic() < deadline:
        twice = [worker for worker in processes if client.run_on_scheduler(begun).count(worker) == 2]
        if twice:
            subprocess.run(["kill", "-KILL", str(processes[twice[0]])], check=True)
            return
        time.sleep(0.01)


@pytest.mark.parametrize("nanny", [True, False])
def test_a_killed_worker_loses_nothing_and_nothing_counts_twice(nanny, long_proof, caplog):
    model, expected = long_proof
    with (cluster(2) if nanny else without_nannies()) as machines, distributed.Client(machines) as client:
        killer = threading.Thread(target=kill_at_second_task, args=(client,))
        killer.start()
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            answer = pb.distributed.verify(client, model, *LONG_CLAIM, task_boxes=2000)
        killer.join()
    assert same(answer) == same(expected)
    assert [record for record in caplog.records if "was searched again: begun on tcp://" in record.message]


DRIVER = """
import sys
import distributed, promptbound as pb, promptbound.distributed
if __name__ == "__main__":
    model, claim, eps, checkpoint = sys.argv[1:]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as machines:
        with distributed.Client(machines) as client:
            pb.distributed.verify(client, pb.Transformer.load(model), claim, eps, task_boxes=500, tasks=4, checkpoint=checkpoint)
"""


def test_driver_and_scheduler_killed_the_search_goes_on_from_its_checkpoint(long_proof, tmp_path, caplog):
    model, expected = long_proof
    checkpoint, script = tmp_path / "search.json", tmp_path / "driver.py"
    model.save(tmp_path / "model.json")
    script.write_text(DRIVER)
    driver = subprocess.Popen([sys.executable, script, tmp_path / "model.json", *LONG_CLAIM, checkpoint], start_new_session=True,
                              stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (checkpoint.exists() and len(json.loads(checkpoint.read_text())["tree"]) > 500) and time.monotonic() < deadline:
        assert driver.poll() is None, "the search ended before it was killed"
        time.sleep(0.02)
    subprocess.run(["kill", "-KILL", "--", f"-{driver.pid}"], check=True)
    driver.wait()
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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["driver.py", "model.json", "search.json"]


def test_workers_of_another_version_or_model_are_refused_by_name():
    model = built(1, 1, "1/2", "identity")
    with cluster(1) as machines, distributed.Client(machines) as client:
        with pytest.raises(pb.InputError, match=r"worker tcp://\S+: the model, the target or the table is another there"):
            client.submit(promptbound.distributed._search_region, json.dumps(
                {"model": model.to_dict(), "target": {"name": "identity"}, "eps": "1/2", "alpha": "inf", "L": None}), "0" * 64,
                pb.__version__, "topic", "", "*", 10).result()

        def pretend():
            from promptbound import _core
            _core.__version__ = "0.0.1"

        client.run(pretend)
        with pytest.raises(pb.InputError, match=rf"worker tcp://\S+: promptbound 0\.0\.1 \(accepted: {pb.__version__}"):
            pb.distributed.verify(client, model, "identity", "1/2")


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
        def run(*arguments, scheduler=machines.scheduler_address):
            return subprocess.run([sys.executable, "-m", "promptbound.cluster", "--scheduler", scheduler, "verify", tmp_path / "reversal.json",
                                   *arguments], capture_output=True, text=True)

        proved = run("--target", "reversal", "--eps", "1/10", "--certificate", files["proof.json"], "--checkpoint", files["search.json"], "--json")
        assert proved.returncode == 0 and json.loads(proved.stdout)["verdict"] == "proved" and proved.stderr == ""
        assert files["proof.json"].read_text() == pb.verify(model, "reversal", "1/10", ratio=DECIDED).certificate() + "\n"
        assert not files["search.json"].exists()
        assert run("--target-expression", "x[0,0]", "--eps", "1/10").returncode == 1
        refused = run("--target", "reversal", "--eps", "-1")
        assert (refused.returncode, refused.stdout) == (2, "") and refused.stderr.startswith("promptbound-cluster: eps: -1")
        refused = run("--eps", "1/10", scheduler="nowhere")
        assert refused.returncode == 2 and refused.stderr.startswith("promptbound-cluster: --scheduler")
