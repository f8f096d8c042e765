"""Garbage given to any reader: a result or one of our errors, never another exception, a crash or a hang."""

import contextlib
import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from talking_avatar.pipeline_core.errors import AvatarError
from talking_avatar.pipeline_core.media.audio import load_sound
from talking_avatar.pipeline_core.media.image import load_portrait
from talking_avatar.pipeline_core.media.text_file import read_text_file
from talking_avatar.pipeline_core.media.video import probe, read_frames
from talking_avatar.pipeline_core.speech.exchange import read_cues
from talking_avatar.pipeline_core.speech.text import spoken_words

QUICK = settings.get_profile("quick")
"""Derandomized: every run tries the same."""

PICTURES = {"png": {}, "jpg": {}, "webp": {}, "gif": {}, "bmp": {}, "tif": {"compression": "tiff_lzw"}, "ppm": {}, "tga": {"rle": True},
            "jp2": {}, "pcx": {}, "qoi": {}, "sgi": {}, "dds": {}, "avif": {}}
SOUNDS = {"wav": ("pcm_s16le", "s16"), "mp3": ("libmp3lame", "fltp"), "flac": ("flac", "s16"), "m4a": ("aac", "fltp"),
          "ogg": ("libopus", "flt"), "mka": ("ac3", "fltp")}
VIDEOS = {"mp4": "libx264", "mkv": "libx264", "webm": "libvpx-vp9", "ts": "mpeg2video", "avi": "mpeg4", "gif": "gif", "mov": "png"}


@st.composite
def damage(draw):
    """Return a function that damages bytes: flips, cuts, repeats, inserts and overwrites lengths."""
    flips = draw(st.lists(st.tuples(st.floats(0, 0.9999), st.integers(1, 255)), max_size=12))
    kind = draw(st.sampled_from(["none", "cut", "repeat", "insert", "length", "head", "swap"]))
    at, other = draw(st.floats(0, 0.9999)), draw(st.floats(0, 0.9999))
    number = draw(st.sampled_from([0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000]))
    junk = draw(st.binary(max_size=40))

    def apply(data):
        out = bytearray(data)
        for place, change in flips:
            out[int(place * len(out))] ^= change
        a, b = sorted((int(at * len(out)), int(other * len(out))))
        if kind == "cut":
            del out[a:]
        elif kind == "repeat":
            out[b:b] = out[a:b]
        elif kind == "insert":
            out[a:a] = junk
        elif kind == "length":
            out[a:a + 4] = struct.pack(draw_order(a), number)
        elif kind == "head":
            out[:min(64, len(out))] = bytes(junk[:64]) + out[len(junk[:64]):min(64, len(out))]
        elif kind == "swap":
            out[a:b] = out[a:b][::-1]
        return bytes(out)

    return apply


def draw_order(position):
    return ">I" if position % 2 else "<I"


@pytest.fixture(scope="module")
def files(make, tmp_path_factory):
    """Small valid files, as bytes by name."""
    folder = tmp_path_factory.mktemp("valid")
    found = {}
    photo = Image.fromarray(make.smooth(32, 48))
    for ending, options in PICTURES.items():
        data = io.BytesIO()
        with contextlib.suppress(KeyError, OSError):  # a Pillow without AVIF
            photo.save(data, {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000", "ppm": "PPM"}.get(ending, ending.upper()), **options)
            found[f"picture.{ending}"] = data.getvalue()
    found["deep.tif"] = deep_tiff(make.smooth(32, 48))
    found["single.heic"] = make.heif(make.smooth(32, 48), alpha=make.smooth(32, 48)[..., 0])
    found["tiles.heic"] = make.heif(make.smooth(96, 128), tile=64, more=(make.box(b"irot", b"\1"),))
    for ending, (codec, form) in SOUNDS.items():
        path = make.sound_file(folder / f"a.{ending}", make.tone(48000, 0.1), 48000, codec, form)
        found[f"sound.{ending}"] = path.read_bytes()
    for ending, codec in VIDEOS.items():
        form = {"gif": "rgb8", "png": "rgb24"}.get(codec, "yuv420p")
        path = make.video_file(folder / f"v.{ending}", make.numbered(6, 32, 48), codec=codec, form=form)
        found[f"video.{ending}"] = path.read_bytes()
    return found


def deep_tiff(rgb):
    import cv2

    return cv2.imencode(".tif", rgb.astype(np.uint16) * 257)[1].tobytes()


def read(path, name):
    if name.startswith("sound"):
        return load_sound(path)
    if name.startswith("video"):
        probe(path)
        return [rgb.shape for first in (0, 4) for _, (_, rgb) in zip(range(12), read_frames(path, first), strict=False)]
    return load_portrait(path)


NAMES = [*(f"picture.{e}" for e in PICTURES), "deep.tif", "single.heic", "tiles.heic", *(f"sound.{e}" for e in SOUNDS),
         *(f"video.{e}" for e in VIDEOS)]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_give_a_result_or_an_error_of_ours(files, tmp_path, name):
    if name not in files:
        pytest.skip("this Pillow does not write it")
    path = tmp_path / name
    path.write_bytes(files[name])
    read(path, name)  # control: undamaged it is read

    @settings(QUICK, max_examples=15)
    @given(damage())
    def tried(hurt):
        path.write_bytes(hurt(files[name]))
        try:
            read(path, name)
        except AvatarError as error:
            assert error.message and error.hint

    tried()


@settings(QUICK, max_examples=30)
@given(st.binary(max_size=300))
def test_any_bytes(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "junk"
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"RIFF____WEBP", b"\0\0\0\x18ftypheic", b"II*\0", b"RIFF____WAVE", b"\x1aE\xdf\xa3"):
        path.write_bytes(head + data)
        for use in (load_portrait, load_sound, probe, lambda p: read_text_file(p, "text")):
            with contextlib.suppress(AvatarError):
                use(path)


json_values = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
                           lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                               st.sampled_from(["phones", "visemes", "words", "closures", "mouthCues", "p", "start", "end", "value",
                                                "viseme", "text", "x"]), inner, max_size=5), max_leaves=20)


@settings(QUICK, max_examples=100)
@given(json_values | st.text(max_size=100) | st.lists(st.tuples(st.floats(), st.sampled_from("ABCX?"))).map(
    lambda rows: "\n".join(f"{t}\t{s}" for t, s in rows)))
def test_any_cues(value):
    text = value if isinstance(value, str) else json.dumps(value)
    with contextlib.suppress(AvatarError):
        cues = read_cues(text)
        assert all(0 <= p.start_s <= p.end_s for p in cues.phones)


@settings(QUICK, max_examples=100)
@given(st.text(max_size=200))
def test_any_transcript(text):
    assert all(word.isascii() for word in spoken_words(text))
