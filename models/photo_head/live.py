"""One face as a small binary file that a web page draws at once: see web/lib/avatar.

The page has the same mesh, units, contact rules and mouth as this renderer; what is cut down is the
photo, to the head and shoulders in a moderate size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from ...pipeline_core.arkit import BLENDSHAPES
from ...pipeline_core.cache import shared
from ...pipeline_core.errors import InputError
from ...pipeline_core.host import Host
from ...pipeline_core.media.image import crop_resize
from ...pipeline_core.render.dub import face_sha256
from ...pipeline_core.render.matte import continued
from ...pipeline_core.types import FaceTrack, FloatArray, UInt8Array
from . import contact, deform, eyelids, field, interior, mouth_pose, plug
from .contact import Chain, Opening
from .eyeball import GAP_PX, EyeSheet
from .head_model import HeadModel, RingRegion
from .layers import Box
from .live_mouth import coarse_mouth
from .live_pack import LivePack
from .mouth_shade import RELIEF, TEXTURE_CM
from .renderer import FaceParts, lay_out
from .textures import TEXTURE_SCALE, LidTexture, lash_colour

FACE_PX = 400
"""Width of the face at most: larger photos are reduced first, the file has no more detail than this anyway."""
TEXTURE_PX = 768
"""Longest side of the photo in the file: twice the view's usual width, for zoom and fine displays."""
SHARPENED = 2.0
"""Small photos are enlarged this much at most, better than the page could."""
JPEG_QUALITY, WEBP_QUALITY = 92, 90
SHOWN_CM = (17.0, 19.0, 21.0)
"""Shown round the middle of the head: to both sides, above, below."""
SPARE_CM = 3.0
"""More of the photo beyond what is shown, for what motion brings into view."""
GRID_COLUMNS = 48
"""Cells of the surroundings' grid across the picture: motion changes slowly there."""
LEAST_MOVE_CM = 0.001
"""Units that move a vertex less than half a step of the asset do not list it."""
_HANDLES = {
    "browLeft": (334, 1.1), "browRight": (105, 1.1), "lidLeft": (386, 0.6), "lidRight": (159, 0.6),
    "mouthLeft": (291, 0.8), "mouthRight": (61, 0.8), "upperLip": (0, 0.7), "lowerLip": (17, 0.7),
    "jaw": (152, 1.2), "head": (10, 1.6),
}  # fmt: skip
"""Places to take hold of: MediaPipe landmark, radius in cm."""
_EYE_RADIUS_CM = 0.7


def live_payload(face: FaceTrack, host: Host) -> bytes:
    """Return everything that the page needs to draw this face.

    Parameters
    ----------
    face : FaceTrack
        Found in a photo.
    host : Host
        Told about the stage.

    Raises
    ------
    InputError
        If the face comes from a video.
    """
    if face.portrait is None:
        raise InputError("the live view shows a photo, not a video", hint="Use a photo, or one frame of the video.")
    return shared().get(("live_payload", face_sha256(face)), lambda: _packed(face, host))


def _packed(face: FaceTrack, host: Host) -> bytes:
    host.status("Preparing the live view")
    face = _reduced(face)
    assert face.portrait is not None
    portrait = face.portrait
    parts = lay_out(face, portrait, {})
    pack = LivePack()
    _add_skin(pack, parts)
    _add_units(pack, parts.model)
    _add_openings(pack, parts)
    _add_plugs(pack, parts)
    _add_mouth(pack, parts)
    shown, texture = _boxes(parts, portrait.width_px, portrait.height_px)
    _add_pictures(pack, parts, texture, portrait.alpha)
    _add_grid(pack, parts.field, texture)
    pack.header |= {
        "photo": {"width": portrait.width_px, "height": portrait.height_px},
        "shown": _corners(shown), "texture": _corners(texture),
        "pose": {"rotation": _list(parts.head.pose.rotation), "scale": parts.head.pose.scale,
                 "offset": _list(parts.head.pose.offset_px)},
        "field": {"pivot": _list(parts.field.pivot), "distance": parts.field.distance, "unit": parts.field.unit},
        "expression": _list(parts.head.expression), "keep": _list(parts.deformer.keep),
        "openRatio": parts.deformer.open_ratio, "blinks": parts.deformer.blinks,
        "lash": _list(lash_colour(portrait.image, parts.model, parts.head.source_px)),
        "handles": _handles(parts), "names": list(BLENDSHAPES), "constants": _constants(),
    }  # fmt: skip
    return pack.to_bytes()


