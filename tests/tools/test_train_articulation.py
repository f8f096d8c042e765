"""Shards, training and relabelling of the articulation model, in miniature."""

import numpy as np
import pytest
from talking_avatar.cli.speech_sets.utterance import Utterance, save
from talking_avatar.models.speech_articulation import load_weights
from talking_avatar.pipeline_core.speech.articulation.net import NetStream, joined
from talking_avatar.pipeline_core.speech.articulation.symbols import PHONES
from talking_avatar.pipeline_core.types import Closure, Phone
from talking_avatar.tools.articulation import relabel, shards, train

torch = pytest.importorskip("torch")
A, P = PHONES.index("a"), PHONES.index("p")


def beeps(seed):
    """A tone is "a", silence between tones is "p"."""
    rng = np.random.default_rng(seed)
    phones, closures, parts, at_s = [Phone("", 0.0, 0.3)], [], [np.zeros(4800)], 0.3
    for ipa in "apapa":
        length_s = float(rng.integers(8, 16)) / 100
        time_s = np.arange(int(length_s * 16000)) / 16000
        parts.append(np.sin(2 * np.pi * rng.uniform(300, 600) * time_s) * (0.3 if ipa == "a" else 0.0))
        phones.append(Phone(ipa, at_s, at_s + length_s))
        closures += [Closure(at_s, at_s + length_s)] if ipa == "p" else []
        at_s += length_s
    phones.append(Phone("", at_s, at_s + 0.3))
    samples = np.concatenate([*parts, np.zeros(4800)]).astype(np.float32)
    return Utterance(samples, tuple(phones), tuple(closures), "apapa", "en", "tone", "espeak")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("articulation")
    (folder / "corpus" / "flite").mkdir(parents=True)
    for number in range(shards.BLOCK + 3):
        save(beeps(number), folder / "corpus" / "flite" / f"{number:05d}.npz")
    (folder / "shards").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "BACKGROUNDS", 1)
        patch.setattr(shards, "COPIES", {"flite": 2})
        for job in [j for j in shards.jobs(folder / "corpus", folder / "shards") if j[0] == "flite"]:
            shards._block(job)
    return folder / "shards"


def test_a_shard_holds_clean_and_spoilt_copies_with_the_same_labels(packed):
    files = sorted(packed.glob("*.npz"))
    assert [f.name for f in files] == ["flite-000.npz"]
    with np.load(files[0]) as found:
        lengths, phone, shut = found["lengths"], found["phone"], found["shut"]
        assert len(lengths) == 2 * shards.BLOCK and lengths.sum() == len(found["bands"]) == len(phone)
        first, second = np.split(phone, np.cumsum(lengths))[:2]
        assert (first == second).all() and set(phone) == {0, A, P} and (shut[phone == P] == 1).all()
        clean, spoilt = np.split(found["bands"], np.cumsum(lengths))[:2]
        assert not np.array_equal(clean, spoilt)


@pytest.fixture(scope="module")
def trained(packed):
    out = packed.parent / "net.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"WIDTH": 24, "BATCH": 8, "CROP": 100, "REPORT_STEPS": 10, "KEEP_STEPS": 20}.items():
            patch.setattr(train, name, value)
        data = train.read(packed)
        once = train.Run(data, out, 200, "cpu")
        _steps(once, 60)
        again = train.Run(data, out, 200, "cpu")
        assert again.step == 60 and again.spent == once.spent
        _steps(again, 60)
    return load_weights(out)


def _steps(run, count):
    batches = train.crops(run.data, np.random.default_rng(run.step))
    for _ in range(count):
        run._one(next(batches))
    run.keep()


def heard(weights, bands):
    stream = NetStream(weights)
    return joined([stream.push(bands), stream.finish()])


def test_training_learns_and_is_taken_up_where_it_stopped(packed, trained):
    with np.load(packed / "flite-000.npz") as found:
        count = int(found["lengths"][0])
        bands, phone = found["bands"][:count].astype(np.float32), found["phone"][:count]
    right = (heard(trained, bands).log_posteriors.argmax(axis=1) == phone).mean()
    shuffled = {name: np.random.default_rng(0).permutation(a.ravel()).reshape(a.shape) for name, a in trained.items()}
    assert right > 0.7 > (heard(shuffled, bands).log_posteriors.argmax(axis=1) == phone).mean() + 0.1


def test_boundaries_move_to_where_they_are_heard():
    truth = np.repeat([0, A, P, A, 0], [20, 12, 8, 12, 20])
    coarse = np.repeat([0, A, P, A, 0], [22, 8, 11, 13, 18])
    sure = np.full((len(truth), len(PHONES)), -6.0)
    sure[np.arange(len(truth)), truth] = 0.0
    assert (relabel.moved(coarse, sure) == truth).all()
    assert (relabel.moved(coarse, np.zeros_like(sure)) != truth).any()
    far = np.repeat([0, A, P, A, 0], [30, 12, 8, 12, 10])
    moved = relabel.moved(far, sure)
    assert abs(int(np.argmax(moved > 0)) - 30) <= relabel.REACH
    assert [int(p) for p in relabel.segments(moved)[0]] == [0, A, P, A, 0]


def test_a_relabelled_shard_keeps_everything_else(packed, trained, tmp_path):
    target = tmp_path / "new.npz"
    changed = relabel.relabel(packed / "flite-000.npz", trained, target)
    with np.load(packed / "flite-000.npz") as before, np.load(target) as after:
        assert np.array_equal(before["bands"], after["bands"]) and np.array_equal(before["shut"], after["shut"])
        assert 0 <= changed < 0.5 and (before["phone"] != after["phone"]).mean() == pytest.approx(changed)


def test_validation_voices_are_kept_apart(packed, monkeypatch):
    monkeypatch.setattr(train, "VALIDATION_VOICES", ("tone",))
    data = train.read(packed)
    assert not data.sets and len(data.validation) == 2 * shards.BLOCK
