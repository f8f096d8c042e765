"""Picture files that people really have, and those that somebody made to hurt."""

import io
import os
import struct
import sys
import tracemalloc
import zlib
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile
from talking_avatar.pipeline_core.errors import AvatarError, InputError, MissingDependency, UnreadableMedia
from talking_avatar.pipeline_core.media import heif, heif_boxes, picture_file
from talking_avatar.pipeline_core.media.image import load_portrait

KINDS = {"png": {}, "jpg": {"quality": 95}, "webp": {"lossless": True}, "gif": {}, "bmp": {}, "tif": {}, "ppm": {}, "tga": {},
         "jp2": {}, "pcx": {}, "qoi": {}, "sgi": {}}


def saved(path, image, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animation_gives_its_first_frame_and_says_so(tmp_path, ending):
    first, second = (Image.new("RGB", (32, 32), c) for c in ("red", "blue"))
    still = load_portrait(saved(tmp_path / f"still.{ending}", first))
    moving = load_portrait(saved(tmp_path / f"a.{ending}", first, save_all=True, append_images=[second]))
    assert moving.image[16, 16, 0] > 240 and moving.image[16, 16, 2] < 15
    assert still.warnings == () and "animation" in moving.warnings[0]


@pytest.mark.parametrize("tile", [None, 64])
def test_heic_with_and_without_tiles(tmp_path, make, tile):
    rgb = make.smooth(100, 150)
    (tmp_path / "a.heic").write_bytes(make.heif(rgb, tile=tile))
    portrait = load_portrait(tmp_path / "a.heic")
    assert portrait.image.shape == rgb.shape and portrait.alpha is None
    assert np.abs(portrait.image.astype(int) - rgb).max() <= 2


def test_heic_is_turned_mirrored_cropped_and_transparent(tmp_path, make):
    rgb = make.smooth(96, 128)
    turn, mirror = make.box(b"irot", b"\3"), make.box(b"imir", b"\1")
    crop = make.box(b"clap", struct.pack(">8I", 64, 1, 32, 1, 0, 1, 0, 1))
    (tmp_path / "a.heic").write_bytes(make.heif(rgb, tile=64, alpha=rgb[..., 0], more=(crop, turn, mirror)))
    portrait = load_portrait(tmp_path / "a.heic")
    expected = np.rot90(rgb[32:64, 32:96], 3)[:, ::-1]
    assert np.abs(portrait.image.astype(int) - expected).max() <= 2
    assert np.abs(portrait.alpha.astype(int) - expected[..., 0]).max() <= 1


def test_heic_of_a_phone_has_a_wide_gamut(tmp_path, make):
    rgb = np.full((64, 64, 3), (200, 60, 60), np.uint8)
    (tmp_path / "a.heic").write_bytes(make.heif(rgb, more=(make.box(b"colr", b"prof", wide_gamut()),)))
    image = load_portrait(tmp_path / "a.heic").image
    assert image[32, 32, 0] > 205 and image[32, 32, 1] < 58  # more saturated in sRGB numbers


def test_heic_that_lies_about_its_size_is_refused(tmp_path, make):
    rgb = make.smooth(64, 64)
    data = make.heif(rgb)
    bomb = data.replace(struct.pack(">II", 64, 64), struct.pack(">II", 60_000, 60_000))
    small = data.replace(struct.pack(">II", 64, 64), struct.pack(">II", 16, 16))
    for name, content, error in (("bomb", bomb, "megapixels"), ("small", make.heif(make.smooth(256, 256)).replace(
            struct.pack(">II", 256, 256), struct.pack(">II", 32, 32)), "damaged")):
        (tmp_path / f"{name}.heic").write_bytes(content)
        with pytest.raises(InputError, match=error):
            load_portrait(tmp_path / f"{name}.heic")
    (tmp_path / "ok.heic").write_bytes(small)  # codecs pad to their block size: a smaller claim is a crop
    assert load_portrait(tmp_path / "ok.heic").image.shape == (16, 16, 3)


def test_heic_parts_that_are_larger_than_the_whole_are_refused_before_decoding(tmp_path, make):
    data = make.heif(make.smooth(64, 64), tile=64, grid_size=(60, 60))
    (tmp_path / "a.heic").write_bytes(data.replace(struct.pack(">II", 64, 64), struct.pack(">II", 20_000, 20_000)))
    with pytest.raises(UnreadableMedia, match="larger than the whole"):
        load_portrait(tmp_path / "a.heic")
    found = heif_boxes.read_catalogue(make.heif(make.smooth(128, 128), tile=64))
    tiles = [found.items[number] for number in found.items[1].parts[b"dimg"]]
    assert len(heif._tiles(found, tiles, (64, 64))) == 4
    with pytest.raises(ValueError, match="larger than the file"):
        heif._tiles(found, tiles * 100, (64, 64))


def test_heic_that_lists_millions_of_pieces_is_refused(tmp_path, make):
    table = make.full(b"iloc", 0, 0, struct.pack(">BBH", 0, 0, 20), struct.pack(">HHH", 1, 0, 65_535) * 20)
    data = make.box(b"ftyp", b"heic", bytes(4), b"heic") + make.full(
        b"meta", 0, 0, make.full(b"pitm", 0, 0, struct.pack(">H", 1)), table)
    (tmp_path / "a.heic").write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableMedia, match="too many pieces"):
            load_portrait(tmp_path / "a.heic")
        assert len(data) < 200 and tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_heic_tiles_that_are_missing_are_not_replaced_by_black(tmp_path, make):
    data = make.heif(make.smooth(128, 128), tile=64)
    at = data.index(b"mdat") + 4
    (tmp_path / "a.heic").write_bytes(data[:at + 10])
    with pytest.raises(UnreadableMedia):
        load_portrait(tmp_path / "a.heic")
    (tmp_path / "b.heic").write_bytes(make.heif(make.smooth(128, 128), tile=64, grid_size=(400, 400)))
    with pytest.raises(UnreadableMedia, match="do not fill"):
        load_portrait(tmp_path / "b.heic")


