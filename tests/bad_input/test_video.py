"""Video files that people really have, and those that somebody made to hurt."""

import os
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core.errors import InputError, UnreadableMedia
from talking_avatar.pipeline_core.media import frame as frame_module
from talking_avatar.pipeline_core.media import video
from talking_avatar.pipeline_core.media.audio import load_sound
from talking_avatar.pipeline_core.media.frame import Tags, frame_pixels, without_combs
from talking_avatar.pipeline_core.media.video import (
    frame_number_at,
    media_file,
    probe,
    read_frames,
    verify_unchanged,
)
from talking_avatar.pipeline_core.render.pictures import frames_of, holds_opacity, numbered_frames

KINDS = {"a.mp4": ("libx264", "yuv420p", {}), "a.mkv": ("libx264", "yuv420p", {}), "a.webm": ("libvpx-vp9", "yuv420p", {}),
         "a.ts": ("mpeg2video", "yuv420p", {}), "a.avi": ("mpeg4", "yuv420p", {}), "a.mov": ("prores_ks", "yuv422p10le", {}),
         "b.mov": ("mjpeg", "yuvj420p", {"color_range": 2})}


def clip(make, path, count=40, **options):
    codec, form, context = KINDS[path.name]
    return make.video_file(path, make.numbered(count), codec=codec, form=form, context=context, **options)


@pytest.fixture
def decoded(monkeypatch):
    """Counts the frames that are decoded."""
    seen, real = [], video._decoded

    def counted(*arguments):
        for frame in real(*arguments):
            seen.append(frame.pts)
            yield frame

    monkeypatch.setattr(video, "_decoded", counted)
    return seen


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("open_gop", [0, 1])
def test_any_frame_is_reached_from_its_key_frame(make, tmp_path, decoded, name, open_gop):
    codec = KINDS[name][0]
    options = {"g": "10", "bf": "2", "x264-params": f"open-gop={open_gop}:scenecut=0"} if codec == "libx264" else {"g": "10"}
    path = clip(make, tmp_path / name, options=options)
    whole = list(read_frames(path))
    slack = 0 if codec in ("libx264", "libvpx-vp9") else 1
    assert len(whole) == 40 and all(abs(make.number_of(rgb) - i) <= slack for i, (_, rgb) in enumerate(whole))
    for first in (0, 1, 9, 10, 11, 25, 38, 39):
        decoded.clear()
        part = list(read_frames(path, first))
        assert len(part) == 40 - first
        for (time_s, rgb), (true_s, true) in zip(part, whole[first:], strict=True):
            assert time_s == pytest.approx(true_s, abs=1e-6) and np.array_equal(rgb, true)
        if first >= 25 and codec != "mpeg4":
            assert len(decoded) < 36  # control: from the start it would be 40 and more
    assert list(read_frames(path, 40)) == []


def test_frames_of_a_variable_rate_keep_their_times(make, tmp_path):
    times = [0, 40, 50, 400, 410, 1000, 2500, 2540]
    path = make.video_file(tmp_path / "a.mkv", make.numbered(8), times=times, options={"g": "3", "bf": "0"})
    for first in range(8):
        found = [(round(time_s * 1000), make.number_of(rgb)) for time_s, rgb in read_frames(path, first)]
        assert found == list(zip(times, range(8), strict=True))[first:]
    assert [frame_number_at(path, t) for t in (-1, 0, 0.0405, 0.399, 0.4, 2.0, 99)] == [0, 0, 1, 2, 3, 5, 7]


def test_a_damaged_middle_is_left_out_and_the_rest_kept(make, tmp_path):
    noise = np.random.default_rng(0).integers(-8, 9, (40, 64, 96, 3))
    frames = [np.clip(flat + grain, 0, 255).astype(np.uint8) for flat, grain in zip(make.numbered(40), noise, strict=True)]
    path = make.video_file(tmp_path / "a.mkv", frames, options={"g": "5", "bf": "0", "x264-params": "scenecut=0"})
    data = bytearray(path.read_bytes())
    middle = slice(len(data) // 3, len(data) // 3 + 400)
    data[middle] = bytes(b ^ 0x5A for b in data[middle])
    path.write_bytes(data)
    numbers = [make.number_of(rgb) for _, rgb in read_frames(path)]
    assert numbers[:5] == [0, 1, 2, 3, 4] and numbers[-3:] == [37, 38, 39]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.03, 0.5, 0.9])
