"""Recorded speech for training: what is taken, what is kept out, and when its phones are said."""

import subprocess

import av
import numpy as np
import pytest
from talking_avatar.cli.speech_sets import held_out, voices
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, load
from talking_avatar.cli.viseme_metrics import score_phones
from talking_avatar.models.speech_articulation import WEIGHTS, load_weights
from talking_avatar.pipeline_core.errors import ContractError, InputError
from talking_avatar.pipeline_core.media.audio import save_wav
from talking_avatar.pipeline_core.types import Sound
from talking_avatar.tools.articulation import recorded, recordings

TEXT = "Maybe Paul will move the brown table before the farmer comes."


def flac(path, level=0.3, length_s=3.0):
    samples = (np.random.default_rng(0).standard_normal((1, int(length_s * 16000))) * level * 8000).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        frame.rate = 16000
        container.mux(list(stream.encode(frame)) + list(stream.encode(None)))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    for speaker, level in (("61", 0.3), ("260", 0.3), ("908", 0.0001)):
        chapter = folder / "LibriSpeech" / "test-clean" / speaker / "7"
        chapter.mkdir(parents=True)
        flac(chapter / f"{speaker}-7-0000.flac", level)
        (chapter / f"{speaker}-7.trans.txt").write_text(f"{speaker}-7-0000 HE HOPED THERE WOULD BE STEW\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run(git + arguments, check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    return recordings.Repository(folder, commit)


def test_the_measured_speaker_and_whispers_of_noise_are_left_out(repository, tmp_path):
    minutes, number, digest = recordings.save(recordings.librispeech(repository), tmp_path)
    assert [path.name for path in tmp_path.glob("*.wav")] == ["librispeech-260-7-0000.wav"] and number == 1
    assert minutes == pytest.approx(3 / 60, abs=1e-3) and len(digest) == 64
    assert (tmp_path / "librispeech-260-7-0000.txt").read_text() == "He hoped there would be stew\n"
    assert "61" in held_out.LIBRISPEECH_SPEAKERS


def test_sources_that_have_changed_are_refused(repository, tmp_path, monkeypatch):
    source = recordings.Source(repository.folder.name, "there", repository.commit, recordings.librispeech, "0" * 64)
    monkeypatch.setattr(recordings, "SOURCES", (source,))
    with pytest.raises(ContractError, match="something else"):
        recordings.build(repository.folder.parent, tmp_path / "recordings")
    digest = recordings.save(recordings.librispeech(repository), tmp_path)[2]
    monkeypatch.setattr(recordings, "SOURCES", (source._replace(sha256=digest),))
    recordings.build(repository.folder.parent, tmp_path / "recordings")
    assert len(list((tmp_path / "recordings").glob("*.wav"))) == 1


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    spoken = voices.speak(TEXT)
    path = tmp_path_factory.mktemp("recordings") / "librispeech-260-7-0000.wav"
    save_wav(path, Sound(spoken.samples[None], RATE_HZ))
    return path, spoken


def test_a_recording_gets_the_times_of_its_phones(recording):
    path, spoken = recording
    path.with_suffix(".txt").write_text(TEXT)
    found = recorded.aligned(path, load_weights())
    figures = score_phones(spoken, found.phones, found.closures).figures()
    assert figures["acc9_speech"] > 75 and figures["recall80"] > 90
    assert (found.voice, found.engine) == ("librispeech-260", "recorded") and found.duration_s == pytest.approx(spoken.duration_s)


def test_a_recording_with_another_text_is_left_out(recording, tmp_path, capsys):
    path, _ = recording
    path.with_suffix(".txt").write_text("The quick harvest of yellow corn surprised nobody in Dakota.")
    with pytest.raises(InputError):
        recorded.aligned(path, load_weights())
    recorded.build(path.parent, tmp_path, WEIGHTS, 1)
    assert not list(tmp_path.iterdir()) and "not what is said" in capsys.readouterr().out
    path.with_suffix(".txt").write_text(TEXT)
    recorded.build(path.parent, tmp_path, WEIGHTS, 1)
    assert load(tmp_path / "librispeech-260-7-0000.npz").text == TEXT


@pytest.mark.parametrize(("name", "speaker"), [("librispeech-1089-134686-0000", "librispeech-1089"),
                                               ("speechocean-014200011", "speechocean-0142")])
def test_names_tell_the_speaker(name, speaker):
    assert recorded.speaker_of(name) == speaker