def test_heic_without_a_decoder_names_the_package(tmp_path, make, monkeypatch):
    (tmp_path / "a.heic").write_bytes(make.heif(make.smooth(64, 64)))
    monkeypatch.setitem(heif._CODECS, b"hvc1", ("no_such_codec", b"hvcC"))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingDependency, match="pip install pillow-heif"):
        load_portrait(tmp_path / "a.heic")


def test_heic_is_left_to_pillow_heif_where_it_is_installed(tmp_path, make, monkeypatch):
    (tmp_path / "a.heic").write_bytes(make.heif(make.smooth(64, 64)))
    monkeypatch.setitem(heif._CODECS, b"hvc1", ("no_such_codec", b"hvcC"))
    other = SimpleNamespace(to_pillow=lambda: Image.new("RGB", (64, 64), "red"))
    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(open_heif=lambda data: other))
    assert load_portrait(tmp_path / "a.heic").image[0, 0].tolist() == [255, 0, 0]


def test_avif_with_and_without_pillow(tmp_path, make, monkeypatch):
    rgb = make.smooth(96, 128)
    path = tmp_path / "a.avif"
    try:
        Image.fromarray(rgb).save(path, quality=95)
    except (KeyError, OSError, ValueError):
        pytest.skip("this Pillow does not write AVIF")
    by_pillow = load_portrait(path).image
    monkeypatch.setattr(picture_file, "_known_formats", lambda: ("PNG",))
    ours = load_portrait(path).image
    assert np.abs(by_pillow.astype(int) - rgb).mean() < 2
    assert np.abs(ours.astype(int) - by_pillow).mean() < 1.5


def wide_gamut():
    """An ICC profile with the primaries of Display P3 and the gamma of 2.2 (ICC.1:2010, matrix form)."""
    def fixed(*values):
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"Wide\0" + bytes(79),
            b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249),
            b"rXYZ": b"XYZ " + bytes(4) + fixed(0.5151, 0.2412, -0.0011),
            b"gXYZ": b"XYZ " + bytes(4) + fixed(0.2920, 0.6922, 0.0419),
            b"bXYZ": b"XYZ " + bytes(4) + fixed(0.1571, 0.0666, 0.7841)}
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ") + bytes(12) + b"acsp"
    head += bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif", "16-bit tif"])
