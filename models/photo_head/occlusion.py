"""Texture for skin that the photo hides: the neck behind the chin.

When the jaw rises, neck comes into view that the photo does not show. Its own place in the photo
lies on the chin, so it borrows the neck just below the chin's contour instead.
"""

from __future__ import annotations

import numpy as np

from ...pipeline_core.types import FloatArray
from .fit import Pose
from .head_model import HeadModel
from .ramp import smoothstep
from .raster import rasterize

NECK_TOP_CM = -5.5
"""Only skin below this height of the mean head can be hidden by the chin."""
HIDDEN_CM = 0.7
"""Depth by which another surface must lie in front."""
CONTOUR_CM = 0.35
"""Width of the shadow line below the chin, which is not to be borrowed."""
REACH_CM = 7.0
DETAIL_PX_PER_CM = 100.0
"""Resolution up to which hidden skin is looked for."""
RIM_CM = 2.5
"""Borrowing fades over this band at the mesh's edge."""


def visible_texture(model: HeadModel, source_px: FloatArray, pose: Pose) -> FloatArray:
    """Return the photo pixel that textures each vertex [shape=(N, 2)].

    Parameters
    ----------
    model : HeadModel
        The head.
    source_px : FloatArray
        Its vertices on the photo: x, y, depth [shape=(N, 3), px].
    pose : Pose
        Gives the scale and what is down.
    """
    photo_px = source_px[:, :2]
    # A finer look than this decides nothing, but large photos would take much memory.
    detail = min(1.0, DETAIL_PX_PER_CM / pose.scale)
    scale, source_px = pose.scale * detail, source_px * np.float32(detail)
    origin = np.floor(source_px[:, :2].min(axis=0)) - 1.0
    nearest = _depth_map(model, source_px, origin)
    down = np.array([-pose.rotation[0, 1], pose.rotation[1, 1]], np.float32)
    down /= np.linalg.norm(down) + 1e-6
    neck = np.flatnonzero(model.vertices[:, 1] < NECK_TOP_CM)
    margin, reach = max(1.0, CONTOUR_CM * scale), REACH_CM * scale
    steps = np.arange(-margin, reach, max(1.0, 0.05 * scale), dtype=np.float32)
    at = source_px[neck, None, :2] + steps[None, :, None] * down - origin
    column = np.clip(np.round(at[..., 0]).astype(int), 0, nearest.shape[1] - 1)
    row = np.clip(np.round(at[..., 1]).astype(int), 0, nearest.shape[0] - 1)
    behind = nearest[row, column] - source_px[neck, None, 2] > HIDDEN_CM * scale
    last = np.where(behind.any(axis=1), len(steps) - 1 - behind[:, ::-1].argmax(axis=1), -1)
    shift = np.where(last >= 0, steps[last] + margin, 0.0)
    uv = photo_px.copy()
    # The edge of the mesh continues in the picture around it and keeps its own texture.
    inside = smoothstep(model.rim_distance_cm[neck] / RIM_CM)
    uv[neck] += (np.maximum(shift, 0.0) / detail * inside)[:, None] * down
    return uv


def _depth_map(model: HeadModel, source_px: FloatArray, origin: FloatArray) -> FloatArray:
    """Depth of the nearest surface at each pixel of the mesh's bounding box."""
    size = np.ceil(source_px[:, :2].max(axis=0) - origin).astype(int) + 2
    depth = np.full((size[1], size[0]), -np.inf, np.float32)
    xy = np.ascontiguousarray(source_px[:, :2] - origin, np.float32)
    rasterize(xy, np.ascontiguousarray(source_px[:, 2]), model.triangles, np.zeros((len(xy), 0), np.float32),
              depth, np.zeros((*depth.shape, 0), np.float32), np.zeros(depth.shape, np.int32), 0, True)  # fmt: skip
    return depth
