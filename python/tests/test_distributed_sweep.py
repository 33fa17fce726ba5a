"""Sweeps by promptbound.distributed, on clusters of processes of this machine."""
import json
import logging
import pathlib
import shutil
import subprocess

import pytest

distributed = pytest.importorskip("distributed")

import promptbound as pb
import promptbound.distributed
from clusters import cluster, kill_driver_and_scheduler, run_cluster_command, with_a_worker_killed, without_nannies

pytestmark = pytest.mark.filterwarnings("default")

# A million points.
BOUND, VALUES, DIGITS = "entropy-bits", {"d": "1:10", "L": "1:100", "eps": "1/1000:1:1/1000"}, 12
PROGRAM = pathlib.Path(pb._core.__file__).parents[2] / "promptbound"


@pytest.fixture(scope="module")
def single_run(tmp_path_factory):
    """The rows that the program writes by itself."""
    if not PROGRAM.exists():
        pytest.skip("the program promptbound is not built beside the package")
    path = tmp_path_factory.mktemp("single") / "rows.csv"
    options = [word for name, values in VALUES.items() for word in (f"--{name}", values)]
    subprocess.run([PROGRAM, "eval", BOUND, *options, "--format", "csv", "--digits", str(DIGITS), "--threads", "2", "-o", path], check=True)
    return path.read_bytes()


def joined(parts):
    """The rows of the parts under the first one's heading, which all of them have."""
    texts = [pathlib.Path(part).read_bytes() for part in parts]
    heading = texts[0].split(b"\n", 1)[0] + b"\n"
    assert all(text.startswith(heading) for text in texts)
    return heading + b"".join(text[len(heading):] for text in texts)


def test_a_million_points_killed_and_resumed_are_those_of_a_single_run(single_run, tmp_path, caplog):
    folder = tmp_path / "sweep"
    values = ", ".join(f"{name}={text!r}" for name, text in VALUES.items())
    kill_driver_and_scheduler(tmp_path / "driver.py",
                              f"pb.distributed.sweep(client, {BOUND!r}, {str(folder)!r}, digits={DIGITS}, rows=30_000, {values})",
                              lambda: folder.exists() and len(list(folder.glob("part-*.csv"))) >= 3)
    kept = sorted(folder.glob("part-*.csv"))
    times = [part.stat().st_mtime_ns for part in kept]
    assert 3 <= len(kept) < 34
    lines = []
    with cluster(2) as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"), with_a_worker_killed(client):
            parts = pb.distributed.sweep(client, BOUND, folder, digits=DIGITS, rows=30_000, progress=lambda *state: lines.append(state),
                                         **VALUES)
    assert f"going on after {len(kept) * 30_000} of 1000000 points" in caplog.text
    assert [record for record in caplog.records if " was begun again: on tcp://" in record.message]
    # What was there is not done again; nothing else is left.
    assert [part.stat().st_mtime_ns for part in kept] == times
    assert len(parts) == 34 and sorted(path.name for path in folder.iterdir() if not path.name.startswith("part-0")) == [
        "part-10.csv", *(f"part-{k}.csv" for k in range(11, 34)), "sweep.json"]
    assert lines[0] == (len(kept) * 30_000, 1_000_000) and lines[-1] == (1_000_000, 1_000_000)
    assert joined(parts) == single_run


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_cut_on_any_number_of_workers_gives_the_same_rows(workers, tmp_path):
    values = {"w": [2, 3], "m": "1:64:x2", "R": 5, "Lambda": 1000, "Delta": "1/2", "eps": [0.25, "1/10"]}
    found = set()
    with cluster(workers) as machines, distributed.Client(machines) as client:
        for rows in (1, 5, 1000):
            found.add(joined(pb.distributed.sweep(client, "memory-linear", tmp_path / f"{rows}", rows=rows, **values)))
    rows, = found
    expected = pb.sweep("memory-linear", **values)
    assert rows.count(b"\n") == 1 + len(expected) == 1 + 28
    solved = tmp_path / "solved"
    with cluster(workers) as machines, distributed.Client(machines) as client:
        part, = pb.distributed.sweep(client, "entropy-bits", solved, for_="eps", d=2, L=2, m=range(1, 9))
    assert pathlib.Path(part).read_text().startswith("d,L,")


def test_a_worker_without_a_nanny_is_lost_and_nothing_else(tmp_path, caplog):
    values = {"d": "1:4", "L": "1:100", "eps": "1/1000:1:1/1000"}
    with without_nannies() as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"), with_a_worker_killed(client):
            parts = pb.distributed.sweep(client, BOUND, tmp_path / "killed", digits=DIGITS, rows=20_000, **values)
    assert [record for record in caplog.records if " was begun again: on tcp://" in record.message]
    whole = tmp_path / "whole.csv"
    sweep = pb._core.SweepInParts(BOUND, values, DIGITS, None)
    sweep.write(str(whole), 0, sweep.points)
    assert joined(parts) == whole.read_bytes()


