"""Which skin moves by itself, and which is left to its surroundings."""

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models.photo_head.deform import SIDEWAYS, _frontal
from talking_avatar.models.photo_head.field import rotation_matrix
from talking_avatar.models.photo_head.fit import Pose
from talking_avatar.models.photo_head.normals import vertex_normals
from talking_avatar.models.photo_head.ramp import smoothstep


def turned(head_model, head, yaw_deg):
    pose = Pose(rotation_matrix((yaw_deg, 0, 0)), 8.0, np.float32([128, 128]))
    return replace(head, pose=pose, source_px=pose.project(head_model.vertices))


def by_slope_alone(head_model, head):
    sideways = np.abs(vertex_normals(head.source_px, head_model.triangles)[:, 0])
    return smoothstep((SIDEWAYS[1] - sideways) / (SIDEWAYS[1] - SIDEWAYS[0]))


@pytest.mark.parametrize("yaw_deg", [-45, 45])
def test_skin_beyond_the_far_contour_is_left_to_the_surroundings(head_model, neutral_person, yaw_deg):
    head = turned(head_model, neutral_person.head, yaw_deg)
    normals = vertex_normals(head_model.vertices, head_model.triangles) @ head.pose.rotation.T
    beyond = (np.sign(yaw_deg) * normals[:, 0] > 0.5) & (normals[:, 2] < -0.4) & (np.abs(normals[:, 1]) < 0.2)
    for region in (head_model.lips, *head_model.lids.values()):
        beyond[region.vertices] = False
    assert beyond.sum() > 50
    assert _frontal(head_model, head)[beyond].max() < 0.3
    assert by_slope_alone(head_model, head)[beyond].mean() > 0.4, "without the rule it would be drawn"


def test_the_near_side_the_lips_and_frontal_faces_keep_their_own_motion(head_model, neutral_person):
    head = turned(head_model, neutral_person.head, 35)
    same = _frontal(head_model, head) == by_slope_alone(head_model, head)
    assert same[head_model.lips.vertices].all()
    assert same[head.source_px[:, 0] < np.median(head.source_px[:, 0])].mean() > 0.97
    frontal = turned(head_model, neutral_person.head, 15)
    assert np.array_equal(_frontal(head_model, frontal), by_slope_alone(head_model, frontal))