def test_cut_files(make, tmp_path, name, share):
    path = clip(make, tmp_path / name)
    path.write_bytes(path.read_bytes()[:int(path.stat().st_size * share)])
    try:
        probe(path)
        frames = [rgb for _, rgb in read_frames(path)]
        assert 0 < len(frames) <= 40 and make.number_of(frames[0]) == 0
    except InputError as error:
        assert name in error.message and error.hint


def test_no_video(make, tmp_path):
    (tmp_path / "text.mp4").write_text("no video " * 100)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    make.sound_file(tmp_path / "sound.wav", make.tone())
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("text.mp4", "empty.mp4", "loop.mp4", "sound.wav", "pipe.mp4", "missing.mp4", ".", "\0.mp4"):
        for read in (probe, lambda p: list(read_frames(p)), lambda p: list(read_frames(p, 3))):
            with pytest.raises(InputError) as caught:
                read(tmp_path / name)
            assert caught.value.hint


def test_codecs_of_another_age(make, tmp_path):
    path = make.video_file(tmp_path / "a.mp4", make.numbered(3))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    sound = make.sound_file(tmp_path / "a.wav", make.tone())
    data = bytearray(sound.read_bytes())
    data[20:22] = b"\x39\x30"  # a format tag that nobody has
    sound.write_bytes(data)
    for file, read in ((path, probe), (path, lambda p: list(read_frames(p))), (sound, load_sound)):
        with pytest.raises(UnreadableMedia, match="not known"):
            read(file)


def test_a_cover_is_no_video(make, tmp_path):
    cover = tmp_path / "cover.jpg"
    Image.fromarray(make.picture()).save(cover)
    tag = b"APIC" + struct.pack(">I", 14 + cover.stat().st_size) + bytes(2)
    body = tag + b"\0image/jpeg\0\3\0" + cover.read_bytes()
    size = len(body)
    head = b"ID3\3\0\0" + bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    song = make.sound_file(tmp_path / "a.mp3", make.tone(32000), 32000, "libmp3lame", "fltp")
    song.write_bytes(head + body + song.read_bytes())
    with av.open(str(song)) as container:
        assert container.streams.video  # control: FFmpeg lists it among the videos
    with pytest.raises(InputError, match="holds no pictures"):
        probe(song)


def stored_size(path, width, height):
    """Change what the sample entry of an mp4 claims (ISO/IEC 14496-12, 12.1.3)."""
    data = bytearray(path.read_bytes())
    for kind, at in ((b"avc1", 28), (b"tkhd", None)):
        start = data.index(kind) + 4
        if at is not None:
            data[start + at - 4:start + at] = struct.pack(">HH", width, height)
    path.write_bytes(data)
    return path


def test_sizes_that_are_claimed_or_real_and_too_large(make, tmp_path):
    claimed = stored_size(clip(make, tmp_path / "a.mp4", 2), 60_000, 60_000)
    assert [rgb.shape for _, rgb in read_frames(claimed)] == [(64, 96, 3)] * 2  # the pictures know better
    big = make.video_file(tmp_path / "big.mkv", [np.zeros((32, 9000, 3), np.uint8)], codec="mjpeg", form="yuvj420p",
                          context={"color_range": 2})
    for read in (probe, lambda p: list(read_frames(p))):
        with pytest.raises(InputError, match="9000 x 32"):
            read(big)


@pytest.mark.parametrize("size", [(33, 47), (17, 16), (64, 99)])
def test_odd_sizes(make, tmp_path, size):
    path = make.video_file(tmp_path / "a.mkv", [np.full((size[1], size[0], 3), 90, np.uint8)] * 3, codec="ffv1", form="yuv444p")
    info = probe(path)
    assert (info.width_px, info.height_px) == size and next(read_frames(path))[1].shape == (size[1], size[0], 3)


def test_pixels_that_are_not_square_become_square(make, tmp_path):
    """PAL widescreen stores 16:9 in 720 x 576."""
    path = make.video_file(tmp_path / "a.mkv", [np.full((576, 720, 3), 90, np.uint8)] * 2,
                           context={"sample_aspect_ratio": Fraction(64, 45)})
    info = probe(path)
    assert (info.width_px, info.height_px) == (1024, 576) == next(read_frames(path))[1].shape[1::-1]


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv422p10le", "yuv444p10le"])
def test_ten_bits(make, tmp_path, form):
    rgb = make.smooth(64, 96)
    path = make.video_file(tmp_path / "a.mkv", [rgb] * 2, codec="ffv1", form=form)
    assert np.abs(next(read_frames(path))[1].astype(int) - rgb).mean() < 3
    assert probe(path).warnings == ()


