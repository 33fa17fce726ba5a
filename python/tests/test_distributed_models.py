"""Audits and memorization by promptbound.distributed, on clusters of processes of this machine."""
import json
import logging
import shutil
from fractions import Fraction

import numpy
import pytest

distributed = pytest.importorskip("distributed")

import promptbound as pb
import promptbound.distributed
from clusters import cluster, kill_driver_and_scheduler, run_cluster_command, with_a_worker_killed, without_nannies
from promptbound.distributed import audits

pytestmark = pytest.mark.filterwarnings("default")

WIDTH, LAYERS = 320, 10


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A model of random weights whose layers take long enough to be caught at work."""
    folder = tmp_path_factory.mktemp("model")
    random = numpy.random.default_rng(5)
    tensors = {"wte.weight": (20, WIDTH), "wpe.weight": (16, WIDTH), "ln_f.weight": (WIDTH,), "ln_f.bias": (WIDTH,)}
    for layer in range(LAYERS):
        for name, shape in (("ln_1.weight", (WIDTH,)), ("ln_1.bias", (WIDTH,)), ("ln_2.weight", (WIDTH,)), ("ln_2.bias", (WIDTH,)),
                            ("attn.c_attn.weight", (WIDTH, 3 * WIDTH)), ("attn.c_attn.bias", (3 * WIDTH,)),
                            ("attn.c_proj.weight", (WIDTH, WIDTH)), ("attn.c_proj.bias", (WIDTH,)),
                            ("mlp.c_fc.weight", (WIDTH, 4 * WIDTH)), ("mlp.c_fc.bias", (4 * WIDTH,)),
                            ("mlp.c_proj.weight", (4 * WIDTH, WIDTH)), ("mlp.c_proj.bias", (WIDTH,))):
            tensors[f"h.{layer}.{name}"] = shape
    header, bytes_, end = {}, [], 0
    for name, shape in tensors.items():
        data = (random.standard_normal(shape) / 20).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + len(data)]}
        bytes_.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(bytes_))
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt2", "vocab_size": 20, "n_embd": WIDTH, "n_head": 4, "n_layer": LAYERS,
                                                    "n_positions": 16}))
    return folder


@pytest.fixture(scope="module")
def alone(model_folder):
    return pb.audit(model_folder).to_dict()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_an_audit_on_any_number_of_workers_is_that_of_one_process(workers, model_folder, alone, root):
    small, prompt = root / "tests/models/data/tiny-gpt2", root / "tests/models/data/tiny-gpt2-prompt"
    with cluster(workers) as machines, distributed.Client(machines) as client:
        assert pb.distributed.audit(client, model_folder).to_dict() == alone
        assert pb.distributed.audit(client, small, prompt, context=128).to_dict() == pb.audit(small, prompt, context=128).to_dict()


@pytest.mark.parametrize("nanny", [True, False])
def test_an_audit_loses_nothing_with_a_worker(nanny, model_folder, alone, tmp_path, caplog):
    with (cluster(2) if nanny else without_nannies()) as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"), with_a_worker_killed(client):
            answer = pb.distributed.audit(client, model_folder, checkpoint=tmp_path / "audit.json")
    assert answer.to_dict() == alone
    assert [record for record in caplog.records if record.message.startswith("layer ") and " was begun again: on tcp://" in record.message]
    assert len(json.loads((tmp_path / "audit.json").read_text())["layers"]) == LAYERS


def test_an_audit_whose_driver_and_scheduler_are_killed_goes_on(model_folder, alone, tmp_path, caplog):
    checkpoint = tmp_path / "audit.json"
    kill_driver_and_scheduler(tmp_path / "driver.py", f"pb.distributed.audit(client, {str(model_folder)!r}, checkpoint={str(checkpoint)!r})",
                              checkpoint.exists)
    known = len(json.loads(checkpoint.read_text())["layers"])
    assert 0 < known < LAYERS
    computed = []
    with cluster(2) as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            answer = pb.distributed.audit(client, model_folder, checkpoint=checkpoint, progress=lambda *state: computed.append(state)).to_dict()
    assert f"going on after {known} of {LAYERS} layers" in caplog.text
    assert computed == [(done, LAYERS) for done in range(known, LAYERS + 1)]
    text = f"{checkpoint} says the norms of {known} of the layers as this version computes them"
    assert [assumption["text"] for assumption in answer["assumptions"]] == [text]
    for part in ("layers", "lipschitz", "theorems"):
        assert answer[part] == alone[part]
    # One process goes on from the same file, which it then removes.
    assert pb.audit(model_folder, checkpoint=checkpoint).to_dict()["lipschitz"] == alone["lipschitz"]
    assert not checkpoint.exists()


def test_audits_refuse_other_files_and_versions(model_folder, root, tmp_path):
    small = tmp_path / "model"
    shutil.copytree(root / "tests/models/data/tiny-gpt2", small)
    with cluster(1) as machines, distributed.Client(machines) as client:
        checkpoint = tmp_path / "audit.json"
        pb.distributed.audit(client, small, checkpoint=checkpoint)
        with pytest.raises(pb.InputError, match="a checkpoint of another model or version"):
            pb.distributed.audit(client, model_folder, checkpoint=checkpoint)
        with pytest.raises(pb.InputError, match="no-such-model"):
            pb.distributed.audit(client, tmp_path / "no-such-model")
        identity, _ = pb._core.audited(str(small), [])
        config = json.loads((small / "config.json").read_text())
        (small / "config.json").write_text(json.dumps({**config, "n_ctx": 128, "n_positions": 192}))
        with pytest.raises(pb.InputError, match=r"worker tcp://\S+: the files of \S+model are others there \(accepted: the driver's\)"):
            client.submit(audits._layer, str(small), (), identity, 0).result()
        client.run(lambda: setattr(__import__("promptbound")._core, "__version__", "0.0.1"))
        with pytest.raises(pb.InputError, match=r"worker tcp://\S+: promptbound 0\.0\.1"):
            pb.distributed.audit(client, small)


IDENTITY = [[1, 0], [0, 1]]
LAYER = {"d": 2, "layers": [{"heads": [{"W_Q": [[1, "1/2"], [-1, 1]], "W_K": IDENTITY, "W_V": IDENTITY},
                                       {"W_Q": [[-1, 1], ["1/2", 1]], "W_K": IDENTITY, "W_V": [[0, 1], [-1, "1/2"]]}]}]}


def data_set(number):
    """Four examples; the first coordinate that is asked for moves with the number."""
    return [{"tokens": [[1, "1/2"], other], "query": 0, "target": target}
            for other, target in (([0, 1], [1 + Fraction(number, 7), 1]), ([-1, "1/2"], [2, 0]), ([1, -1], [0, 1]), ([0, -1], ["3/2", -1]))]


DATA_SETS = {f"set-{number}": data_set(number) for number in range(24)}


@pytest.fixture(scope="module")
def fits():
    model = pb.Transformer(LAYER)
    return model, {name: pb.memorize(model, data, "1/10").to_dict() for name, data in DATA_SETS.items()}


def answers(found):
    return {name: answer.to_dict() for name, answer in found.items()}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_data_sets_on_any_number_of_workers_have_the_answers_of_one_process(workers, fits, tmp_path):
    model, expected = fits
    with cluster(workers) as machines, distributed.Client(machines) as client:
        assert answers(pb.distributed.memorize(client, model, DATA_SETS, "1/10")) == expected
        found = pb.distributed.memorize(client, model, dict(list(DATA_SETS.items())[:3]), "1/10", folder=tmp_path / "answers")
        assert answers(found) == {name: expected[name] for name in found}
        # What was kept is read back as it was.
        assert answers(pb.distributed.memorize(client, model, dict(list(DATA_SETS.items())[:3]), "1/10", folder=tmp_path / "answers")) == answers(found)
    assert {answer["verdict"] for answer in expected.values()} <= {"possible", "impossible", "unknown"}


@pytest.mark.parametrize("nanny", [True, False])
def test_memorization_loses_nothing_with_a_worker(nanny, fits, tmp_path, caplog):
    model, expected = fits
    with (cluster(2) if nanny else without_nannies()) as machines, distributed.Client(machines) as client:
        with caplog.at_level(logging.WARNING, "promptbound.distributed"), with_a_worker_killed(client):
            found = pb.distributed.memorize(client, model, DATA_SETS, "1/10", folder=tmp_path / "answers")
    assert answers(found) == expected
    assert [record for record in caplog.records if record.message.startswith("data set ") and " was begun again: on tcp://" in record.message]


def test_memorization_goes_on_from_its_folder(fits, tmp_path, caplog):
    model, expected = fits
    folder = tmp_path / "answers"
    names = list(DATA_SETS)
    with cluster(2) as machines, distributed.Client(machines) as client:
        pb.distributed.memorize(client, model, {name: DATA_SETS[name] for name in names[:5]}, "1/10", folder=folder)
        times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
        with caplog.at_level(logging.WARNING, "promptbound.distributed"):
            found = pb.distributed.memorize(client, model, DATA_SETS, "1/10", folder=folder)
        assert "going on after 5 of 24 data sets" in caplog.text
        assert answers(found) == expected and list(found) == names
        assert all((folder / name).stat().st_mtime_ns == time for name, time in times.items())
        for options, message in (({"data_sets": {"set-0": data_set(3)}}, "the answer of other data"), ({"accuracy": "1/9"}, "another memorize"),
                                 ({"data_sets": {"../x": []}}, "no name of a file"), ({"data_sets": [tmp_path / "none.json"]}, "none.json: cannot be read"), ({"accuracy": 1, "prefix": True}, "accuracy must be 0"),
                                 ({"key_cap": 1}, "need prefix=True"), ({"data_sets": {"wrong": [{"tokens": []}]}, "folder": None}, "tokens")):
            with pytest.raises(pb.InputError, match=message):
                pb.distributed.memorize(client, model, **{"data_sets": DATA_SETS, "accuracy": "1/10", "folder": folder, **options})
        one = pb.Transformer({"d": 1, "layers": [{"heads": [{"W_Q": [[2]], "W_K": [[1]], "W_V": [[1]]}]}]})
        examples = [{"tokens": [["1/2"]], "query": 0, "target": [1]}]
        by_prefix = pb.distributed.memorize(client, one, {"one": examples}, prefix=True, folder=tmp_path / "prefixes")["one"]
        assert by_prefix.to_dict() == pb.memorize(one, examples, prefix=True).to_dict()


def test_the_commands(model_folder, fits, root, tmp_path):
    model, expected = fits
    model.save(tmp_path / "model.json")
    for name in ("set-0", "set-1"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"examples": promptbound.models.exact_texts(DATA_SETS[name])}))
    with cluster(2) as machines:
        small = ("--model", root / "tests/models/data/tiny-gpt2", "--prompt", root / "tests/models/data/tiny-gpt2-prompt", "--context", "128")
        audited = run_cluster_command(machines, "audit", *small, "--checkpoint", tmp_path / "audit.json", "--json")
        assert audited.returncode == 0 and audited.stderr == "" and not (tmp_path / "audit.json").exists()
        assert json.loads(audited.stdout)["lipschitz"] == pb.audit(small[1], small[3], context=128)["lipschitz"]
        shown = run_cluster_command(machines, "audit", *small)
        assert shown.returncode == 0 and "3.1  Lipschitz constant: " in shown.stdout
        refused = run_cluster_command(machines, "audit", "--model", tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "") and refused.stderr.count("\n") == 1

        given = (tmp_path / "model.json", tmp_path / "set-0.json", tmp_path / "set-1.json", "--accuracy", "1/10", "--folder", tmp_path / "answers")
        decided = run_cluster_command(machines, "memorize", *given, "--certificates", tmp_path / "certificates", "--json")
        verdicts = {name: answer["verdict"] for name, answer in json.loads(decided.stdout).items()}
        assert verdicts == {name: expected[name]["verdict"] for name in ("set-0", "set-1")}
        assert decided.returncode == max({"possible": 0, "impossible": 1, "unknown": 3}[verdict] for verdict in verdicts.values())
        for name in verdicts:
            assert (tmp_path / "certificates" / f"{name}.json").exists() == (expected[name]["certificate"] is not None)
        again = run_cluster_command(machines, "memorize", *given)
        assert again.stderr == "promptbound-cluster: going on after 2 of 2 data sets\n" and again.stdout.startswith("set-0: ")
