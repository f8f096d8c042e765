import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image, ImageCms
from talking_avatar.pipeline_core.errors import InputError, SettingError, UnreadableMedia
from talking_avatar.pipeline_core.media.image import (
    crop_resize,
    load_portrait,
    over,
    portrait_from_array,
)


def picture(height=48, width=64):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 3 % 256, y * 5 % 256, (x + y) * 2 % 256], axis=-1).astype(np.uint8)


def saved(tmp_path, image, name="a.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "CMYK", "YCbCr", "LAB", "HSV", "F"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    rgb = Image.fromarray(picture())
    if mode == "I;16":
        image = Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    elif mode in ("I", "F"):
        image = rgb.convert("L").convert(mode)
    else:
        image = rgb.convert("RGB").convert(mode)
    name = "a.tif" if mode in ("CMYK", "YCbCr", "LAB", "F", "I") else "a.png"
    if mode == "HSV":
        with pytest.raises(OSError):
            saved(tmp_path, image)
        return
    portrait = load_portrait(saved(tmp_path, image, name))
    assert portrait.image.shape == (48, 64, 3) and portrait.source == name
    expected = np.asarray(rgb.convert("L").convert("RGB") if mode in ("L", "LA", "I;16", "I", "F") else rgb)
    if mode not in ("1", "P", "LAB"):
        assert np.abs(portrait.image.astype(int) - expected).mean() < 3
    assert portrait.alpha is None  # opaque alpha is no alpha


def test_16_bit_grey_uses_its_full_range(tmp_path):
    grey = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    portrait = load_portrait(saved(tmp_path, Image.fromarray(grey)))
    assert np.abs(portrait.image[..., 0].astype(float) - grey / 257).max() <= 0.5


@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_16_bit_colour(tmp_path, ending):
    path = tmp_path / f"deep{ending}"
    assert cv2.imwrite(str(path), picture()[..., ::-1].astype(np.uint16) * 257)
    np.testing.assert_allclose(load_portrait(path).image.astype(int), picture(), atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, orientation):
    upright = Image.fromarray(picture())
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    portrait = load_portrait(saved(tmp_path, stored, exif=exif.tobytes()))
    np.testing.assert_array_equal(portrait.image, picture())


def test_alpha_is_kept_and_palette_transparency_found(tmp_path):
    rgba = np.dstack([picture(), np.full((48, 64), 255, np.uint8)])
    rgba[:10, :, 3] = 40
    portrait = load_portrait(saved(tmp_path, Image.fromarray(rgba)))
    np.testing.assert_array_equal(portrait.alpha, rgba[..., 3])
    np.testing.assert_array_equal(portrait.image, rgba[..., :3])
    palette = Image.fromarray(picture()).quantize(16)
    transparent = load_portrait(saved(tmp_path, palette, "p.png", transparency=int(np.asarray(palette)[0, 0])))
    assert transparent.alpha is not None and transparent.alpha[0, 0] == 0


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_animation_gives_its_first_frame(tmp_path, ending):
    first, second = (Image.new("RGB", (32, 32), c) for c in ("red", "blue"))
    path = saved(tmp_path, first, f"a.{ending}", save_all=True, append_images=[second])
    image = load_portrait(path).image
    assert image[16, 16, 0] > 240 and image[16, 16, 2] < 15


def test_colour_profile_is_applied_unless_it_is_srgb(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    portrait = load_portrait(saved(tmp_path, Image.fromarray(picture()), icc_profile=srgb))
    np.testing.assert_array_equal(portrait.image, picture())
    broken = load_portrait(saved(tmp_path, Image.fromarray(picture()), "b.png", icc_profile=b"nonsense"))
    np.testing.assert_array_equal(broken.image, picture())


def bomb():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_bad_files_say_what_and_what_next(tmp_path):
    good = io.BytesIO()
    Image.fromarray(picture(400, 400)).save(good, "JPEG")
    cases = {"missing.png": None, "empty.png": b"", "text.png": b"hello", "cut.jpg": good.getvalue()[:900],
             "head.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 40}
    for name, data in cases.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(UnreadableMedia) as caught:
            load_portrait(tmp_path / name)
        assert name in caught.value.message and caught.value.hint
    with pytest.raises(UnreadableMedia):
        load_portrait(tmp_path)
    for side in ("bomb.png",):
        (tmp_path / side).write_bytes(bomb())
        with pytest.raises(InputError, match="megapixels"):
            load_portrait(tmp_path / side)
    with pytest.raises(InputError, match="4 x 4"):
        load_portrait(saved(tmp_path, Image.new("RGB", (4, 4)), "tiny.png"))


def test_arrays_of_every_kind():
    rgb = picture()
    same = [rgb, rgb[None], rgb / 255.0, (rgb / 255.0).astype(np.float32), rgb.astype(np.uint16) * 257,
            rgb.astype(np.int64), np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])]
    for array in same:
        portrait = portrait_from_array(array)
        np.testing.assert_array_equal(portrait.image, rgb)
        assert portrait.alpha is None
    grey = portrait_from_array(rgb[..., 0])
    assert (grey.image == rgb[..., :1]).all()
    nan = portrait_from_array(np.full((20, 20, 3), np.nan))
    assert nan.image.max() == 0
    for bad in (np.zeros((20, 20, 5)), np.zeros((2, 20, 20, 3)), np.zeros(7), np.zeros((0, 20, 3))):
        with pytest.raises(InputError):
            portrait_from_array(bad)


def test_later_changes_of_the_array_do_not_reach_the_portrait():
    rgb = picture()
    portrait = portrait_from_array(rgb)
    before = portrait.image.copy()
    rgb[:] = 0
    np.testing.assert_array_equal(portrait.image, before)


@settings(max_examples=60, deadline=None)
@given(st.integers(16, 300), st.integers(16, 300), st.integers(1, 400), st.integers(1, 400),
       st.floats(0, 1), st.floats(0, 1))
def test_crop_covers_without_stretching_and_keeps_the_face(source_w, source_h, width, height, fx, fy):
    centre = (fx * source_w, fy * source_h)
    result, crop = crop_resize(portrait_from_array(picture(source_h, source_w)), width, height, centre)
    assert result.image.shape == (height, width, 3)
    scale = max(width / source_w, height / source_h)
    for factor, length in ((crop.scale_x, width), (crop.scale_y, height)):
        assert abs(1 / factor - 1 / scale) * length <= 1.0  # within one source pixel over the whole side
    x, y = crop.apply(np.array([[*centre, 5.0]], np.float32))[0, :2]
    assert -1.01 * max(1, crop.scale_x) <= x <= width + 1.01 * max(1, crop.scale_x)
    assert -1.01 * max(1, crop.scale_y) <= y <= height + 1.01 * max(1, crop.scale_y)


def test_crop_moves_points_with_the_pixels():
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:100, 220:240] = 255
    result, crop = crop_resize(portrait_from_array(image), 400, 400, (230, 90))
    ys, xs = np.nonzero(result.image[..., 0] > 127)
    x, y = crop.apply(np.array([[230.0, 90.0]], np.float32))[0]
    assert abs(xs.mean() + 0.5 - x) < 0.6 and abs(ys.mean() + 0.5 - y) < 0.6
    same, identity = crop_resize(result, 400, 400)
    assert same is result and identity.scale_x == 1.0
    with pytest.raises(SettingError):
        crop_resize(result, 0, 10)


def test_a_picture_lies_over_another_or_over_one_colour():
    colour = np.full((1, 3, 3), 200, np.uint8)
    alpha = np.array([[0, 51, 255]], np.uint8)
    mixed = over(colour, alpha, (100, 0, 255))
    assert mixed.tolist() == [[[100, 0, 255], [120, 40, 244], [200, 200, 200]]]
    assert np.array_equal(over(colour, alpha, np.tile(np.uint8([100, 0, 255]), (1, 3, 1))), mixed)


def test_postscript_is_refused_before_any_program_is_started(tmp_path, monkeypatch):
    def started(*_args, **_options):
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", started)
    file = tmp_path / "a.png"
    file.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n")
    with pytest.raises(AssertionError):  # control: this is what an unrestricted decoder does
        Image.open(file).load()
    with pytest.raises(UnreadableMedia):
        load_portrait(file)
