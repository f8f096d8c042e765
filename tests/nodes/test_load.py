import numpy as np
import pytest
import torch
from PIL import Image
from talking_avatar.pipeline_core.errors import UnreadableMedia


@pytest.fixture
def node(classes):
    return classes["TA_LoadPortrait"]


@pytest.fixture
def photo(comfy, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 4), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "input" / "photo.png")
    (tmp_path / "input" / "notes.txt").write_text("x")
    return pixels


def test_a_file_becomes_a_portrait_an_image_and_a_mask(node, photo):
    portrait, image, mask = node.execute(file="photo.png").args
    assert np.array_equal(portrait.alpha, photo[..., 3])
    assert image.shape == (1, 40, 30, 3)
    assert torch.allclose(mask[0], 1 - torch.from_numpy(photo[..., 3] / 255.0).float(), atol=1e-6)


def test_only_pictures_are_offered(node, photo):
    file = next(socket for socket in node.define_schema().inputs if socket.id == "file")
    assert file.options["options"] == ["photo.png"]


def test_pictures_of_phones_are_offered_where_the_system_does_not_know_them(node, photo, tmp_path, comfy, monkeypatch):
    monkeypatch.setattr(comfy, "filter_files_content_types", lambda names, kinds: ["photo.png"])
    for name in ("IMG_1.HEIC", "b.avif"):
        (tmp_path / "input" / name).touch()
    file = next(socket for socket in node.define_schema().inputs if socket.id == "file")
    assert file.options["options"] == ["IMG_1.HEIC", "b.avif", "photo.png"]


def test_no_input_folder_is_no_error(node, comfy, tmp_path):
    (tmp_path / "input").rmdir()
    assert node.define_schema().inputs[0].options["options"] == []


def test_an_image_takes_the_place_of_the_file(node, photo):
    portrait, image, mask = node.execute(file="gone.png", image=torch.full((1, 48, 48, 3), 0.5)).args
    assert portrait.image.shape == (48, 48, 3) and portrait.alpha is None
    assert image.shape == (1, 48, 48, 3) and not mask.any() and mask.shape == (1, 48, 48)


@pytest.mark.parametrize("file", [None, "", "gone.png", "../secret.png", "../input2/photo.png", "/etc/passwd"])
def test_files_outside_the_input_folder_do_not_exist(node, comfy, tmp_path, file):
    (tmp_path / "input2").mkdir()
    for place in (tmp_path / "secret.png", tmp_path / "input2" / "photo.png"):
        Image.new("RGB", (8, 8)).save(place)
    with pytest.raises(UnreadableMedia, match="hint: Press"):
        node.execute(file=file)
    assert node.fingerprint_inputs(file=file) == ""


def test_the_fingerprint_follows_the_content(node, photo, tmp_path):
    first = node.fingerprint_inputs(file="photo.png")
    assert node.fingerprint_inputs(file="photo.png") == first
    Image.new("RGB", (8, 8)).save(tmp_path / "input" / "photo.png")
    assert node.fingerprint_inputs(file="photo.png") != first
