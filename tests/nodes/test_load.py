import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from talking_avatar.models.samples import ASSETS, PORTRAITS, RECORDINGS
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia

ASTRONAUT, CUT_OUT, PAIR = PORTRAITS
SPEECH = next(iter(RECORDINGS))


@pytest.fixture
def node(classes):
    return classes["TA_LoadPortrait"]


@pytest.fixture
def speech_node(classes):
    return classes["TA_LoadSpeech"]


@pytest.fixture
def photo(comfy, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "input" / "photo.png")
    (tmp_path / "input" / "notes.txt").write_text("x")
    return pixels


def choices(node):
    return next(socket for socket in node.define_schema().inputs if socket.id == "file").options["options"]


def test_a_file_becomes_a_portrait_an_image_and_a_mask(node, photo):
    result = node.execute(file="photo.png")
    portrait, image, mask = result.args
    assert np.array_equal(portrait.alpha, photo[..., 3])
    assert image.shape == (1, 40, 30, 3) and result.ui is None
    assert torch.allclose(mask[0], 1 - torch.from_numpy(photo[..., 3] / 255.0).float(), atol=1e-6)


def test_samples_come_first_and_only_pictures_are_offered(node, photo):
    assert choices(node) == [ASTRONAUT, CUT_OUT, PAIR, "photo.png"]


def test_no_input_folder_is_no_error(node, comfy, tmp_path):
    (tmp_path / "input").rmdir()
    assert choices(node) == [ASTRONAUT, CUT_OUT, PAIR]


def test_samples_need_no_upload_and_are_shown_in_the_node(node, comfy):
    result = node.execute(file=ASTRONAUT)
    portrait, image, mask = result.args
    assert portrait.image.shape == (512, 512, 3) and not mask.any()
    assert torch.equal(result.ui.image, image) and node.validate_inputs(file=ASTRONAUT) is True
    result = node.execute(file=CUT_OUT)
    cut = result.args
    assert result.ui.image.shape == (1, 512, 512, 4)
    assert 0.2 < cut[2].mean() < 0.6 and cut[0].alpha is not None
    assert node.fingerprint_inputs(file=ASTRONAUT) != node.fingerprint_inputs(file=CUT_OUT) != ""


def test_an_image_takes_the_place_of_the_file(node, photo):
    portrait, image, mask = node.execute(file="gone.png", image=torch.full((1, 48, 48, 3), 0.5)).args
    assert portrait.image.shape == (48, 48, 3) and portrait.alpha is None
    assert image.shape == (1, 48, 48, 3) and not mask.any() and mask.shape == (1, 48, 48)
    # ComfyUI hands None for what is connected: its file is not missed then.
    assert node.validate_inputs(file="gone.png", image=None) is True
    assert "gone.png" in node.validate_inputs(file="gone.png")


@pytest.mark.parametrize("file", [None, "", "gone.png", "../secret.png", "../input2/photo.png", "/etc/passwd",
                                  "sample: zzz"])
def test_files_outside_the_input_folder_do_not_exist(node, comfy, tmp_path, file):
    (tmp_path / "input2").mkdir()
    for place in (tmp_path / "secret.png", tmp_path / "input2" / "photo.png"):
        Image.new("RGB", (8, 8)).save(place)
    with pytest.raises(UnreadableMedia, match="hint: .*choose file to upload"):
        node.execute(file=file)
    assert node.fingerprint_inputs(file=file) == ""


def test_links_of_the_input_folder_are_followed_and_lead_no_further(node, comfy, tmp_path):
    shelf = tmp_path / "shelf" / "deep"
    shelf.mkdir(parents=True)
    for place in (shelf / "me.png", tmp_path / "shelf" / "secret.png"):
        Image.new("RGB", (32, 32)).save(place)
    (tmp_path / "input" / "link.png").symlink_to(shelf / "me.png")
    (tmp_path / "input" / "photos").symlink_to(shelf)
    assert "link.png" in choices(node)
    for file in ("link.png", "photos/me.png"):
        assert node.validate_inputs(file=file) is True and node.execute(file=file).args[0].width_px == 32
    assert "secret.png" in node.validate_inputs(file="photos/../secret.png")


def test_a_missing_file_says_where_to_put_it(node, speech_node, comfy, tmp_path):
    for cls, name in ((node, "my photo.png"), (speech_node, "my talk.wav")):
        answer = cls.validate_inputs(file=name)
        assert f"Put {name} into {tmp_path / 'input'}" in answer


def test_the_fingerprint_follows_the_content(node, photo, tmp_path):
    first = node.fingerprint_inputs(file="photo.png")
    assert node.fingerprint_inputs(file="photo.png") == first
    Image.new("RGB", (8, 8)).save(tmp_path / "input" / "photo.png")
    assert node.fingerprint_inputs(file="photo.png") != first


def test_a_sample_recording_comes_with_its_words(speech_node, comfy):
    audio, transcript = speech_node.execute(file=SPEECH).args
    assert audio["sample_rate"] == 16000 and audio["waveform"].shape[:2] == (1, 1)
    assert transcript == RECORDINGS[SPEECH].transcript


def test_a_recording_takes_the_text_beside_it(speech_node, comfy, tmp_path):
    place = tmp_path / "input" / "talk.flac"
    shutil.copy(ASSETS / "sample_speech.flac", place)
    assert "talk.flac" in choices(speech_node)
    assert speech_node.execute(file="talk.flac").args[1] == ""
    before = speech_node.fingerprint_inputs(file="talk.flac")
    place.with_suffix(".txt").write_text("\ufeffHello there.\n", encoding="utf-8")
    assert speech_node.execute(file="talk.flac").args[1] == "Hello there."
    assert speech_node.fingerprint_inputs(file="talk.flac") != before
    place.with_suffix(".txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(InputError, match="UTF-8"):
        speech_node.execute(file="talk.flac")


def test_a_text_that_is_too_long_for_a_transcript_is_left_out_and_said(speech_node, comfy, tmp_path, caplog):
    place = tmp_path / "input" / "talk.flac"
    shutil.copy(ASSETS / "sample_speech.flac", place)
    place.with_suffix(".txt").write_text("word " * 30_000, encoding="utf-8")
    assert speech_node.execute(file="talk.flac").args[1] == ""
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "'talk.txt' is larger than 100 kB: it is not taken for a transcript"]
