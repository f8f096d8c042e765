"""IMAGE, MASK, AUDIO and VIDEO as other packs really hand them on."""

import importlib
import io
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia


@pytest.fixture(scope="module")
def convert():
    """nodes.convert on the stand-in for ComfyUI."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fakes"))
    return importlib.import_module("talking_avatar.nodes.convert")


@pytest.fixture
def folder(convert, tmp_path):
    convert.folder_paths.base = tmp_path
    (tmp_path / "temp").mkdir()
    return tmp_path / "temp"


@pytest.fixture
def rgb(make):
    return make.picture()


def as_image(rgb):
    return torch.from_numpy(rgb.astype(np.float32) / 255)[None]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float32])
def test_floats_of_any_precision(convert, rgb, dtype):
    found = convert.to_portrait(as_image(rgb).to(dtype)).image
    assert np.abs(found.astype(int) - rgb).max() <= (1 if dtype == torch.bfloat16 else 0)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_whole_numbers_are_grey_levels(convert, rgb, dtype):
    assert np.array_equal(convert.to_portrait(torch.from_numpy(rgb)[None].to(dtype)).image, rgb)
    mask = torch.from_numpy(rgb[..., 0])[None].to(dtype)
    assert np.array_equal(convert.to_bitmap(mask), rgb[..., 0])
    assert np.array_equal(convert.to_bitmap(mask, invert=True), 255 - rgb[..., 0])


def test_values_out_of_range_and_none(convert, rgb):
    image = as_image(rgb)
    image[0, 0, 0] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    image[0, 0, 1] = torch.tensor([7.0, -3.0, 1e30])
    before = image.clone()
    found = convert.to_portrait(image).image
    assert found[0, 0].tolist() == [0, 255, 0] and found[0, 1].tolist() == [255, 0, 255]
    assert np.array_equal(found[1:], rgb[1:])
    assert torch.equal(torch.nan_to_num(image), torch.nan_to_num(before))  # the tensor of the other node is left alone


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_one_to_four_channels(convert, rgb, channels):
    image = torch.cat([as_image(rgb), torch.full((1, 48, 64, 1), 0.5)], dim=3)[..., [0, 3] if channels == 2 else slice(channels)]
    portrait = convert.to_portrait(image)
    assert portrait.image.shape == (48, 64, 3) and (portrait.alpha is not None) == (channels in (2, 4))
    assert np.array_equal(portrait.image[..., 0], rgb[..., 0])
    frame = convert.ImageBatch(image)[0]
    assert frame.shape == (48, 64, 4 if channels in (2, 4) else 3)


def test_views_and_gradients(convert, rgb):
    image = as_image(rgb)
    turned = image.permute(0, 2, 1, 3).flip(1)
    assert np.array_equal(convert.to_portrait(turned).image, rgb.transpose(1, 0, 2)[::-1])
    assert np.array_equal(convert.to_portrait(image.clone().requires_grad_()).image, rgb)
    assert np.array_equal(convert.to_portrait(image.expand(5, -1, -1, -1)).image, rgb)


class Elsewhere(torch.Tensor):
    """Like a tensor on a graphics card: numpy may see it only after a copy to the CPU."""

    def numpy(self, *arguments, **options):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def to(self, *arguments, **options):
        return self.as_subclass(torch.Tensor).to(*arguments, **options)

    def cpu(self, *arguments, **options):
        return self.as_subclass(torch.Tensor).cpu(*arguments, **options)


def test_tensors_on_another_device(convert, rgb):
    image = as_image(rgb).as_subclass(Elsewhere)
    with pytest.raises(TypeError):
        image.numpy()  # control
    assert np.array_equal(convert.to_portrait(image).image, rgb)
    assert np.array_equal(convert.to_bitmap(image[..., 0]), rgb[..., 0])
    waveform = (torch.rand((1, 1, 800)) - 0.5).as_subclass(Elsewhere)
    assert convert.to_sound({"waveform": waveform, "sample_rate": 8000}).samples.shape == (1, 800)


@pytest.mark.parametrize("shape", [(0, 48, 64, 3), (1, 0, 64, 3), (1, 3, 48, 64), (1, 48, 64, 5), (1, 1, 48, 64, 3), (64,), ()])
def test_images_that_are_none(convert, shape):
    for use in (convert.to_portrait, convert.ImageBatch):
        with pytest.raises(InputError) as caught:
            use(torch.zeros(shape))
        assert "IMAGE" in caught.value.message and caught.value.hint


def test_single_pictures_without_a_batch(convert, rgb):
    image = as_image(rgb)
    assert np.array_equal(convert.to_portrait(image[0]).image, rgb)
    assert np.array_equal(convert.to_portrait(image[0, ..., 0]).image[..., 1], rgb[..., 0])


@pytest.mark.parametrize("shape", [(48, 64), (1, 48, 64), (1, 1, 48, 64), (1, 48, 64, 1), (3, 48, 64)])
def test_masks_of_any_shape(convert, rgb, shape):
    values = torch.from_numpy(rgb[..., 0] / 255.0).float()
    mask = values.reshape(shape) if values.numel() == np.prod(shape) else values.expand(shape)
    assert np.array_equal(convert.to_bitmap(mask), rgb[..., 0])
    assert convert.to_portrait(as_image(rgb), mask).alpha is not None


def test_masks_that_are_none(convert, rgb):
    for mask in (torch.zeros((0, 48, 64)), torch.zeros(5), torch.zeros((1, 0, 64))):
        with pytest.raises(InputError, match="MASK"):
            convert.to_bitmap(mask)
    odd = torch.full((1, 48, 64), float("nan"))
    assert convert.to_portrait(as_image(rgb), odd).alpha is None  # not a number hides nothing


def test_a_huge_batch_is_read_picture_by_picture(convert, rgb, monkeypatch):
    """An expanded tensor takes no memory; every picture that is converted takes some."""
    seen = []
    real = convert.to_pixels
    monkeypatch.setattr(convert, "to_pixels", lambda image: seen.append(1) or real(image))
    huge = as_image(rgb).expand(1_000_000, -1, -1, -1)
    batch = convert.ImageBatch(huge)
    assert len(batch) == 1_000_000 and batch.size_px == (64, 48) and not seen
    assert np.array_equal(batch[999_999], rgb) and len(seen) == 1
    assert np.array_equal(convert.to_portrait(huge).image, rgb) and len(seen) == 2


@pytest.mark.parametrize("audio", [
    None, {}, [], "sound", {"waveform": torch.zeros((1, 1, 100))}, {"sample_rate": 8000}, {"waveform": None, "sample_rate": 8000},
    {"waveform": torch.zeros((1, 1, 0)), "sample_rate": 8000}, {"waveform": torch.zeros((0, 1, 10)), "sample_rate": 8000},
    {"waveform": torch.zeros((1, 0, 10)), "sample_rate": 8000}, {"waveform": torch.zeros((1, 1, 1, 10)), "sample_rate": 8000},
    {"waveform": torch.zeros((1, 1, 10), dtype=torch.complex64), "sample_rate": 8000},
    {"waveform": torch.zeros((1, 1, 10)), "sample_rate": 0}, {"waveform": torch.zeros((1, 1, 10)), "sample_rate": None},
    {"waveform": torch.zeros((1, 1, 10)), "sample_rate": "fast"}, {"waveform": torch.zeros((1, 1, 10)), "sample_rate": float("nan")},
    {"waveform": torch.tensor(0.5), "sample_rate": 10**9}])  # fmt: skip
def test_sounds_that_are_none(convert, audio):
    with pytest.raises(InputError, match="AUDIO") as caught:
        convert.to_sound(audio)
    assert caught.value.hint


@pytest.mark.parametrize("shape", [(800,), (1, 800), (2, 800), (1, 2, 800), (3, 1, 800)])
def test_sounds_of_any_shape(convert, caplog, shape):
    waveform = torch.rand(shape) - 0.5
    sound = convert.to_sound({"waveform": waveform, "sample_rate": 8000.0})
    first = waveform[0] if len(shape) == 3 else waveform
    assert np.array_equal(sound.samples, np.atleast_2d(first.numpy()))
    assert ("first one is used" in caplog.text) == (shape[0] == 3 and len(shape) == 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int16, torch.int32, torch.uint8])
def test_sounds_of_any_type(convert, make, dtype):
    wave = torch.from_numpy(make.tone(8000)[None])
    if not dtype.is_floating_point:
        info = torch.iinfo(dtype)
        wave = (wave * (info.max // 2 if info.min == 0 else info.max) + (info.max // 2 + 1 if info.min == 0 else 0)).to(dtype)
    sound = convert.to_sound({"waveform": wave.to(dtype), "sample_rate": 8000})
    assert np.abs(sound.samples - make.tone(8000)).max() < 0.015


def test_lazy_audio_and_odd_values(convert):
    class Lazy(Mapping):
        """VideoHelperSuite decodes when it is asked."""

        values = {"waveform": torch.full((1, 1, 100), float("nan")), "sample_rate": 8000}

        def __getitem__(self, key):
            return self.values[key]

        def __iter__(self):
            return iter(self.values)

        def __len__(self):
            return len(self.values)

    sound = convert.to_sound(Lazy())
    assert not sound.samples.any() and "not numbers" in sound.warnings[0]


def test_surround_from_another_node_keeps_its_centre(convert):
    waveform = torch.zeros((1, 6, 100))
    waveform[0, 2] = 0.5
    sound = convert.to_sound({"waveform": waveform, "sample_rate": 8000})
    assert sound.samples.shape[0] == 2 and sound.samples.min() > 0.3


class InMemory:
    def __init__(self, data):
        self.stream = io.BytesIO(data)
        self.stream.seek(0, io.SEEK_END)  # as after writing

    def get_stream_source(self):
        return self.stream


def test_videos_in_memory_are_written_once(convert, make, folder, tmp_path):
    data = make.video_file(tmp_path / "a.mp4", make.numbered(3)).read_bytes()
    first, again = (convert.to_media(InMemory(data)) for _ in range(2))
    assert first == again and [p.name for p in folder.iterdir()] == [Path(first.path).name]
    other = make.video_file(tmp_path / "b.mp4", make.numbered(4)).read_bytes()
    assert convert.to_media(InMemory(other)) != first
    Path(first.path).unlink()  # ComfyUI empties its temp folder
    assert convert.to_media(InMemory(data)) == first


class Cut(InMemory):
    """A VIDEO of later versions of ComfyUI: what streams is the whole file, `save_to` writes the cut."""

    def __init__(self, path, data, window):
        self.path, self.data, self.window = path, data, window

    def get_stream_source(self):
        return str(self.path)

    def get_active_trim_window(self):
        return self.window

    def save_to(self, target):
        if self.data is None:
            raise ValueError("H264 output requires even dimensions")
        target.write(self.data)


def test_a_cut_video_is_not_taken_as_a_whole(convert, make, folder, tmp_path):
    whole = make.video_file(tmp_path / "a.mp4", make.numbered(6))
    part = make.video_file(tmp_path / "b.mp4", make.numbered(2)).read_bytes()
    assert convert.to_media(Cut(whole, part, (0.0, 0.0))).path == str(whole) and not list(folder.iterdir())
    for window in ((0.04, 0.0), (0.0, 0.08)):
        assert Path(convert.to_media(Cut(whole, part, window)).path).read_bytes() == part
    with pytest.raises(UnreadableMedia, match="even dimensions") as caught:
        convert.to_media(Cut(whole, None, (0.0, 1.0)))
    assert "IMAGE" in caught.value.hint


def test_pictures_of_phones_are_offered_where_the_system_does_not_know_them(convert, folder, monkeypatch):
    input_files = importlib.import_module("talking_avatar.nodes.input_files")
    (folder.parent / "input").mkdir()
    for name in ("IMG_1.HEIC", "b.avif", "photo.png", "notes.txt"):
        (folder.parent / "input" / name).touch()
    monkeypatch.setattr(convert.folder_paths, "filter_files_content_types", lambda names, kinds: ["photo.png"])
    assert input_files.file_choices(["image"], ()) == ["IMG_1.HEIC", "b.avif", "photo.png"]
    assert input_files.file_choices(["audio"], ()) == ["photo.png"]  # what ComfyUI says is kept
