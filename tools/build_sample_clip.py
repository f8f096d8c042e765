"""Build the sample clip that the nodes offer for dubbing: the sample portrait talks for a few seconds.

    python tools/build_sample_clip.py

Everything in it is made by this project: the photo is the sample portrait (NASA, public domain), the
voice the bundled one. Same packages and threads, same pictures; other versions differ by rounding.
"""

from __future__ import annotations

import os
import sys
import tempfile
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package
sys.path.insert(0, str(Path(__file__).resolve().parent))

from licence_table import record_sha256  # noqa: E402
from talking_avatar.models import register_all  # noqa: E402
from talking_avatar.models.samples import PREFIX, sample_portrait  # noqa: E402
from talking_avatar.pipeline_core.host import PlainHost  # noqa: E402
from talking_avatar.pipeline_core.media.encode import EncodeSettings  # noqa: E402
from talking_avatar.pipeline_core.media.image import portrait_from_array  # noqa: E402
from talking_avatar.pipeline_core.motion import MotionSettings  # noqa: E402
from talking_avatar.pipeline_core.pipeline import AvatarRequest, render_avatar  # noqa: E402
from talking_avatar.pipeline_core.render.settings import RenderSettings  # noqa: E402

CLIP = ROOT / "models" / "assets" / "sample_clip.mp4"
TEXT = "Good morning. These words were put into my mouth, and you may put others there instead."
VOICE = "heart"
BOX = (slice(0, 320), slice(62, 382))
"""Rows and columns of the portrait that are shown: head and shoulders."""
SIDE_PX = 512
CRF, PRESET = 23, "slow"


def clip_file() -> bytes:
    """Return the clip: H.264 and AAC in mp4."""
    register_all()
    portrait = portrait_from_array(sample_portrait(f"{PREFIX}astronaut").image[BOX])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "clip.mp4")
        render_avatar(AvatarRequest(
            portrait=portrait, out_path=path, text=TEXT, voice=VOICE, render=RenderSettings(SIDE_PX, SIDE_PX),
            motion=MotionSettings(emotion="happy", emotion_strength=0.4, seed=3),
            encode=EncodeSettings("mp4-h264", crf=CRF, preset=PRESET)), PlainHost())
        return Path(path).read_bytes()


def main() -> None:
    """Write the file and its hash."""
    data = clip_file()
    CLIP.write_bytes(data)
    print(CLIP.name, len(data), record_sha256("sample_clip", data))


if __name__ == "__main__":
    main()
