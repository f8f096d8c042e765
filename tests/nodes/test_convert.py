import io
from fractions import Fraction

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.media.video import probe


@pytest.fixture
def convert(pack):
    from talking_avatar.nodes import convert

    return convert


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)


def test_pictures_survive_the_way_there_and_back(convert, picture):
    image = convert.to_image(picture)
    assert image.shape == (1, 50, 70, 3) and image.dtype == torch.float32 and 0 <= image.min() <= image.max() <= 1
    assert np.array_equal(convert.to_pixels(image[0]), picture)


def test_a_batch_is_converted_one_by_one_and_back_exactly(convert, picture, monkeypatch):
    batch = convert.ImageBatch(convert.to_image(np.stack([picture, 255 - picture])))
    assert len(batch) == 2 and batch.size_px == (70, 50)
    made = []
    monkeypatch.setattr(convert, "to_pixels", lambda image, real=convert.to_pixels: made.append(1) or real(image))
    assert np.array_equal(batch[1], 255 - picture) and made == [1]
    assert convert.ImageBatch(torch.zeros((1, 4, 4, 1)))[0].shape == (4, 4, 3)
    for bad in (torch.zeros((0, 4, 4, 3)), torch.zeros((2, 4, 4, 5)), torch.zeros((1, 3, 4, 8))):
        with pytest.raises(InputError, match="shape"):
            convert.ImageBatch(bad)


def test_values_outside_the_range_are_clipped_not_wrapped(convert):
    odd = torch.tensor([[[2.0, -1.0, float("nan")]]])
    assert convert.to_pixels(odd).tolist() == [[[255, 0, 0]]]


def test_masks_survive_the_way_there_and_back(convert, picture):
    mask = picture[..., 0]
    assert np.array_equal(convert.to_bitmap(convert.to_mask(mask)), mask)
    assert np.array_equal(convert.to_bitmap(convert.to_mask(mask), invert=True), 255 - mask)
    assert np.array_equal(convert.to_bitmap(convert.to_mask(mask)[0]), mask)


def test_a_portrait_is_transparent_where_the_mask_is_white(convert, picture):
    mask = torch.zeros((1, 50, 70))
    mask[:, 20:] = 1.0
    portrait = convert.to_portrait(convert.to_image(picture), mask)
    assert portrait.alpha[:20].min() == 255 and portrait.alpha[20:].max() == 0
    assert convert.to_portrait(convert.to_image(picture), torch.zeros((1, 64, 64))).alpha is None


def test_a_mask_of_another_size_is_explained(convert, picture):
    with pytest.raises(InputError, match=r"the mask is 64 x 64 px, the picture 70 x 50"):
        convert.to_portrait(convert.to_image(picture), torch.ones((1, 64, 64)))


def test_an_empty_image_is_explained_and_a_batch_gives_its_first(convert, picture, caplog):
    with pytest.raises(InputError, match="no picture"):
        convert.to_portrait(torch.zeros((0, 50, 70, 3)))
    batch = convert.to_image(np.stack([picture, 255 - picture]))
    assert np.array_equal(convert.to_portrait(batch).image, picture)
    assert "first one is used" in caplog.text


def test_sound_survives_the_way_there_and_back(convert):
    waveform = torch.rand((1, 2, 100)) - 0.5
    sound = convert.to_sound({"waveform": waveform, "sample_rate": 8000})
    assert sound.rate_hz == 8000 and np.array_equal(sound.samples, waveform[0].numpy())
    back = convert.to_audio(sound)
    assert back["sample_rate"] == 8000 and torch.equal(back["waveform"], waveform)
    back["waveform"][:] = 0  # other nodes may write into what they get; the track must not change
    assert np.array_equal(sound.samples, waveform[0].numpy())


@pytest.mark.parametrize("audio", [None, {}, {"waveform": torch.zeros((0, 1, 10)), "sample_rate": 8000}])
def test_an_empty_audio_is_explained(convert, audio):
    with pytest.raises(InputError, match="AUDIO"):
        convert.to_sound(audio)


def test_a_video_in_memory_becomes_a_file(convert, comfy, tmp_path, picture):
    clip = tmp_path / "clip.mp4"
    write_video(iter([np.zeros((36, 64, 3), np.uint8)] * 5), clip, fps=Fraction(25), size=(64, 36), count=5, sound=None,
                settings=EncodeSettings(), metadata={}, host=PlainHost())

    class Video:
        def __init__(self, source):
            self.source = source

        def get_stream_source(self):
            return self.source

    assert convert.to_media(Video(str(clip))).path == str(clip)
    made = convert.to_media(Video(io.BytesIO(clip.read_bytes())))
    assert made.path.startswith(comfy.get_temp_directory()) and probe(made.path).width_px == 64
    with pytest.raises(UnreadableMedia):
        convert.to_media(Video(str(tmp_path / "missing.mp4")))