def test_a_wide_gamut_becomes_srgb(tmp_path, kind):
    profile = wide_gamut()
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip() == "Wide"
    rgb = np.full((64, 64, 3), (200, 60, 60), np.uint8)
    path = tmp_path / f"a.{kind[-4:].strip()}"
    if kind == "16-bit tif":
        deep_tiff(path, rgb.astype(np.uint16) * 257, profile=profile)
    else:
        Image.fromarray(rgb).save(path, icc_profile=profile, **KINDS[kind])
    red, green, _ = load_portrait(path).image[32, 32]
    assert red > 205 and green < 58
    plain = load_portrait(saved(tmp_path / "plain.png", Image.fromarray(rgb)))
    assert plain.image[32, 32].tolist() == [200, 60, 60]


def deep_tiff(path, pixels, orientation=1, profile=b"", size=None, more=()):
    """Write an uncompressed RGB TIFF of 16-bit or 32-bit float samples (TIFF 6.0)."""
    height, width = size or pixels.shape[:2]
    data = pixels.tobytes()
    kind, bits = (3, 32) if pixels.dtype == np.float32 else (1, 16)
    extra_at = 8 + len(data)
    extra = struct.pack("<3H", bits, bits, bits) + struct.pack("<3H", kind, kind, kind)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, extra_at), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, 3), (278, 4, 1, height), (279, 4, 1, len(data)),
               (284, 3, 1, 1), (339, 3, 3, extra_at + 6)]
    if profile:
        entries.append((34675, 7, len(profile), extra_at + 12))
    entries.extend(more)
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + bytes(4)
    body = data + extra + profile
    body += bytes(len(body) % 2)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + ifd)
    return path


def oriented(pixels, orientation):
    """Store upright pixels so that this EXIF orientation is needed to see them upright (Exif 2.32, 4.6.4)."""
    undo = {1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
            5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, 1), 7: lambda p: np.rot90(p.transpose(1, 0, 2), 2),
            8: lambda p: np.rot90(p, -1)}[orientation]
    return np.ascontiguousarray(undo(pixels))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "webp", "tif", "deep tif"])
def test_all_orientations_of_all_kinds(tmp_path, make, kind, orientation):
    upright = make.picture()
    stored = oriented(upright, orientation)
    path = tmp_path / f"a.{kind[-4:].strip()}"
    if kind == "deep tif":
        deep_tiff(path, stored.astype(np.uint16) * 257, orientation)
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(stored).save(path, exif=exif.tobytes(), **KINDS[kind])
    np.testing.assert_array_equal(load_portrait(path).image, upright)


def test_float_tiffs(tmp_path, make):
    rgb = make.picture()
    shares = deep_tiff(tmp_path / "a.tif", (rgb / np.float32(255)).astype(np.float32))
    np.testing.assert_allclose(load_portrait(shares).image.astype(int), rgb, atol=1)
    numbers = rgb.astype(np.float32)
    numbers[0, 0] = (np.nan, np.inf, -np.inf)
    bytes_ = load_portrait(deep_tiff(tmp_path / "b.tif", numbers)).image
    np.testing.assert_allclose(bytes_[1:].astype(int), rgb[1:], atol=1)
    assert bytes_[0, 0].tolist() == [0, 0, 0]


def png_of(width, height, bits=8, colour=2, data=b"\0" * 100):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def bombs(tmp_path):
    for bits in (8, 16):
        (tmp_path / f"{bits}.png").write_bytes(png_of(40_000, 40_000, bits))
        yield tmp_path / f"{bits}.png"
    yield deep_tiff(tmp_path / "16.tif", np.zeros((8, 8, 3), np.uint16), size=(40_000, 40_000))
    yield deep_tiff(tmp_path / "float.tif", np.zeros((8, 8, 3), np.float32), size=(40_000, 40_000))
    (tmp_path / "a.bmp").write_bytes(b"BM" + struct.pack("<IHHIIiiHHIIIIII", 60, 0, 0, 54, 40, 40_000, 40_000, 1, 24,
                                                         0, 0, 0, 0, 0, 0))
    yield tmp_path / "a.bmp"