def _reduced(face: FaceTrack) -> FaceTrack:
    """Return the face in a photo of moderate size, its colours continued where it is transparent."""
    assert face.portrait is not None
    portrait = continued(face.portrait)
    scale = min(1.0, FACE_PX / max(1.0, float(np.ptp(face.selected_landmarks_px[:468, 0]))))
    width, height = (max(1, round(side * scale)) for side in (portrait.width_px, portrait.height_px))
    portrait, crop = crop_resize(portrait, width, height)
    return replace(face, portrait=portrait, width_px=width, height_px=height, landmarks_px=crop.apply(face.landmarks_px))


def _list(values: Any) -> list[float]:
    return [float(value) for value in np.ravel(values)]


def _constants() -> dict[str, Any]:
    """Return the numbers that the page's geometry shares with ours."""
    return {
        "blinkUnitShare": deform.BLINK_UNIT_SHARE, "eyeDepthCm": deform.EYE_DEPTH_CM, "linePush": deform.LINE_PUSH,
        "upperLipShare": contact.UPPER_LIP_SHARE, "lipOverlapCm": contact.LIP_OVERLAP_CM,
        "upperLidShare": contact.UPPER_LID_SHARE, "lidOverlapCm": contact.LID_OVERLAP_CM,
        "smoothingPlaces": contact.SMOOTHING_PLACES, "tuckRevealCm": contact.TUCK_REVEAL_CM,
        "tuckDepthCm": contact.TUCK_DEPTH_CM, "eyeballPerIris": plug.EYEBALL_PER_IRIS,
        "roomShare": plug.ROOM_SHARE, "uprightMost": plug.UPRIGHT_MOST,
        "lashWidthCm": eyelids.LASH_WIDTH_CM, "lashStrength": eyelids.LASH_STRENGTH, "bulge": eyelids.BULGE,
        "crease": eyelids.CREASE, "jawAngleDeg": mouth_pose.JAW_ANGLE_DEG, "jawPivotCm": mouth_pose.JAW_PIVOT_CM,
        "jawLeftCm": mouth_pose.JAW_LEFT_CM, "jawForwardCm": mouth_pose.JAW_FORWARD_CM,
        "tipForwardCm": mouth_pose.TIP_FORWARD_CM, "tipUpCm": mouth_pose.TIP_UP_CM,
        "outForwardCm": mouth_pose.OUT_FORWARD_CM, "outDropCm": mouth_pose.OUT_DROP_CM,
        "outFree": mouth_pose.OUT_FREE, "outLevelCm": mouth_pose.OUT_LEVEL_CM, "shutCm": interior.SHUT_CM,
        "innerLipFall": interior.INNER_LIP_FALL, "slitRatio": interior.SLIT_RATIO, "openRatio": interior.OPEN_RATIO,
        "slitLight": interior.SLIT_LIGHT, "slitColour": _list(interior.SLIT_COLOUR),
        "slitReach": interior.SLIT_REACH, "reliefCm": TEXTURE_CM, "interOcularCm": field.INTER_OCULAR_CM,
    }  # fmt: skip


def _add_skin(pack: LivePack, parts: FaceParts) -> None:
    deformer, head = parts.deformer, parts.head
    pack.add_quantised("neutral", head.neutral_cm)
    pack.add_quantised("source", head.source_px)
    pack.add_quantised("uv", deformer.texture)
    pack.add_quantised("rim", deformer.rim[:, 0])
    pack.add_quantised("weight", deformer.carry[0][0][:, 0])
    pack.add_quantised("breath", deformer.carry[0][1])
    pack.add_quantised("fieldDepth", deformer.field_depth)
    pack.add("lipUv", deformer.lip_uv, "f32")
    # Subdivision makes eight of each square of the control mesh, in order: the page may draw two instead.
    pack.add("triangles", parts.model.triangles, "u16")


def _add_units(pack: LivePack, model: HeadModel) -> None:
    """Add each unit as the vertices that it moves and their moves."""
    vertices, moves, starts = [], [], [0]
    for unit in model.units:
        moved = np.flatnonzero(np.abs(unit).max(axis=1) >= LEAST_MOVE_CM)
        vertices.append(moved)
        moves.append(unit[moved])
        starts.append(starts[-1] + len(moved))
    pack.add("unitVertices", np.concatenate(vertices), "u16")
    pack.add_quantised("unitMoves", np.concatenate(moves))
    pack.add("unitStarts", starts, "u32")


