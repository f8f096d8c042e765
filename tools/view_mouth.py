"""Draw the mouth interior behind the lips of the mean head, enlarged, for judging by eye.

    python tools/view_mouth.py OUT.png [SCALE] [POSE ...]
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
package = types.ModuleType("talking_avatar")
package.__path__ = [str(ROOT)]
sys.modules.setdefault("talking_avatar", package)
sys.path.insert(0, str(ROOT / "tools"))

from head_asset.dentition import build_mouth  # noqa: E402
from talking_avatar.models.photo_head.head_model import HeadModel, load_head_model  # noqa: E402
from talking_avatar.models.photo_head.mouth_light import mouth_window  # noqa: E402
from talking_avatar.models.photo_head.mouth_look import MouthLook, mouth_look  # noqa: E402
from talking_avatar.models.photo_head.mouth_pose import TONGUE, Mouth, pose_mouth  # noqa: E402
from talking_avatar.models.photo_head.mouth_shade import CHANNELS, mouth_attributes, shade_mouth  # noqa: E402
from talking_avatar.models.photo_head.normals import vertex_normals  # noqa: E402
from talking_avatar.models.photo_head.raster import rasterize  # noqa: E402
from talking_avatar.pipeline_core.arkit import INDEX  # noqa: E402

POSES: dict[str, dict[str, float]] = {
    "quarter open": {"jawOpen": 0.25},
    "half open": {"jawOpen": 0.5, "mouthUpperUpLeft": 0.15, "mouthUpperUpRight": 0.15},
    "wide A": {"jawOpen": 0.9, "mouthUpperUpLeft": 0.25, "mouthUpperUpRight": 0.25},
    "ee": {"jawOpen": 0.1, "mouthStretchLeft": 0.6, "mouthStretchRight": 0.6, "mouthUpperUpLeft": 0.35,
           "mouthUpperUpRight": 0.35, "mouthLowerDownLeft": 0.6, "mouthLowerDownRight": 0.6},
    "oh": {"jawOpen": 0.45, "mouthFunnel": 0.7, "mouthPucker": 0.15},
    "smile": {"jawOpen": 0.06, "mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "mouthUpperUpLeft": 0.45,
              "mouthUpperUpRight": 0.45, "mouthLowerDownLeft": 0.25, "mouthLowerDownRight": 0.25},
    "laugh": {"jawOpen": 0.55, "mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "mouthUpperUpLeft": 0.4,
              "mouthUpperUpRight": 0.4},
    "th": {"jawOpen": 0.22, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2, "mouthLowerDownLeft": 0.3,
           "mouthLowerDownRight": 0.3, "tongueTip": 1.0},
    "l half way": {"jawOpen": 0.35, "tongueTip": 0.5},
    "tongue out": {"jawOpen": 0.6, "tongueOut": 1.0},
    "snarl": {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0, "mouthLowerDownLeft": 1.0,
              "mouthLowerDownRight": 1.0, "mouthStretchLeft": 0.5, "mouthStretchRight": 0.5, "jawOpen": 0.05},
    "turned laugh": {"jawOpen": 0.4, "mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "mouthUpperUpLeft": 0.4,
                     "mouthUpperUpRight": 0.4, "yaw": 20.0},
}  # fmt: skip


def built_mouth() -> Mouth:
    """Build the geometry afresh, through the asset's quantisation."""
    tensors = build_mouth().tensors()
    return Mouth.from_tensors({name.removeprefix("mouth_"): t for name, t in tensors.items()})


