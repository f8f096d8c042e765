"""Two people of one photo talk in turns, in a real ComfyUI, by the shipped workflow."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.media.video import probe, read_frames

pytestmark = pytest.mark.comfyui
MOUTHS = ((slice(140, 170), slice(215, 262)), (slice(130, 160), slice(445, 490)))
"""Where the lips of both are in the sample, in pixels."""


def movement(path, first_s, last_s):
    """How much both mouths change from frame to frame within a stretch of time, in grey levels."""
    pictures = [picture.astype(int) for at_s, picture in read_frames(str(path)) if first_s <= at_s < last_s]
    return [float(np.mean([np.abs(b[place] - a[place]).mean() for a, b in zip(pictures, pictures[1:], strict=False)]))
            for place in MOUTHS]


def test_the_workflow_lets_them_talk_in_turns(server, prompt_of):
    prompt = prompt_of("two_speakers", TA_VideoMux={"format": "mkv-ffv1-flac"})
    for node in prompt.values():
        if node["class_type"] == "TA_MotionGenerator":
            node["inputs"].update(still=True, blinks=0.0)
    server.client.run(prompt)
    path = max(server.output.glob("talking_avatar/two_speakers*"), key=lambda file: file.stat().st_mtime)
    info = probe(str(path))
    assert (info.width_px, info.height_px) == (704, 448) and info.has_sound and 7.6 < info.duration_s < 8.0
    first, second = movement(path, 0.2, 3.0), movement(path, 3.7, 7.3)
    assert first[0] > 0.5 and second[1] > 0.5, "who has the turn talks"
    assert first[1] < 0.1 * second[1] and second[0] < 0.1 * first[0], "who has not keeps still"
