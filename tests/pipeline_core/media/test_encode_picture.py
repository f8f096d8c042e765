"""Colour, transparency, dithering, and what players need to know."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import (
    EncodeSettings,
    find_format,
    picture,
    usable_formats,
    write_video,
)
from talking_avatar.pipeline_core.media.encode.limits import h264_references, limit_options, waiting_pictures
from talking_avatar.pipeline_core.media.encode.palette import CLEAR, ColourSampler, Ditherer
from talking_avatar.tests import decoding

FORMATS = usable_formats()
WITH_ALPHA = [name for name in FORMATS if find_format(name).has_alpha and name != "gif"]
WIDTH, HEIGHT = 128, 96
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]


def portrait_like():
    """A smooth picture with skin, blue and dark parts; chroma changes slowly, so that halving it costs little."""
    return np.stack([40 + X + Y // 2, 60 + Y, 200 - X], -1).astype(np.uint8)


def with_alpha():
    ramp = np.clip(X * 3 - 60, 0, 255)
    return np.dstack([portrait_like(), ramp]).astype(np.uint8)


def write(folder, name, frames, **rest):
    path = folder / ("clip" + find_format(name).ending)
    size = frames[0].shape[1::-1]
    write_video(frames, path, fps=Fraction(25), size=size, count=len(frames), sound=None, host=PlainHost(),
                settings=EncodeSettings(name, **{"crf": 12, **rest}), metadata={})
    return path


def psnr(got, want):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((got.astype(float) - want) ** 2)))


@pytest.mark.parametrize("name", FORMATS)
def test_colours_survive_the_whole_chain(tmp_path, name):
    want = portrait_like()
    _, got = decoding.pictures(write(tmp_path, name, [want] * 3), find_format(name))[-1]
    error = got[..., :3].astype(float) - want
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.8
    assert psnr(got[..., :3], want) > (30 if name == "gif" else 38)
    # Control: red and blue exchanged, or BT.601 read as BT.709, must fail these gates.
    assert psnr(got[..., 2::-1], want) < 30
    luma_601, luma_709 = got[..., :3] @ [0.299, 0.587, 0.114], got[..., :3] @ [0.2126, 0.7152, 0.0722]
    assert np.abs((luma_601 - luma_709).mean()) > 0.8


@pytest.mark.parametrize("name", [n for n in FORMATS if find_format(n).pixel_format.startswith("yuv")])
def test_files_say_bt709(tmp_path, name):
    path = write(tmp_path, name, [portrait_like()] * 3)
    frame = decoding.raw_frames(path)[0]
    assert (frame.colorspace, frame.color_range) == (1, 1)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc) == (1, 1)


@pytest.mark.parametrize(("name", "profile"), [("mov-prores4444", "4444"), ("mov-prores422hq", "HQ"), ("mp4-h264", "High")])
def test_the_profile_is_what_the_name_says(tmp_path, name, profile):
    with av.open(str(write(tmp_path, name, [portrait_like()] * 2))) as container:
        assert container.streams.video[0].codec_context.profile == profile


@pytest.mark.parametrize("name", WITH_ALPHA)
def test_transparency_survives_as_straight_alpha(tmp_path, name):
    want = with_alpha()
    _, got = decoding.pictures(write(tmp_path, name, [want] * 3), find_format(name))[-1]
    exact = name in ("mkv-ffv1-flac", "png-sequence")
    assert np.abs(got[..., 3].astype(float) - want[..., 3]).max() <= (0 if exact else 6)
    for behind in (0, 255):
        over = [p[..., :3] * (p[..., 3:] / 255) + behind * (1 - p[..., 3:] / 255) for p in (got.astype(float), want)]
        assert psnr(*over) > 38
        assert np.abs((over[0] - over[1]).mean(axis=(0, 1))).max() < 0.8
    # Control: the same colours taken for premultiplied ones fail the gate.
    assert psnr(got[..., :3].astype(float), want[..., :3] * (want[..., 3:] / 255)) < 30


def test_the_usual_vp9_decoder_loses_the_transparency(tmp_path):
    path = write(tmp_path, "webm-vp9-alpha", [with_alpha()] * 3)
    assert decoding.raw_frames(path, "libvpx-vp9")[0].format.name == "yuva420p"
    assert decoding.raw_frames(path, "vp9")[0].format.name == "yuv420p"  # why the others are read as they are
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata["alpha_mode"] == "1"


def test_gif_pixels_are_clear_or_opaque(tmp_path):
    _, got = decoding.pictures(write(tmp_path, "gif", [with_alpha()] * 2), find_format("gif"))[-1]
    np.testing.assert_array_equal(got[..., 3], np.where(with_alpha()[..., 3] >= 128, 255, 0))


def test_clear_pixels_that_become_opaque_and_back_are_right_in_gif(tmp_path):
    frames = [np.dstack([portrait_like(), np.where((X + 20 * i) % 60 < 30, 255, 0).astype(np.uint8)]) for i in range(4)]
    for (_, got), want in zip(decoding.pictures(write(tmp_path, "gif", frames), find_format("gif")), frames, strict=True):
        np.testing.assert_array_equal(got[..., 3], want[..., 3])


def test_what_stands_still_does_not_flicker_in_gif(tmp_path):
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(6):
        frame = portrait_like()
        frame[40:60, 40:80] = rng.integers(0, 256, (20, 40, 3))
        frames.append(frame)
    seen = np.stack([pixels for _, pixels in decoding.pictures(write(tmp_path, "gif", frames), find_format("gif"))])
    still = np.ones((HEIGHT, WIDTH), bool)
    still[40:60, 40:80] = False
    assert (seen[1:, still] == seen[:1, still]).all()
    assert (seen[1:, ~still] != seen[:-1, ~still]).any()  # control: what moves does change


def test_dithering_keeps_the_mean_of_a_gradient_and_few_colours_stay_exact():
    ramp = np.dstack([np.tile(np.linspace(0, 255, 256).astype(np.uint8), (64, 1))] * 3 + [np.full((64, 256), 255, np.uint8)])
    levels = np.repeat(np.arange(0, 256, 15, dtype=np.uint8)[:, None], 3, 1)
    index = Ditherer(levels).indices(ramp)
    shown = levels[index][..., 0].astype(float)
    assert np.abs(shown.reshape(64, 16, 16).mean(axis=(0, 2)) - ramp[..., 0].reshape(64, 16, 16).mean(axis=(0, 2)))[1:-1].max() < 4
    sampler = ColourSampler(1)
    flat = np.full((32, 32, 4), 255, np.uint8)
    flat[:16, :, :3], flat[16:, :, 3] = (200, 30, 40), 0
    sampler.add(flat)
    palette = sampler.palette()
    np.testing.assert_array_equal(palette, [[200, 30, 40]])
    assert (Ditherer(palette).indices(flat)[16:] == CLEAR).all()


def test_a_sampler_of_clear_frames_has_a_palette():
    sampler = ColourSampler(1)
    sampler.add(np.zeros((32, 32, 4), np.uint8))
    assert len(sampler.palette()) == 1


def h264_level(path):
    with av.open(str(path)) as container:
        extra = bytes(container.streams.video[0].codec_context.extradata)
    return extra[3]  # AVCDecoderConfigurationRecord: version, profile, compatibility, level


@pytest.mark.parametrize("preset", ["ultrafast", "veryslow"])
def test_4k_at_30_plays(tmp_path, preset):
    y, x = np.mgrid[0:2160, 0:3840].astype(np.uint16)
    frames = [np.stack([(x + 8 * i) // 16, y // 9, (x + y) // 24], -1).astype(np.uint8) for i in range(2)]
    path = tmp_path / "a.mp4"
    write_video(frames, path, fps=Fraction(30), size=(3840, 2160), count=2, sound=None, host=PlainHost(),
                settings=EncodeSettings(preset=preset, crf=30), metadata={})
    assert h264_level(path) <= 51
    seen = decoding.raw_frames(path)
    assert len(seen) == 2 and (seen[0].width, seen[0].height) == (3840, 2160)
    assert psnr(decoding.to_rgba(seen[-1])[::16, ::16, :3], frames[-1][::16, ::16]) > 35


def test_slow_presets_stay_within_level_and_memory():
    assert h264_references((3840, 2160), Fraction(30)) == 5 and h264_references((1920, 1080), Fraction(30)) == 4
    options = limit_options("libx264", "veryslow", (3840, 2160), Fraction(30), 99)
    assert options == {"rc-lookahead": "12", "refs": "5"}
    assert limit_options("libx264", "veryfast", (1280, 720), Fraction(25), 99) == {"rc-lookahead": "10", "refs": "1"}
    assert waiting_pictures((8192, 8192)) == 1 and limit_options("ffv1", "fast", (64, 64), Fraction(25), 9) == {}


def test_previews_shrink_transparent_pictures_without_dark_edges(tmp_path):
    frame = np.zeros((256, 1280, 4), np.uint8)
    frame[:, :641] = (200, 150, 100, 255)
    path = write(tmp_path, "webp", [frame])
    got = np.asarray(Image.open(path).convert("RGBA"))[64, 318:322].astype(float)
    edge = got[(got[:, 3] > 60) & (got[:, 3] < 200)]
    assert len(edge) and np.abs(edge[:, :3] - (200, 150, 100)).max() < 25


@pytest.mark.parametrize("name", [n for n in ("webm-vp9-alpha", "webp") if n in FORMATS])
def test_what_lies_under_clear_pixels_does_not_darken_edges(tmp_path, monkeypatch, name):
    y, x = np.mgrid[0:128, 0:128]
    alpha = np.clip((45 - np.hypot(x - 64, y - 64)) * 60 + 128, 0, 255).astype(np.uint8)
    frame = np.dstack([np.where(alpha[..., None] > 0, np.uint8([230, 120, 80]), np.uint8(0)), alpha])

    def edge_error():
        _, got = decoding.pictures(write(tmp_path, name, [frame] * 3, crf=18), find_format(name))[-1]
        error = np.abs(got[..., :3].astype(float) - frame[..., :3]) * (frame[..., 3:] / 255)
        return error[(alpha > 0) & (alpha < 255)].mean()

    filled = edge_error()
    monkeypatch.setattr(picture, "fill_clear", lambda given: given)
    assert 2 * filled < edge_error()  # without it, black under the clear pixels shows


def test_clear_pixels_take_the_colour_of_what_is_near():
    frame = np.zeros((40, 90, 4), np.uint8)
    frame[10:20, :20] = (200, 10, 30, 255)
    frame[10:20, 70:] = (10, 200, 30, 255)
    filled = picture.fill_clear(frame)
    np.testing.assert_array_equal(filled[..., 3], frame[..., 3])
    np.testing.assert_array_equal(filled[frame[..., 3] > 0], frame[frame[..., 3] > 0])
    assert filled[22, 5, 0] > 150 > 60 > filled[22, 5, 1] and filled[22, 85, 1] > 150
    clear = np.zeros((8, 8, 4), np.uint8)
    assert picture.fill_clear(clear) is clear
