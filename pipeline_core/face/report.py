"""Say in plain text what was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import registry
from ..types import FaceTrack
from .geometry import face_box, face_width_px, head_angles
from .overlay import shown_frame


def report(face: FaceTrack) -> str:
    """Return the faces, their sizes and directions, warnings, and whose model found them."""
    source = face.portrait.source if face.portrait else Path(face.video.path).name if face.video else "picture"
    length = f", {len(face.landmarks_px)} frames at {float(face.fps):g} fps" if face.video else ""
    count = len(face.face_ids)
    lines = [f"{source}: {face.width_px} x {face.height_px} px{length}, {count} face{'' if count == 1 else 's'}"]
    lines += [_line(face, i) for i in range(count)]
    if face.video and count > 1:
        lines.append(f"numbers are the same in all frames; the picture shows {_where(face)}")
    lines += [f"warning: {text}" for text in face.warnings]
    return "\n".join([*lines, *_licence(face)])


def _where(face: FaceTrack) -> str:
    frame = shown_frame(face)
    seen = int(np.isfinite(face.landmarks_px[frame]).all(axis=(1, 2)).sum())
    return f"{seen} of the faces, at {frame / float(face.fps):.2f} s"


def _line(face: FaceTrack, i: int) -> str:
    track = face.landmarks_px[:, i]
    seen = np.flatnonzero(np.isfinite(track).all(axis=(1, 2)))
    mark = "  <- talks" if i == face.selected else ""
    if not len(seen):
        return f"face {i}: not seen{mark}"
    points = np.asarray(track[seen[0]])
    left, top, right, bottom = face_box(points)
    angles = head_angles(points)
    shown = f", seen in {len(seen)} of {len(track)} frames" if len(track) > 1 else ""
    return (f"face {i}: {face_width_px(points):.0f} px wide at ({(left + right) / 2:.0f}, {(top + bottom) / 2:.0f}), "
            f"yaw {angles.yaw_deg:+.0f}, pitch {angles.pitch_deg:+.0f}, roll {angles.roll_deg:+.0f} degrees, "
            f"score {face.score_ratio[seen[0], i]:.2f}{shown}{mark}")


def _licence(face: FaceTrack) -> list[str]:
    known = [b for b in registry.backends("landmarks") if b.id == face.found_by]
    if not known:
        return []
    use = "commercial use allowed" if known[0].commercial else "no commercial use"
    return [f"landmarks: {known[0].title}, {known[0].licence}, {use}"]
