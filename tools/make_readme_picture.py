"""Draw the picture of the README: the sample portrait, frames of one spoken sentence, a turned head.

    .local/venv/bin/python tools/make_readme_picture.py [OUT.jpg]

The frames of the sentence are those of a normal render with default settings; for each sound the one is
taken in which its gesture is strongest. Only the turned head is posed by hand.
"""

from __future__ import annotations

import sys
import types
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
package = types.ModuleType("talking_avatar")
package.__path__ = [str(ROOT)]
sys.modules.setdefault("talking_avatar", package)
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

from talking_avatar.cli.sample import sample_portrait  # noqa: E402
from talking_avatar.models import register_all  # noqa: E402
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX  # noqa: E402
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces  # noqa: E402
from talking_avatar.pipeline_core.host import PlainHost  # noqa: E402
from talking_avatar.pipeline_core.media.image import load_portrait  # noqa: E402
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion  # noqa: E402
from talking_avatar.pipeline_core.render.plan import RenderPlan, plan_render, preview, sized_face  # noqa: E402
from talking_avatar.pipeline_core.render.settings import RenderSettings  # noqa: E402
from talking_avatar.pipeline_core.speech import synthesize  # noqa: E402
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, SpeechTrack  # noqa: E402

OUTPUT = ROOT / "docs" / "contact_sheet.jpg"
TEXT = "My father's old sofa is over there. Have a seat, and tell me about it."
FPS = Fraction(25)
WIDTH_PX = 1280
"""The sample is 512 px wide; drawn at this width its face is about 270 px wide."""
TURN_DEG = (9.0, 2.0, 3.0)
"""Yaw, pitch and roll of the turned head; the default performance stays within about 4 degrees."""
TILE_PX, COLUMNS, GAP_PX = 300, 4, 6
FACE_SHARE = 1.5
"""Side of a tile in face heights."""
CAPTION_PX = 30
INK, PAPER = (210, 210, 214), (24, 24, 27)
CREDIT = "NASA photograph, public domain"
# IPA symbols that show a gesture, and the channel that tells how strong it is.
SOUNDS: tuple[tuple[str, str, str], ...] = (
    ("m", "m", "lipClosure"), ("A", "ɑ", "jawOpen"), ("o", "oʊ", "mouthPucker"), ("f", "f", "lipTuck"),
    ("s", "s", "mouthStretchLeft"),
)


def strongest(track: MotionTrack, speech: SpeechTrack, sound: str, channel: str) -> int:
    """Return the frame in which the gesture of a sound is strongest."""
    total = track.summed()
    if channel in INDEX:
        curve = total.blendshapes[:, INDEX[channel]]
    else:
        curve = total.articulation[:, ARTICULATION_INDEX[channel]]
    spoken = [p for p in speech.phones if p.ipa and p.ipa.startswith(sound)]
    if not spoken:
        raise SystemExit(f"no {sound!r} in {[p.ipa for p in speech.phones]}")
    inside = np.zeros(track.frames, bool)
    for phone in spoken:
        inside[int(phone.start_s * FPS) : int(phone.end_s * FPS) + 1] = True
    return int(np.argmax(np.where(inside, curve, -1.0)))


def turned(face: FaceTrack) -> RenderPlan:
    """Return a plan of one frame with a turned head."""
    layer = MotionLayer.zeros("pose", 1)
    pose = MotionLayer("pose", layer.blendshapes, layer.articulation, np.array([TURN_DEG], np.float32),
                       layer.head_shift, layer.gaze_deg)
    return plan_render(face, MotionTrack(FPS, float(1 / FPS), (pose,)), RenderSettings(width_px=WIDTH_PX))


def pictures() -> list[tuple[str, np.ndarray]]:
    """Return caption and RGB picture of every tile, cropped around the face."""
    register_all()
    host = PlainHost()
    face = detect_faces(load_portrait(str(sample_portrait())), DetectSettings(), host)
    _, speech = synthesize(TEXT, host=host)
    motion = generate_motion(speech, MotionSettings(fps=FPS), face=face, host=host)
    plan = plan_render(face, motion, RenderSettings(width_px=WIDTH_PX))
    shown = sized_face(plan)
    assert shown.portrait is not None
    tiles = [("photo", shown.portrait.image)]
    for name, sound, channel in SOUNDS:
        tiles.append((name, preview(plan, strongest(motion, speech, sound, channel), host)))
    blink = int(np.argmax(motion.summed().blendshapes[:, INDEX["eyeBlinkLeft"]]))
    tiles += [("blink", preview(plan, blink, host)), ("head turned", preview(turned(face), 0, host))]
    points = shown.selected_landmarks_px[:, :2]
    side = float(np.ptp(points[:, 1])) * FACE_SHARE
    left, top = (points.min(axis=0) + points.max(axis=0)) / 2 - side / 2
    top, left, side = (int(max(0.0, v)) for v in (top, left, side))
    return [(name, picture[top : top + side, left : left + side]) for name, picture in tiles]


def sheet(tiles: list[tuple[str, np.ndarray]]) -> Image.Image:
    """Put the tiles side by side, captions in them and the credit below."""
    rows = -(-len(tiles) // COLUMNS)
    step = TILE_PX + GAP_PX
    canvas = Image.new("RGB", (COLUMNS * step + GAP_PX, rows * step + GAP_PX + CAPTION_PX), PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(18)
    for index, (name, picture) in enumerate(tiles):
        row, column = divmod(index, COLUMNS)
        x, y = GAP_PX + column * step, GAP_PX + row * step
        canvas.paste(Image.fromarray(picture).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS), (x, y))
        box = draw.textbbox((x + 8, y + 6), name, font=font)
        draw.rectangle((box[0] - 6, box[1] - 4, box[2] + 6, box[3] + 4), fill=PAPER)
        draw.text((x + 8, y + 6), name, fill=INK, font=font)
    draw.text((GAP_PX + 4, rows * step + GAP_PX + 3), CREDIT, fill=INK, font=font)
    return canvas


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet(pictures()).save(target, quality=88, optimize=True)
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
