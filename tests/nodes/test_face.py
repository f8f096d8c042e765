"""Detect Face: boxes and landmarks of other nodes, the detectors, and the masks."""

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import AvatarError

DETECT = {"face_index": 0, "order": "left-right", "min_confidence": 0.5}


@pytest.fixture(scope="module")
def two():
    """Two portraits side by side, as an IMAGE."""
    from skimage import data

    head = data.astronaut()[0:300, 80:380]
    return torch.from_numpy(np.concatenate([head, head], axis=1).astype(np.float32) / 255.0)[None]


def run(classes, source, **inputs):
    return classes["TA_DetectFace"].execute(source=source, **{**DETECT, **inputs}).args


def test_a_box_takes_the_place_of_the_number(classes, two):
    face = run(classes, two, bbox=[[400, 60, 100, 120]])[0]
    assert (len(face.face_ids), face.selected) == (2, 1)
    core = run(classes, two, bbox=[[{"x": 400.0, "y": 60.0, "width": 100.0, "height": 120.0}]])[0]
    assert core.selected == 1


def test_landmarks_of_another_node_are_taken(classes, two):
    found = run(classes, two)[0]
    given = {"frames": [[{"landmarks_xy": found.landmarks_px[0, 1, :, :2] + 3}]], "image_size": (300, 600)}
    face = run(classes, two, landmarks=given)[0]
    assert np.allclose(face.selected_landmarks_px[:, :2], found.landmarks_px[0, 1, :, :2] + 3, atol=1e-3)
    assert face.found_by == ""


def test_masks_grow_and_soften(classes, two):
    plain, large, soft = (run(classes, two, **keywords)[3] for keywords in
                          ({}, {"mask_grow": 0.2}, {"mask_feather": 0.4}))
    assert plain.shape == (1, 300, 600)
    assert large.sum() > 1.5 * plain.sum()
    assert ((soft > 0.05) & (soft < 0.95)).sum() > 2 * ((plain > 0.05) & (plain < 0.95)).sum()


@pytest.mark.parametrize("wrong", [{"detector": "eyes"}, {"mask_frames": "some"},
                                   {"detector": "insightface (non-commercial)"}])
def test_choices_that_cannot_work_are_refused_before_anything_runs(classes, wrong):
    assert isinstance(classes["TA_DetectFace"].validate_inputs(**wrong), str)
    assert classes["TA_DetectFace"].validate_inputs(detector="full range", mask_frames="all") is True


def test_nonsense_at_the_sockets_is_one_sentence(classes, two):
    for inputs in ({"landmarks": {"points": 3}}, {"bbox": "here"}, {"bbox": [5, 5, 9, 9]}):
        with pytest.raises(AvatarError, match="hint:"):
            run(classes, two, **inputs)