def hdr_frame(nits, transfer):
    """Grey of so many nits, as 16-bit BT.2020 codes (BT.2100, table 4 and 5)."""
    if transfer == 16:
        power = (nits / 10000) ** 0.1593017578125
        code = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        scene = (nits / 1000) ** (1 / 1.2)
        code = np.sqrt(3 * scene) if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
    return np.full((64, 64, 3), round(code * 65535), np.uint16)


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_brought_down(transfer):
    shown = []
    for nits in (5, 50, 203, 400, 1000):
        frame = av.VideoFrame.from_ndarray(hdr_frame(nits, transfer), format="rgb48le")
        shown.append(float(frame_pixels(frame, Tags(9, transfer, 9, full_range=False)).mean()))
    assert all(a < b for a, b in zip(shown, shown[1:], strict=False)) and shown[-1] <= 255
    assert 180 < shown[2] < 245  # diffuse white is bright, with room for highlights above
    plain = av.VideoFrame.from_ndarray(hdr_frame(203, transfer), format="rgb48le")
    assert frame_pixels(plain).mean() < 0.85 * shown[2]  # control: as it is, it is dull


def test_an_hdr_file_is_read_with_a_warning(make, tmp_path):
    rgb = make.smooth(64, 64)
    path = make.video_file(tmp_path / "a.mkv", [rgb] * 2, codec="libx265", form="yuv420p10le",
                           options={"x265-params": "log-level=none:pools=none"},
                           context={"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1})
    assert "HDR" in probe(path).warnings[0]
    assert next(read_frames(path))[1].dtype == np.uint8


def woven(make, shift=6):
    """Two instants of a moving bar, in every second line."""
    fields = []
    for left in (20, 20 + shift):
        rgb = make.smooth(96, 128) // 3
        rgb[20:76, left:left + 30] = 220
        fields.append(rgb)
    both = fields[0].copy()
    both[1::2] = fields[1][1::2]
    return both, fields[0]


def combs(rgb):
    grey = rgb[..., 1].astype(int)
    up, down = grey[1:-1] - grey[:-2], grey[1:-1] - grey[2:]
    return int(((np.minimum(np.abs(up), np.abs(down)) > 20) & (up * down > 0)).sum())


def test_interlaced_frames_lose_their_combs_and_nothing_else(make):
    both, first = woven(make)
    clean = without_combs(both)
    assert combs(both) > 500 and combs(clean) == 0
    still = clean[80:]
    assert np.array_equal(still, both[80:])  # what rests is untouched
    assert np.abs(clean[:, :50].astype(int) - first[:, :50])[20:76].mean() < 6
    assert np.array_equal(without_combs(first), first)


def test_an_interlaced_file_is_read_with_a_warning(make, tmp_path):
    both, _ = woven(make)
    path = make.video_file(tmp_path / "a.mkv", [both] * 3, codec="libx264", form="yuv422p", options={
        "x264-params": "interlaced=1:tff=1", "crf": "1"})
    assert "interlaced" in probe(path).warnings[0]
    assert combs(next(read_frames(path))[1]) < 0.1 * combs(both)


@pytest.mark.parametrize(("name", "codec", "form"), [("a.webm", "libvpx-vp9", "yuva420p"), ("a.mov", "prores_ks", "yuva444p10le"),
                                                     ("b.mov", "qtrle", "argb"), ("a.mkv", "ffv1", "yuva420p")])
def test_alpha_is_there_for_those_who_ask(make, tmp_path, name, codec, form):
    rgba = np.dstack([make.smooth(64, 96), np.full((64, 96), 255, np.uint8)])
    rgba[:, :48, 3] = 0
    options = {"auto-alt-ref": "0"} if codec == "libvpx-vp9" else {"profile": "4444"} if codec == "prores_ks" else {}
    path = make.video_file(tmp_path / name, [rgba] * 4, codec=codec, form=form, options=options)
    with_alpha, plain = (next(read_frames(path, alpha=alpha))[1] for alpha in (True, False))
    assert plain.shape == (64, 96, 3) and with_alpha.shape == (64, 96, 4)
    assert with_alpha[:, :40, 3].max() < 12 and with_alpha[:, 56:, 3].min() > 243
    assert next(read_frames(path, 2, alpha=True))[1].shape == (64, 96, 4)


def test_a_video_without_alpha_stays_rgb(make, tmp_path):
    assert next(read_frames(clip(make, tmp_path / "a.mp4", 3), alpha=True))[1].shape[2] == 3


def test_untagged_high_definition_is_bt709(make, tmp_path):
    rgb = np.full((720, 64, 3), (20, 180, 60), np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv444p", dst_colorspace=1)
    frame.colorspace = 2
    path = make.video_file(tmp_path / "a.mkv", [frame], codec="ffv1", form="yuv444p")
    assert np.abs(next(read_frames(path))[1].astype(int) - rgb).max() < 4
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - rgb).max() > 10  # control: the usual guess


def test_a_size_that_changes_half_way_stays_the_first(make, tmp_path):
    parts = []
    for height in (64, 96):
        path = make.video_file(tmp_path / f"{height}.ts", make.numbered(10, height=height), codec="mpeg2video")
        parts.append(path.read_bytes())
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    shapes = {rgb.shape for _, rgb in read_frames(tmp_path / "a.ts")}
    assert shapes == {(64, 96, 3)}


@pytest.mark.parametrize("alpha", [False, True])
def test_a_size_that_grows_beyond_the_limit_half_way_is_left_out(make, tmp_path, monkeypatch, alpha):
    parts = [make.video_file(tmp_path / f"{side}.webm", [np.full((side, side, 4), 128, np.uint8)] * 3, codec="libvpx-vp9",
                             form="yuva420p", options={"auto-alt-ref": "0"}) for side in (64, 128)]
    with av.open(str(tmp_path / "a.webm"), "w") as out:
        stream = None
        for shift, part in enumerate(parts):
            with av.open(str(part)) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                stream.metadata["alpha_mode"] = "1"
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts = packet.dts = packet.pts + 1000 * shift
                        packet.stream = stream
                        out.mux(packet)
    assert len(list(read_frames(tmp_path / "a.webm", alpha=alpha))) == 6
    monkeypatch.setattr(video, "MAX_SIDE_PX", 100)
    assert [rgb.shape[:2] for _, rgb in read_frames(tmp_path / "a.webm", alpha=alpha)] == [(64, 64)] * 3


def test_rates_that_cannot_be(make, tmp_path):
    path = make.video_file(tmp_path / "a.mkv", make.numbered(6), times=[0, 1, 2, 3, 4, 5])  # 1000 frames/s
    assert 0 < probe(path).fps <= 240


def test_playlists_open_nothing(make, tmp_path):
    secret = clip(make, tmp_path / "a.ts")
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n")
    (tmp_path / "script.mp4").write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    for name in ("list.mp4", "script.mp4"):
        with pytest.raises(UnreadableMedia):
            probe(tmp_path / name)
    assert probe(secret).width_px == 96


def test_a_file_that_changes_or_goes_is_refused(make, tmp_path):
    path = clip(make, tmp_path / "a.mp4", 5)
    file = media_file(path)
    verify_unchanged(file)
    stat = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(InputError, match=r"'a.mp4' has changed"):
        verify_unchanged(file)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.mp4.*No such file"):
        verify_unchanged(file)


def test_tone_curve_tables_are_made_once():
    assert frame_module._to_light(16) is frame_module._to_light(16)


@pytest.mark.parametrize("times", [None, [40 * i + (7 if i % 3 else 0) for i in range(40)]])
def test_a_range_of_a_replacement_video_is_not_decoded_from_the_start(make, tmp_path, decoded, times):
    path = make.video_file(tmp_path / "a.mkv", make.numbered(40), times=times,
                           options={"g": "5", "bf": "2", "x264-params": "scenecut=0"})
    file = media_file(path)
    for read in (lambda a, b: list(frames_of(file, Fraction(25), a, b)), lambda a, b: list(numbered_frames(file, a, b))):
        whole = read(0, 40)
        decoded.clear()
        assert all(np.array_equal(a, b) for a, b in zip(read(31, 34), whole[31:34], strict=True))
        assert len(decoded) < 20
        assert np.array_equal(read(39, 40)[0], whole[39])
    held = list(frames_of(file, Fraction(25), 50, 52))
    assert len(held) == 2 and np.array_equal(held[1], whole[39])


@pytest.mark.parametrize("opaque", [False, True])
def test_a_replacement_video_keeps_its_transparency(make, tmp_path, opaque):
    rgba = np.dstack([make.smooth(64, 96), np.full((64, 96), 255, np.uint8)])
    if not opaque:
        rgba[:, :48, 3] = 0
    path = make.video_file(tmp_path / "a.mov", [rgba] * 6, codec="qtrle", form="argb")
    file = media_file(path)
    assert probe(path).has_alpha == holds_opacity(file) == (not opaque)
    for read in (lambda: frames_of(file, Fraction(25), 2, 4), lambda: numbered_frames(file, 2, 4)):
        assert {frame.shape[2] for frame in read()} == {3 if opaque else 4}
    if not opaque:
        assert np.array_equal(next(numbered_frames(file, 3, 4))[..., 3], rgba[..., 3])