def _add_openings(pack: LivePack, parts: FaceParts) -> None:
    openings = {"mouth": parts.deformer.mouth, **parts.deformer.eyes}
    for name, opening in openings.items():
        region = opening.region
        pack.add(f"{name}.vertices", region.vertices, "u16")
        pack.add(f"{name}.place", region.place, "u8")
        pack.add(f"{name}.depth", region.depth, "f32")
        pack.add(f"{name}.margin", region.margin, "u16")
        for part in ("fade", "roll", "outside"):
            pack.add(f"{name}.{part}", getattr(opening, part)[:, 0], "f32")
        _add_chain(pack, f"{name}.upper", opening.upper)
        _add_chain(pack, f"{name}.lower", opening.lower)
    for side, gap in parts.deformer.eye_gap.items():
        pack.add(f"{side}.gap", gap, "f32")
        pack.add(f"{side}.follow", _lid_place(parts, side, openings[side]), "f32")


def _add_chain(pack: LivePack, name: str, chain: Chain) -> None:
    pack.add(f"{name}.vertices", chain.vertices, "u16")
    pack.add(f"{name}.places", chain.places, "u8")
    pack.add(f"{name}.partner", chain.partner[:, 0], "u8")
    pack.add(f"{name}.mix", chain.mix[:, 0], "f32")
    pack.add(f"{name}.arc", chain.arc, "f32")


def _lid_place(parts: FaceParts, side: str, eye: Opening) -> FloatArray:
    """Return where closed-lid skin is: 0 nowhere, 1 above the eye, up to 2 at the lid's edge [shape=(N,)]."""
    model, region = parts.model, eye.region
    above = model.vertices[:, 1] > model.vertices[region.margin, 1].mean()
    middle = model.vertices[region.margin].mean(axis=0)
    near = np.linalg.norm(model.vertices - middle, axis=1) < eyelids.LASH_REACH_CM
    follow = contact.lid_follow(model, side)
    place = np.where(near & above, eyelids.UPPER * _round_eye(parts.head.source_px[:, :2], region), 0.0)
    place = np.where(follow > 0.0, eyelids.UPPER + follow, place)
    place[region.margin[:28]] = eyelids.UPPER + 1.0
    return np.asarray(place, np.float32)


def _round_eye(xy: FloatArray, region: RingRegion) -> FloatArray:
    """Return 1 where a blink paints, 0.5 and less where brows and cheeks must stay, as `EyelidPainter` does [shape=(N,)]."""
    outline = xy[region.vertices[(region.place < 28) | (region.depth <= 2)]]
    middle = outline.mean(axis=0)
    hull = cv2.convexHull(np.float32(middle + eyelids.OUTLINE_GROWTH * (outline - middle)))
    soft = 0.05 * float(np.ptp(outline[:, 0]))
    inside = [cv2.pointPolygonTest(hull, (float(x), float(y)), True) for x, y in xy]
    return np.clip(0.75 + 0.125 * np.float32(inside) / soft, 0.0, 1.0)


def _add_plugs(pack: LivePack, parts: FaceParts) -> None:
    for side, eye, carry in zip(("left", "right"), parts.deformer.plugs, parts.deformer.carry[1:], strict=True):
        pack.add(f"{side}.plug.points", eye.points, "f32")
        pack.add(f"{side}.plug.uv", eye.texture, "f32")
        pack.add(f"{side}.plug.window", eye.window[:, 0], "f32")
        pack.add(f"{side}.plug.triangles", eye.triangles, "u16")
        pack.add(f"{side}.plug.weight", carry[0][:, 0], "f32")
        pack.add(f"{side}.plug.breath", carry[1], "f32")
    pack.header["eyes"] = {side: {
        "turning": eye.turning, "turns": eye.sheet_px is not None, "centre": _list(eye.eye.centre),
        "radius": eye.eye.radius, "along": _list(eye.along), "corners": _list(eye.corners),
    } for side, eye in zip(("left", "right"), parts.deformer.plugs, strict=True)}  # fmt: skip


def _add_mouth(pack: LivePack, parts: FaceParts) -> None:
    inside = parts.interior
    mouth = shared().get(("live_mouth",), lambda: coarse_mouth(parts.model.mouth))
    pack.add_quantised("teeth.vertices", mouth["vertices"])
    pack.add_quantised("teeth.normals", mouth["normals"])
    for name in ("triangles", "rough"):
        pack.add(f"teeth.{name}", mouth[name], "u16")
    for name in ("part", "tooth", "height", "occlusion", "jaw", "tip"):
        pack.add(f"teeth.{name}", mouth[name], "u8")
    pack.add_quantised("relief", RELIEF[..., 0])
    look, tone = inside.look, inside.tone
    pack.header["look"] = {
        "light": _list(look.light), "sky": _list(look.sky_rgb), "key": _list(look.key_rgb),
        "albedo": _list(look.albedo), "tint": _list(look.tooth_tint), "view": _list(inside.view),
        "affine": _list(inside.affine), "blurPx": inside.blur_px,
    }  # fmt: skip
    pack.header["tone"] = {"share": tone.share, "level": _list(tone.level), "tint": _list(tone.tint)}


