"""Kokoro's voices with a stand-in for the graph; the real files are never here."""

import sys
import types

import numpy as np
import pytest
from talking_avatar.models import voice_kokoro as vk
from talking_avatar.pipeline_core import model_files
from talking_avatar.pipeline_core.errors import BackendError, MissingDependency, MissingWeights
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.registry import resolve

HOST = PlainHost()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder of models, and no other."""
    monkeypatch.setattr(model_files, "_SOURCES", [lambda: [tmp_path]])
    return tmp_path


class Refused(Exception):
    """Like onnxruntime's errors, which derive from nothing more special."""


class Session:
    """Says 3 units for every number, and a sound of that length."""

    def __init__(self, model, options, providers):
        self.model = bytes(model)
        if b"/encoder/Clip_output_0" not in self.model[-80:] and b"Clip_3_output_0" not in self.model[-80:]:
            raise Refused("an unknown output")

    def get_inputs(self):
        return [types.SimpleNamespace(name=name, type=kind) for name, kind in (
            ("input_ids", "tensor(int64)"), ("style", "tensor(float)"), ("speed", "tensor(float)"))]

    def run(self, _, feeds):
        if b"another network" in self.model:
            raise Refused("an input is missing")
        count = feeds["input_ids"].shape[1]
        size = count * 3 * 600 if b"/encoder/Clip_output_0" in self.model[-80:] else 5
        return [np.full((1, size), 0.1 * feeds["style"][0, 0], np.float32), np.full(count, 3.0)]


@pytest.fixture
def runtime(monkeypatch):
    fake = types.ModuleType("onnxruntime")
    fake.InferenceSession = Session
    fake.SessionOptions = lambda: types.SimpleNamespace(add_session_config_entry=lambda *_: None)
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)


def put_files(folder, voice="voices/am_michael.bin"):
    home = folder / "talking_avatar" / "kokoro"
    (home / "voices").mkdir(parents=True)
    (home / "kokoro-v1.0.onnx").write_bytes(b"Clip_3_output_0 and /encoder/Clip_output_0." + bytes(100))
    (home / voice).write_bytes(np.ones((510, 256), "<f4").tobytes())
    return home


def test_a_male_voice_is_offered():
    assert {"am_michael", "af_heart"} <= {backend.id for backend in vk.BACKENDS}
    assert all(backend.priority < 20 for backend in vk.BACKENDS), "the bundled voice is the default"


def test_missing_files_are_named(models, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(MissingWeights, match=r"kokoro-v1.0.onnx, kokoro/voices/am_michael.bin") as error:
        resolve("voice", "am_michael")
    assert "fetch kokoro" in error.value.hint
    put_files(models)
    assert resolve("voice", "am_michael").id == "am_michael"
    with pytest.raises(MissingWeights, match="voices/am_puck.bin"):
        resolve("voice", "am_puck")


def test_a_missing_onnxruntime_is_said(models, monkeypatch):
    put_files(models)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="onnxruntime"):
        resolve("voice", "am_michael")


def test_phones_cover_the_sound_and_times_are_those_of_the_graph(models, runtime):
    put_files(models)
    sound, found = vk.KokoroVoice("am_michael").speak("Maybe Bob.", 1.0, HOST)
    assert found.phones[0].start_s == 0 and found.phones[-1].end_s == pytest.approx(sound.duration_s)
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in zip(found.phones, found.phones[1:], strict=False))
    bob = found.words[1]
    # Every number lasts 75 ms, and times are 75 ms earlier than the durations say: "mˈAbi bˈɑb" begins with
    # a mark; Bob's first sound is the seventh of its symbols.
    assert bob.text == "Bob" and bob.start_s == pytest.approx(0.075 * 6) and bob.end_s == pytest.approx(0.075 * 10)


def test_the_tensor_with_durations_is_found_by_trying(models, runtime):
    home = put_files(models)
    assert vk.Graph(home / "kokoro-v1.0.onnx")._session.model.endswith(b"/encoder/Clip_output_0")
    (home / "other.onnx").write_bytes(b"Clip_3_output_0" + bytes(100))
    with pytest.raises(BackendError, match="no durations"):
        vk.Graph(home / "other.onnx")
    (home / "other.onnx").write_bytes(b"another network Clip_3_output_0" + bytes(100))
    with pytest.raises(BackendError, match="no durations"):
        vk.Graph(home / "other.onnx")


def test_the_real_onnxruntime_refuses_a_damaged_graph_in_one_sentence(tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "kokoro-v1.0.onnx"
    path.write_bytes(b"damaged /a/Clip_output_0 ")
    with pytest.raises(BackendError, match="damaged.*fetch kokoro"):
        vk.Graph(path)


@pytest.mark.parametrize("kind", ["bin", "pt", "safetensors", "npz"])
def test_every_kind_of_voice_file_is_read(tmp_path, kind):
    styles = np.arange(510 * 256, dtype=np.float32).reshape(510, 1, 256)
    path = tmp_path / ("voices-v1.0.bin" if kind == "npz" else f"am_adam.{kind}")
    if kind == "bin":
        path.write_bytes(styles.tobytes())
    elif kind == "pt":
        import torch

        torch.save(torch.from_numpy(styles), path)
    elif kind == "safetensors":
        from safetensors.numpy import save_file

        save_file({"style": styles}, path)
    else:
        with path.open("wb") as handle:
            np.savez(handle, am_adam=styles)
    assert np.array_equal(vk.read_styles(path, "am_adam"), styles[:, 0])


@pytest.mark.parametrize("content", [b"", b"short", b"PK but no archive", b"\x80\x04."])
@pytest.mark.parametrize("name", ["am_adam.bin", "am_adam.pt", "am_adam.safetensors"])
def test_broken_voice_files_are_refused(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BackendError, match="holds no voice") as error:
        vk.read_styles(path, "am_adam")
    assert "fetch kokoro" in error.value.hint


def test_voice_files_of_another_kind_are_refused(tmp_path):
    import torch
    from safetensors.numpy import save_file

    torch.save({"weights": torch.ones(256)}, tmp_path / "table.pt")
    torch.save([1], tmp_path / "list.pt")
    save_file({}, tmp_path / "empty.safetensors")
    (tmp_path / "nan.bin").write_bytes(np.full(256, np.nan, "<f4").tobytes())
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(BackendError, match="holds no voice"):
            vk.read_styles(path, "am_adam")


def test_a_pickle_with_code_is_refused(tmp_path):
    import pickle

    class Bomb:
        def __reduce__(self):
            return (print, ("executed",))

    path = tmp_path / "am_adam.pt"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(BackendError):
        vk.read_styles(path, "am_adam")


def test_the_added_output_leaves_the_model_as_it_was():
    assert vk.with_output(b"\x08\x01", "name") == b"\x08\x01" + b"\x3a\x08" + b"\x62\x06" + b"\x0a\x04name"
