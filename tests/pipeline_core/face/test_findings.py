"""The overlay with words: the face that talks close up, its masks, and what a user should know."""

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.pipeline_core.face import findings as module
from talking_avatar.pipeline_core.face.findings import CLOSE_PX, MOST_LINES, WIDTH_PX, findings_picture
from talking_avatar.pipeline_core.face.masks import MaskSettings
from talking_avatar.pipeline_core.face.overlay import FACE_MASK_RGB, MOUTH_MASK_RGB
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.types import FaceTrack


def track(warnings=(), faces=1):
    """An oval of landmarks in a grey picture."""
    angles = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    points = np.stack([100 + 30 * np.cos(angles * 7), 80 + 40 * np.sin(angles * 7), np.zeros(478)], -1).astype(np.float32)
    return FaceTrack(240, 160, np.repeat(points[None, None], faces, axis=1)[:, :faces], np.ones((1, faces), np.float32),
                     tuple(range(faces)), portrait=portrait_from_array(np.full((160, 240, 3), 90, np.uint8)), warnings=warnings)


@pytest.fixture
def said(monkeypatch):
    texts = []
    monkeypatch.setattr(module, "write", lambda canvas, text, *given: texts.append(text))
    return texts


def holds(picture, rgb):
    return bool((picture == np.asarray(rgb, np.uint8)).all(axis=-1).any())


def test_picture_close_look_and_masks():
    picture = findings_picture(track(), MaskSettings())
    assert picture.shape[1] == WIDTH_PX and picture.shape[0] >= 480 + CLOSE_PX
    close = picture[480 + 16:480 + 16 + CLOSE_PX, 16:16 + CLOSE_PX]
    assert holds(close, FACE_MASK_RGB) and holds(close, MOUTH_MASK_RGB)
    assert not holds(picture[:480], FACE_MASK_RGB), "the whole picture stays free of them"


def test_findings_are_said_and_none_as_well(said):
    findings_picture(track(("the face is blurred: use another",)), MaskSettings())
    assert "The face is blurred: use another" in " ".join(said) and "No fault" not in " ".join(said)
    said.clear()
    findings_picture(track(), MaskSettings())
    assert "No fault found" in " ".join(said)


def test_nobody_and_a_face_that_is_not_seen():
    nobody = track(faces=0)
    assert findings_picture(nobody, MaskSettings()).shape[1] == WIDTH_PX
    gone = track()
    gone = replace(gone, landmarks_px=np.full_like(gone.landmarks_px, np.nan))
    assert findings_picture(gone, MaskSettings()).shape[0] < 480 + CLOSE_PX


def test_many_findings_end_with_a_hint(said):
    findings_picture(track(tuple(f"finding {i} that is long enough for two lines of this narrow column, surely" for i in range(30))),
                     MaskSettings())
    assert said[-1] == "... more in the report" and len(said) <= MOST_LINES + 4