def _boxes(parts: FaceParts, width: int, height: int) -> tuple[Box, Box]:
    """Return what is shown of the photo, and how much of it the file has."""
    centre = np.array([[*field.HEAD_CENTRE_CM]], np.float32)
    x, y = parts.head.pose.project(centre)[0, :2]
    scale = parts.head.pose.scale
    side, up, down = (cm * scale for cm in SHOWN_CM)

    def box(spare: float) -> Box:
        return Box(max(0, int(x - side - spare)), max(0, int(y - up - spare)),
                   min(width, int(x + side + spare) + 1), min(height, int(y + down + spare) + 1))  # fmt: skip

    return box(0.0), box(SPARE_CM * scale)


def _corners(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def _add_pictures(pack: LivePack, parts: FaceParts, box: Box, alpha: UInt8Array | None) -> None:
    scale = min(SHARPENED, TEXTURE_PX / max(box.shape))
    rgb = _with_eyes(parts.skin, parts.sheet, box)
    whole = None if alpha is None else _with_eyes(alpha, replace(parts.sheet, rows=np.full_like(parts.sheet.rows[..., 0], 255)), box)
    pack.add_bytes("photo", _encoded(_resized(rgb, scale), None if whole is None else _resized(whole, scale)))
    pack.header["picture"] = [box.left, box.top, box.right, box.top + len(rgb)]
    pack.header["sheetPx"] = parts.sheet.offset_px(box.bottom)
    for side, lid in zip(("left", "right"), parts.lids, strict=True):
        picture = lid.pixels[::TEXTURE_SCALE, ::TEXTURE_SCALE]
        pack.add_bytes(f"{side}.lid", _encoded(_resized(picture, scale), None))
    pack.header["lids"] = {side: _lid_corners(lid) for side, lid in zip(("left", "right"), parts.lids, strict=True)}


def _with_eyes(image: UInt8Array, sheet: EyeSheet, box: Box) -> UInt8Array:
    """Cut the box out of a picture and put the eyes without lids under it."""
    columns = slice(box.left, box.right)
    part = image[box.top : box.bottom, columns]
    return np.concatenate([part, np.repeat(part[-1:], GAP_PX, axis=0), sheet.rows[:, columns]])


def _lid_corners(lid: LidTexture) -> list[float]:
    left, top = (value / TEXTURE_SCALE for value in lid.offset)
    rows, columns = lid.pixels.shape[:2]
    return [left, top, left + columns / TEXTURE_SCALE, top + rows / TEXTURE_SCALE]


def _resized(image: UInt8Array, scale: float) -> UInt8Array:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(np.ascontiguousarray(image), size, interpolation=how), np.uint8)


def _encoded(rgb: UInt8Array, alpha: UInt8Array | None) -> bytes:
    if alpha is None:
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        return bytes(cv2.imencode(".jpg", rgb[..., ::-1], options)[1])
    picture = np.dstack([rgb[..., ::-1], alpha])
    return bytes(cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])[1])


def _add_grid(pack: LivePack, head_field: field.HeadField, box: Box) -> None:
    """Add the surroundings: a grid over the picture and how its nodes take part in motion."""
    rows, columns = box.shape
    down = max(2, round(GRID_COLUMNS * rows / columns)) + 1
    x, y = np.meshgrid(np.linspace(box.left, box.right, GRID_COLUMNS + 1), np.linspace(box.top, box.bottom, down))
    nodes = np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32) - np.float32(0.5)
    pack.header["grid"] = {"columns": GRID_COLUMNS + 1, "rows": down}
    pack.add("grid.nodes", nodes, "f32")
    pack.add("grid.weight", head_field.weight_at(nodes), "f32")
    pack.add("grid.breath", head_field.breath_at(nodes), "f32")
    pack.add("grid.depth", head_field.depth_at(nodes), "f32")


def _handles(parts: FaceParts) -> list[dict[str, Any]]:
    """Name the vertices to take hold of; those of the eyes are the middles of their discs."""
    model, scale, found = parts.model, parts.head.pose.scale, []
    for region, (landmark, radius) in _HANDLES.items():
        corner = int(model.landmark_weights[landmark].argmax())
        found.append({"region": region, "vertex": int(model.landmark_triangles[landmark, corner]),
                      "radius": radius * scale})  # fmt: skip
    first = len(model.vertices)
    for region, eye in zip(("eyeLeft", "eyeRight"), parts.deformer.plugs, strict=True):
        found.append({"region": region, "vertex": first, "radius": _EYE_RADIUS_CM * scale})
        first += len(eye.points)
    return found
