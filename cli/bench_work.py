"""The measurements of run.py bench; each runs in a process of its own."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

WORKER = "TALKING_AVATAR_BENCH"
"""Holds the JSON of one measurement in the process that makes it."""
FPS = Fraction(25)
SOURCE_WIDTH_PX = 460
"""The sample portrait is cut to this width, so that its face is as large in the frame as a talking head's."""
PREPARED_SIZE = (1280, 720)
LOOP_FRAMES = 20
"""Distinct frames that the encode-only run repeats, less where they would fill the memory."""
LOOP_MB = 200.0
TEXT = ("The quick brown fox jumps over the lazy dog, and Peter Piper picked a peck of pickled peppers. "
        "Maybe you would rather hear a bit about the weather: warm, with some wind from the west.")


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Make one measurement and return its figures."""
    kinds: dict[str, Callable[..., dict[str, Any]]] = {
        "speed": _speed, "prepare": _prepare, "speech": _speech, "detect": _detect, "import": _import, "memory": _memory}
    kind = job.pop("kind")
    if kind == "import":
        return _import()
    from ..models import register_all

    register_all()
    with tempfile.TemporaryDirectory() as folder:
        return kinds[kind](Path(folder), **job)


def _import() -> dict[str, Any]:
    """Import what every ComfyUI has, then the pack."""
    import av  # noqa: F401
    import numpy  # noqa: F401
    import PIL.Image  # noqa: F401
    import psutil  # noqa: F401
    import torch  # noqa: F401

    from ..pipeline_core.render.rss import rss_mb

    before_mb, began = rss_mb(), time.perf_counter()
    from ..models import register_all
    from ..pipeline_core import pipeline  # noqa: F401

    register_all()
    return {"seconds": time.perf_counter() - began, "mb": rss_mb() - before_mb}


def _tiled(seconds: float) -> Any:
    """Return the sample recording, repeated to a length."""
    import numpy as np

    from ..models.samples import RECORDINGS, sample_speech
    from ..pipeline_core.types import Sound

    sound, _ = sample_speech(next(iter(RECORDINGS)))
    wanted = round(seconds * sound.rate_hz)
    return Sound(np.tile(sound.samples, (1, -(-wanted // sound.samples.shape[1])))[:, :wanted].copy(), sound.rate_hz)


def _plan(portrait: Any, size: tuple[int, int], seconds: float, fps: Fraction, host: Any) -> Any:
    from ..pipeline_core.face.detect import DetectSettings, detect_faces
    from ..pipeline_core.motion import MotionSettings, generate_motion
    from ..pipeline_core.render.plan import plan_render
    from ..pipeline_core.render.settings import RenderSettings
    from ..pipeline_core.speech import analyze

    face = detect_faces(portrait, DetectSettings(), host)
    speech = analyze(_tiled(seconds), engine="energy", host=host)
    motion = generate_motion(speech, MotionSettings(fps=fps), face=face, host=host)
    return plan_render(face, motion, RenderSettings(width_px=size[0], height_px=size[1]))


def _write(pictures: Iterator[Any], plan: Any, count: int, target: Path, host: Any) -> float:
    from ..pipeline_core.media.encode import EncodeSettings, write_video

    began = time.perf_counter()
    write_video(pictures, target, fps=plan.fps, size=plan.size_px, count=count, sound=plan.sound,
                settings=EncodeSettings(), metadata={}, host=host)
    return time.perf_counter() - began


def _speed(folder: Path, size: list[int], frames: int, threads: list[int]) -> dict[str, Any]:
    import numpy as np

    from ..pipeline_core.host import PlainHost
    from ..pipeline_core.media.image import load_portrait, portrait_from_array
    from ..pipeline_core.render.plan import frames as drawn
    from ..pipeline_core.render.plan import sized_face
    from ..pipeline_core.render.rss import peak_rss_mb
    from .sample import sample_portrait

    target = folder / "bench.mp4"
    cut = np.ascontiguousarray(load_portrait(str(sample_portrait())).image[:, :SOURCE_WIDTH_PX])
    plan = _plan(portrait_from_array(cut), (size[0], size[1]), float(frames / FPS), FPS, PlainHost())
    # Compiled code is loaded and threads are started before the clock runs.
    _write(drawn(plan, 0, 4, PlainHost()), plan, 4, target, PlainHost())
    runs = []
    for count in threads:
        host = PlainHost(threads=count)
        took = _write(drawn(plan, 0, None, host), plan, plan.frames, target, host)
        runs.append({"threads": count, "fps": plan.frames / took})
    peak = peak_rss_mb()
    held = int(min(LOOP_FRAMES, plan.frames, max(4, LOOP_MB * 1e6 / (3 * size[0] * size[1]))))
    some = list(drawn(plan, 0, held, PlainHost()))
    # There and back again, so that the repeated frames hold no jump.
    loop = itertools.cycle([*some, *some[-2:0:-1]])
    encode_s = _write(loop, plan, plan.frames, target, PlainHost())
    landmarks = sized_face(plan).selected_landmarks_px
    return {"width_px": size[0], "height_px": size[1], "face_px": float(np.ptp(landmarks[:, 0])), "frames": plan.frames,
            "runs": runs, "encode_fps": plan.frames / encode_s, "peak_rss_mb": peak}


def _prepare(folder: Path, side_px: int) -> dict[str, Any]:
    import cv2

    from ..pipeline_core.face.detect import DetectSettings, detect_faces
    from ..pipeline_core.host import PlainHost
    from ..pipeline_core.media.image import load_portrait
    from ..pipeline_core.render.plan import plan_render, prepared
    from ..pipeline_core.render.rss import peak_rss_mb
    from ..pipeline_core.render.settings import RenderSettings
    from .sample import sample_portrait

    host, times = PlainHost(), []
    image = load_portrait(str(sample_portrait())).image
    large = cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    for name, picture in (("first", large), ("next", large[:, ::-1])):
        path = folder / f"{name}.jpg"
        cv2.imwrite(str(path), picture[..., ::-1])
        began = time.perf_counter()
        face = detect_faces(load_portrait(str(path)), DetectSettings(), host)
        prepared(plan_render(face, _still(), RenderSettings(*PREPARED_SIZE)), host)
        times.append(time.perf_counter() - began)
    return {"side_px": side_px, "first_s": times[0], "next_s": times[1], "peak_rss_mb": peak_rss_mb()}


def _still() -> Any:
    from ..pipeline_core.types import MotionTrack

    return MotionTrack(FPS, 1.0, ())


def _speech(folder: Path) -> dict[str, Any]:
    """Measure after a first run, which loads what is needed."""
    from ..pipeline_core.host import PlainHost
    from ..pipeline_core.registry import backends
    from ..pipeline_core.speech import analyze, synthesize

    host = PlainHost()
    synthesize("Hello.", host=host)
    began = time.perf_counter()
    sound, _ = synthesize(TEXT, host=host)
    found = {"speaking a text": sound.duration_s / (time.perf_counter() - began)}
    missing = []
    for engine in [*backends("speech"), None]:
        name = f"hearing: {engine.title if engine else 'loudness'}"
        if engine is not None and not engine.is_available():
            missing.append(name)
            continue
        for _ in range(2):
            began = time.perf_counter()
            analyze(sound, transcript=TEXT, engine=engine.id if engine else "energy", host=host)
            took = time.perf_counter() - began
        found[name] = sound.duration_s / took
    return {"times_real_time": found, "missing": missing, "sound_s": sound.duration_s}


def _detect(folder: Path, frames: int) -> dict[str, Any]:
    import numpy as np

    from ..pipeline_core.face.choice import DetectSettings, landmarker_of
    from ..pipeline_core.host import PlainHost
    from ..pipeline_core.media.image import crop_resize, load_portrait
    from .sample import sample_portrait

    host, portrait = PlainHost(), load_portrait(str(sample_portrait()))
    picture = crop_resize(portrait, *PREPARED_SIZE, (portrait.width_px / 2, portrait.height_px / 3))[0].image
    landmarker, times = landmarker_of(DetectSettings()), []
    for index in range(frames + 1):
        # Shifted, so that no two pictures are the same.
        moved = np.ascontiguousarray(np.roll(picture, index, axis=1))
        began = time.perf_counter()
        landmarker.detect([moved], host)
        times.append(time.perf_counter() - began)
    return {"first_s": times[0], "next_s": float(np.median(times[1:]))}


def _memory(folder: Path, size: list[int], minutes: float, fps: int) -> dict[str, Any]:
    from ..pipeline_core.host import PlainHost
    from ..pipeline_core.media.encode import EncodeSettings
    from ..pipeline_core.media.image import load_portrait
    from ..pipeline_core.render.estimate import estimate
    from ..pipeline_core.render.plan import frames, prepared
    from ..pipeline_core.render.rss import peak_rss_mb
    from .sample import sample_portrait

    host = PlainHost(threads=2)
    plan = _plan(load_portrait(str(sample_portrait())), (size[0], size[1]), 60 * minutes, Fraction(fps), host)
    prepared(plan, host)
    planned_mb = peak_rss_mb()
    expected = estimate(plan, EncodeSettings(), host)
    wall_s = _write(frames(plan, 0, None, host), plan, plan.frames, folder / "bench.mp4", host)
    return {"width_px": size[0], "height_px": size[1], "minutes": minutes, "fps": fps, "frames": plan.frames,
            "wall_s": wall_s, "planned_rss_mb": planned_mb, "peak_rss_mb": peak_rss_mb(),
            "estimated_mb": max(planned_mb, expected.memory_mb), "estimated_disk_mb": expected.disk_mb,
            "disk_mb": (folder / "bench.mp4").stat().st_size / 1e6}
