"""Boxes and landmarks of other nodes."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.face.given import given_boxes, given_frames

NAN = float("nan")


@pytest.mark.parametrize("box", [[], {}, "here", [1, 2, 3], {"x": 1}, [NAN] * 4, (60, float("inf")), [[1, 2, NAN, 4]],
                                 {"x": NAN, "y": 130, "width": 40, "height": 40}])
def test_boxes_that_are_none(box):
    with pytest.raises(InputError):
        given_boxes(box)


@pytest.mark.parametrize("wrong", [
    {}, {"frames": 5}, {"frames": [None]}, {"frames": [5]}, {"frames": [[]], "image_size": None},
    {"frames": [[]], "image_size": (300,)}, {"frames": [[]], "image_size": ("a", "b")},
    {"frames": [[]], "image_size": (300, NAN)}, {"frames": [[{"landmarks_xy": [[1, 2]] * 9}]]}, {"frames": [[7]]},
    np.zeros((9, 2)), np.full((478, 3), NAN), np.zeros((478, 4)), "points", None])
def test_landmarks_that_are_none(wrong):
    with pytest.raises(InputError) as caught:
        given_frames(wrong, 400, 300)
    assert caught.value.hint
