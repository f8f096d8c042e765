import numpy as np
from talking_avatar.models.photo_head.occlusion import HIDDEN_CM, _depth_map, visible_texture


def hidden_share(model, source, uv, scale):
    """Share of neck vertices whose texture pixel shows a surface in front of them."""
    origin = np.floor(source[:, :2].min(axis=0)) - 1.0
    depth = _depth_map(model, source, origin)
    neck = model.vertices[:, 1] < -6.0
    at = np.round(uv[neck] - origin).astype(int)
    row, column = np.clip(at[:, 1], 0, depth.shape[0] - 1), np.clip(at[:, 0], 0, depth.shape[1] - 1)
    return float((depth[row, column] - source[neck, 2] > HIDDEN_CM * scale).mean())


def test_hidden_neck_borrows_texture_below_the_chin(head_model, neutral_person):
    head = neutral_person.head
    uv = visible_texture(head_model, head.source_px, head.pose)
    before = hidden_share(head_model, head.source_px, head.source_px[:, :2], head.pose.scale)
    after = hidden_share(head_model, head.source_px, uv, head.pose.scale)
    assert before > 0.01, "the chin of a frontal head hides part of the neck"
    assert after < 0.2 * before


def test_everything_else_keeps_its_own_texture(head_model, neutral_person):
    head = neutral_person.head
    uv = visible_texture(head_model, head.source_px, head.pose)
    moved = np.linalg.norm(uv - head.source_px[:, :2], axis=1) > 0
    assert not moved[head_model.vertices[:, 1] > -5.5].any()
    chin = head_model.landmarks(moved[:, None].astype(np.float32) * np.ones(3, np.float32))[152]
    assert chin.max() == 0, "the chin itself is seen"