def draw(head: HeadModel, mouth: Mouth, look: MouthLook, pose: dict[str, float], px_per_cm: float,
         samples: int = 2, skin: tuple[float, ...] = (0.42, 0.25, 0.17)) -> np.ndarray:  # fmt: skip
    """Return the mouth region as RGB bytes."""
    vertices = head.vertices + np.tensordot(
        np.array([pose.get(n, 0.0) for n in INDEX], np.float32), head.units, 1
    )
    inside, normals = pose_mouth(mouth, pose.get("jawOpen", 0.0), tongue_tip=pose.get("tongueTip", 0.0),
                                 tongue_out=pose.get("tongueOut", 0.0))  # fmt: skip
    outline = vertices[head.lips.margin]
    turn = np.radians(pose.get("yaw", 0.0))
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]], np.float32)
    scale = px_per_cm * samples
    width, height = int(7.4 * scale), int(6.6 * scale)
    centre = np.array([0.0, -4.3, 10.5], np.float32)

    def project(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = (points - centre) @ rotation.T
        return (p[:, :2] * (scale, -scale) + (width / 2, height / 2)).astype(np.float32), p[:, 2].copy()

    z = np.full((height, width), -np.inf, np.float32)
    ids = np.full((height, width), -1, np.int32)
    rgb = np.zeros((height, width, 3), np.float32)
    skin_px = np.zeros((height, width, 6), np.float32)
    rasterize(*project(vertices), head.triangles, _skin_attributes(head, vertices, skin), z, skin_px, ids, 0, True)
    buffer = np.zeros((height, width, CHANNELS), np.float32)
    # Only through the opening: elsewhere the interior must not show even where it is nearer.
    opening = np.zeros((height, width), np.uint8)
    cv2.fillPoly(opening, [np.round(project(outline)[0]).astype(np.int32)], 1)
    skin_z = z.copy()
    z[opening == 0] = np.inf
    first = len(head.triangles)
    rasterize(*project(inside), mouth.triangles, mouth_attributes(mouth, inside, normals), z, buffer, ids, first, True)
    if pose.get("tongueOut"):
        z = np.where(opening == 0, skin_z, z)
        tongue = np.flatnonzero(mouth.part[mouth.triangles[:, 0]] == TONGUE)
        rasterize(*project(inside), mouth.triangles[tongue], mouth_attributes(mouth, inside, normals), z, buffer,
                  ids, first + int(tongue[0]), True)
    seen = (ids >= 0) & (ids < first)
    n = skin_px[seen][:, :3]
    n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-6
    lit = 0.45 + 0.75 * np.clip(n @ look.light, 0, None)
    rgb[seen] = skin_px[seen][:, 3:] * lit[:, None]
    view = tuple(float(v) for v in rotation.T @ np.array([0, 0, 1.0]))
    shade_mouth(mouth, mouth_window(mouth, inside, outline), look, ids, buffer, rgb, first, view)
    small = cv2.resize(rgb, (width // samples, height // samples), interpolation=cv2.INTER_AREA)
    return _to_bytes(small)


def _skin_attributes(head: HeadModel, vertices: np.ndarray, skin: tuple[float, ...]) -> np.ndarray:
    colour = np.tile(np.array(skin, np.float32), (len(vertices), 1))
    lip = np.zeros(len(vertices), np.float32)
    depth = head.lips.depth
    lip[head.lips.vertices] = np.clip(3.4 - depth, 0, 1)
    dark = np.ones(len(vertices), np.float32)
    dark[head.lips.vertices] = np.clip(1 + 0.35 * depth, 0.15, 1.0)
    colour = colour * (1 - lip[:, None]) + lip[:, None] * np.array([0.38, 0.13, 0.12], np.float32)
    return np.concatenate([vertex_normals(vertices, head.triangles), colour * dark[:, None]], axis=1).astype(np.float32)


def _to_bytes(linear: np.ndarray) -> np.ndarray:
    x = np.clip(linear, 0, 1)
    return np.round(255 * np.where(x < 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)).astype(np.uint8)


def main() -> None:
    """Write a contact sheet."""
    target = Path(sys.argv[1])
    scale = float(sys.argv[2]) if len(sys.argv) > 2 else 100.0
    names = sys.argv[3:] or list(POSES)
    head, mouth = load_head_model(), built_mouth()
    look = mouth_look(np.array([0.42, 0.25, 0.17]))
    tiles = []
    for name in names:
        tile = draw(head, mouth, look, POSES[name], scale)
        cv2.putText(tile, name, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
        tiles.append(tile)
    columns = min(3, len(tiles))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    cv2.imwrite(str(target), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