def test_bombs_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    def decoded(*_args, **_options):
        raise AssertionError("decoding began")

    small = saved(tmp_path / "small.png", Image.new("RGB", (32, 32)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    monkeypatch.setattr(cv2, "imdecode", decoded)
    for path in bombs(tmp_path):
        with pytest.raises(InputError, match="megapixels") as caught:
            load_portrait(path)
        assert not isinstance(caught.value, UnreadableMedia) and "40000 x 40000" in caught.value.message
    with pytest.raises(UnreadableMedia, match="decoding began"):  # control: a picture within the limit is decoded
        load_portrait(small)


def test_a_tiff_that_names_two_sizes_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    """Of two equal tags one reader takes the first and the other the last."""
    pixels = np.zeros((64, 64, 3), np.float32)
    twice = deep_tiff(tmp_path / "twice.tif", pixels, more=[(256, 4, 1, 16), (257, 4, 1, 16)])
    assert cv2.imdecode(np.frombuffer(twice.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED).shape == (64, 64, 3)
    assert load_portrait(deep_tiff(tmp_path / "once.tif", pixels)).image.shape == (64, 64, 3)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoding began"))
    with pytest.raises(UnreadableMedia, match="twice"):
        load_portrait(twice)


def test_our_limit_holds_where_another_pack_removed_pillows(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    for path in bombs(tmp_path):
        with pytest.raises(InputError, match="megapixels"):
            load_portrait(path)


def test_icons_that_hide_a_larger_picture_are_no_pictures(tmp_path):
    png = png_of(20_000, 20_000)
    (tmp_path / "a.ico").write_bytes(struct.pack("<HHHBBBBHHII", 0, 1, 1, 64, 64, 0, 0, 1, 32, len(png), 22) + png)
    with pytest.raises(UnreadableMedia):
        load_portrait(tmp_path / "a.ico")


def test_100_megapixels_are_reduced_within_bounded_memory(tmp_path):
    """The reduction keeps the proportions; Pillow's own pixels are not seen by tracemalloc, ours are."""
    wide = Image.new("L", (11_648, 8_736), 90)
    wide.paste(200, (0, 0, 5_824, 8_736))
    path = saved(tmp_path / "a.jpg", wide.convert("RGB"), quality=60)
    del wide
    tracemalloc.start()
    portrait = load_portrait(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (portrait.width_px, portrait.height_px) == (5_824, 4_368)
    assert "11648 x 8736" in portrait.warnings[0]
    assert abs(int(portrait.image[99, 2_800, 0]) - 200) < 3 and abs(int(portrait.image[99, 3_000, 0]) - 90) < 3
    assert peak < 4 * portrait.image.nbytes


@pytest.mark.parametrize("kind", ["L", "RGB", "RGBA", "P", "I;16", "F", "CMYK", "1", "deep tif"])
def test_every_kind_is_reduced_alike(tmp_path, make, monkeypatch, kind):
    monkeypatch.setattr(picture_file, "KEPT_PIXELS", 4_000)
    rgb = cv2.resize(make.smooth(48, 64), (192, 144), interpolation=cv2.INTER_CUBIC)
    if kind == "deep tif":
        path = deep_tiff(tmp_path / "a.tif", rgb.astype(np.uint16) * 257)
    else:
        grey = Image.fromarray(rgb).convert("L")
        image = {"I;16": lambda: Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
                 "F": lambda: Image.fromarray(np.asarray(grey).astype(np.float32)),
                 "P": lambda: Image.fromarray(rgb).quantize(256)}.get(kind, lambda: Image.fromarray(rgb).convert(kind))()
        path = saved(tmp_path / ("a.png" if kind in ("L", "RGB", "RGBA", "P", "I;16", "1") else "a.tif"), image)
    portrait = load_portrait(path)
    assert (portrait.width_px, portrait.height_px) == (64, 48) and len(portrait.warnings) == 1
    colour = kind in ("RGB", "RGBA", "P", "CMYK", "deep tif")
    expected = cv2.resize(rgb, (64, 48), interpolation=cv2.INTER_AREA)
    expected = expected if colour else np.asarray(Image.fromarray(expected).convert("L").convert("RGB"))
    assert np.abs(portrait.image.astype(int) - expected).mean() < (30 if kind == "1" else 8 if kind == "P" else 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (15, 4000), (4000, 15)])
def test_pictures_of_a_few_pixels_say_what_is_needed(tmp_path, size):
    with pytest.raises(InputError, match=f"{size[0]} x {size[1]} px.*at least 256 px"):
        load_portrait(saved(tmp_path / "a.png", Image.new("RGB", size)))


def test_extreme_proportions_load(tmp_path):
    portrait = load_portrait(saved(tmp_path / "a.png", Image.new("RGB", (20_000, 16))))
    assert (portrait.width_px, portrait.height_px) == (20_000, 16)


@pytest.mark.parametrize("kind", [*KINDS, "heic"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6])
def test_cut_files_of_each_kind_are_refused(tmp_path, make, kind, share):
    path = tmp_path / f"a.{kind}"
    if kind == "heic":
        path.write_bytes(make.heif(make.smooth(), tile=64))
    else:
        try:
            Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path, **KINDS[kind])
        except (KeyError, ValueError, OSError):
            pytest.skip("this Pillow does not write it")
    load_portrait(path)  # control: the whole file is fine
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    with pytest.raises(InputError) as caught:
        load_portrait(path)
    assert path.name in caught.value.message and caught.value.hint


def test_the_ending_does_not_matter(tmp_path, make):
    for stored, named in (("png", "jpg"), ("jpg", "png"), ("webp", "gif"), ("tif", "png"), ("bmp", "heic")):
        real = saved(tmp_path / f"real.{stored}", Image.fromarray(make.picture()), **KINDS[stored])
        lying = tmp_path / f"lying.{named}"
        lying.write_bytes(real.read_bytes())
        np.testing.assert_array_equal(load_portrait(lying).image, load_portrait(real).image)


def test_no_file_no_picture(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "sound.png").write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + bytes(24))
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("missing.png", "empty.png", "sound.png", "loop.png", "pipe.png", ".", "\0", "a" * 300 + ".png"):
        with pytest.raises(UnreadableMedia) as caught:
            load_portrait(tmp_path / name)
        assert caught.value.hint


def test_a_file_without_permission_says_so(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.png", Image.new("RGB", (32, 32)))

    def refused(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(picture_file, "open", refused, raising=False)
    with pytest.raises(UnreadableMedia, match="Permission denied") as caught:
        load_portrait(path)
    assert "read it" in caught.value.hint


@pytest.mark.parametrize("content", [b"hello", b"a text that is longer than the header of any picture" * 9, b"\0" * 40])
def test_what_is_no_picture_is_of_an_unknown_format(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableMedia, match="unknown format"):
        load_portrait(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["Ünïcödé 漢字.png", "a\nb\tc.png", "😀👍🏽.png", " .png", "-rf.png", "http:a.png", "a%d.png",
                                  os.fsdecode(b"\xff\xfe.png")])
def test_any_file_name(tmp_path, make, name):
    path = saved(tmp_path / "plain.png", Image.fromarray(make.picture())).rename(tmp_path / name)
    np.testing.assert_array_equal(load_portrait(path).image, make.picture())
    path.write_bytes(b"damaged")
    with pytest.raises(UnreadableMedia) as caught:
        load_portrait(path)
    str(caught.value).encode()  # can be printed
    assert "\n" not in caught.value.message


def test_huge_files_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_file, "MAX_FILE_BYTES", 1000)
    with pytest.raises(AvatarError, match="megapixels"):
        load_portrait(saved(tmp_path / "a.bmp", Image.new("RGB", (64, 64))))
