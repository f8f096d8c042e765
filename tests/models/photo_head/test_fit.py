import numpy as np
import pytest
from talking_avatar.models.photo_head.field import rotation_matrix
from talking_avatar.models.photo_head.fit import Pose, fit_head
from talking_avatar.pipeline_core.arkit import INDEX


def project_landmarks(model, positions, pose):
    points = pose.project(model.landmarks(positions)) * np.float32([1, 1, -1])
    return np.concatenate([points, np.zeros((10, 3), np.float32)]).astype(np.float32)


@pytest.mark.parametrize("head_deg", [(0, 0, 0), (12, -6, 4), (-28, 5, -10)])
def test_pose_identity_and_opening_are_recovered(head_model, head_deg):
    rng = np.random.default_rng(5)
    identity = rng.normal(0, 0.6, len(head_model.identity)).astype(np.float32)
    positions = head_model.vertices + np.tensordot(identity, head_model.identity, 1)
    positions = positions + 0.3 * head_model.units[INDEX["jawOpen"]]
    pose = Pose(rotation_matrix(np.float32(head_deg)), 16.0, np.float32([300, 260]))
    head = fit_head(head_model, project_landmarks(head_model, positions, pose))
    assert head.residual_ratio < 0.006
    angle = np.degrees(np.arccos(np.clip((np.trace(head.pose.rotation.T @ pose.rotation) - 1) / 2, -1, 1)))
    assert angle < 4.0
    assert abs(head.expression[INDEX["jawOpen"]] - 0.3) < 0.12
    lips = head_model.lips.margin
    assert np.abs(head.source_px[lips, :2] - pose.project(positions)[lips, :2]).mean() < 1.0


def test_the_fitted_head_lies_on_the_landmarks(head_model, neutral_person):
    wanted = neutral_person.face.selected_landmarks_px[:468, :2]
    found = head_model.landmarks(neutral_person.head.source_px)[:, :2]
    assert np.linalg.norm(found - wanted, axis=1).mean() < 0.5


def test_mirrored_landmarks_do_not_fit_as_well(head_model, neutral_person):
    """Negative control: a residual that cannot grow would prove nothing."""
    wrong = neutral_person.face.selected_landmarks_px.copy()
    wrong[:, 0] = 256 - wrong[:, 0]
    assert fit_head(head_model, wrong).residual_ratio > 5 * neutral_person.head.residual_ratio