def test_parts_that_memory_is_too_small_for_are_made_of_smaller_ones(tmp_path, caplog):
    def forget_how(most):
        from promptbound.distributed import sweeps

        rows = sweeps._rows

        def small(question, first, last):
            if last - first > most:
                raise MemoryError
            return rows(question, first, last)

        small.__module__, small.__qualname__ = rows.__module__, rows.__qualname__
        sweeps._rows = small

    with cluster(1) as machines, distributed.Client(machines) as client:
        whole = pb.distributed.sweep(client, BOUND, tmp_path / "whole", d="1:5", L="1:5", eps="1/2")
        client.run(forget_how, 7)
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            cut = pb.distributed.sweep(client, BOUND, tmp_path / "cut", d="1:5", L="1:5", eps="1/2")
        assert "rows 0 to 24 ran out of memory: again in halves" in caplog.text
        assert joined(cut) == joined(whole)
        client.run(forget_how, 0)
        with pytest.raises(pb.InputError, match="point 0: out of memory on the workers"):
            pb.distributed.sweep(client, BOUND, tmp_path / "none", d="1:5", L="1:5", eps="1/2")


def test_refusals_and_folders(tmp_path):
    sweep = pb.distributed.sweep
    with cluster(1) as machines, distributed.Client(machines) as client:
        for options, message in (({"rows": 0}, "rows: 0"), ({"d": []}, "d: no values"), ({"d": 0}, "d"), ({"Lambda": 2}, "--Lambda is not a parameter"),
                                 ({"eps": None}, "eps"), ({"d": "1:10000000", "L": "1:10000000"}, "more than 1000000000000 points")):
            given = {"d": 2, "L": 2, "eps": "1/10", **options}
            with pytest.raises(pb.InputError, match=message):
                sweep(client, BOUND, tmp_path / "refused", **given)
        with pytest.raises(pb.InputError, match="L"):
            sweep(client, BOUND, tmp_path / "refused", d=2, eps="1/10")
        assert not (tmp_path / "refused").exists()
        part, = sweep(client, BOUND, tmp_path / "sweep", d=2, L=2, eps="1/10")
        with pytest.raises(pb.InputError, match="the folder of another sweep or version"):
            sweep(client, BOUND, tmp_path / "sweep", d=2, L=2, eps="1/9")
        assert len(list((tmp_path / "sweep").iterdir())) == 2
        (tmp_path / "other").mkdir()
        shutil.copy(part, tmp_path / "other")
        with pytest.raises(pb.InputError, match="holds something else"):
            sweep(client, BOUND, tmp_path / "other", d=2, L=2, eps="1/10")
        with pytest.raises(pb.InputError, match="Not a directory|File exists"):
            sweep(client, BOUND, part, d=2, L=2, eps="1/10")

        client.run(lambda: setattr(__import__("promptbound")._core, "__version__", "0.0.1"))
        with pytest.raises(pb.InputError, match=rf"worker tcp://\S+: promptbound 0\.0\.1 \(accepted: {pb.__version__}"):
            sweep(client, BOUND, tmp_path / "versions", d=2, L=2, eps="1/10")


def test_the_command(tmp_path):
    with cluster(2) as machines:
        given = ("--d", "1:4", "--L", "2", "--eps", "1/10,1/100")
        done = run_cluster_command(machines, "sweep", BOUND, "--folder", tmp_path / "parts", "--rows", "3", "--json", *given)
        assert done.returncode == 0 and done.stderr == ""
        parts = json.loads(done.stdout)["parts"]
        assert len(parts) == 3 and joined(parts).count(b"\n") == 9
        again = run_cluster_command(machines, "sweep", BOUND, "--folder", tmp_path / "parts", "--rows", "3", *given)
        assert again.returncode == 0 and again.stdout == f"3 parts, {parts[0]} to {parts[2]}\n"
        assert again.stderr == "promptbound-cluster: going on after 8 of 8 points\n"
        refused = run_cluster_command(machines, "sweep", "entropy", "--folder", tmp_path / "none", *given)
        assert (refused.returncode, refused.stdout) == (2, "") and "did you mean entropy-bits" in refused.stderr
        solved = run_cluster_command(machines, "sweep", BOUND, "--folder", tmp_path / "solved", "--solve", "eps", "--d", "2", "--L", "2", "--m", "1:8")
        assert solved.returncode == 0 and "1 parts" in solved.stdout
