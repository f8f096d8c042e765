"""A person's mask becomes the photo's transparency: checked, softened where it is hard, and with
colours at its edge that no longer show what was behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..lazy import cv2
from ..types import FaceTrack, FloatArray, Portrait, UInt8Array

SHAPE_TOLERANCE_RATIO = 0.02
"""How far the proportions of a mask may be off before it belongs to another picture."""
FACE_SHARE_MIN = 0.5
"""A mask that is dark on more than half of the face does not show the person."""
HARD_SHARE = 0.6
"""From this share of hard steps along its outline a mask counts as cut with scissors."""
EDGE_SHARE = 1.0 / 256.0
"""Width of an edge as a share of the picture's longer side: hair and the blur of a lens."""
_WIDE, _FINE = 12, 2
"""Reach of the two colour estimates, in edge widths."""
_SIGHT = 0.004
"""Squared contrast (of 0..1) that counts as a structure of the photo when a hard mask is softened."""

_LOW, _HIGH = 0.25, 0.8
"""Opacity of the filter that becomes none and whole: its own slope is twice as wide as an edge, and
hard masks tend to be a little too large."""


def matted(face: FaceTrack, mask: UInt8Array) -> tuple[FaceTrack, tuple[str, ...]]:
    """Return the face with the photo cut out by a mask, and warnings.

    Parameters
    ----------
    face : FaceTrack
        Found in a photo.
    mask : UInt8Array
        255 where the person is, 0 where the background is to be seen [shape=(H, W)]. Another size
        than the photo's is scaled.

    Raises
    ------
    InputError
        If there is no photo, or the mask cannot be that of this person.
    """
    if face.portrait is None:
        raise InputError("a mask can be applied to a photo only", hint="Use a photo as the source.")
    fitted, warnings = _fitted(mask, face.portrait)
    _expect_person(fitted, face)
    return replace(face, portrait=cut_out(face.portrait, fitted)), warnings


def _fitted(mask: UInt8Array, portrait: Portrait) -> tuple[UInt8Array, tuple[str, ...]]:
    """Return the mask in the photo's size."""
    height, width = mask.shape
    size = f"the mask is {width} x {height} px, the photo {portrait.width_px} x {portrait.height_px} px"
    if (width, height) == (portrait.width_px, portrait.height_px):
        return mask, ()
    ratio = width / height * portrait.height_px / portrait.width_px
    if abs(ratio - 1.0) > SHAPE_TOLERANCE_RATIO or min(width, height) < 2:
        raise InputError(f"{size}: it belongs to another picture or another crop of it",
                         hint="Make the mask from the 'image' output of Load Portrait.")
    larger = width > portrait.width_px
    kind = cv2.INTER_AREA if larger else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(mask, (portrait.width_px, portrait.height_px), interpolation=kind), np.uint8)
    return scaled, (f"{size[0].upper()}{size[1:]}: it is scaled" + ("." if larger else ", so its edge is coarse."),)


def _expect_person(mask: UInt8Array, face: FaceTrack) -> None:
    points = np.round(face.selected_landmarks_px[:, :2]).astype(int)
    inside = (points >= 0).all(1) & (points < (mask.shape[1], mask.shape[0])).all(1)
    covered = float((mask[points[inside, 1], points[inside, 0]] > 127).mean()) if inside.any() else 0.0
    if not (mask > 127).any():
        raise InputError("the mask is black everywhere: it shows no person",
                         hint="Connect the MASK of a node that finds the person, white on the person.")
    if covered < FACE_SHARE_MIN:
        raise InputError(f"the mask is white on only {100 * covered:.0f} % of the face: it seems to be inverted",
                         hint="White has to be where the person is: put Invert Mask between.")


def cut_out(portrait: Portrait, mask: UInt8Array) -> Portrait:
    """Return the photo with a mask as its opacity, ready to stand in front of anything.

    Pixels on which the mask is white stay as they are. Those of its edge get the colour that the
    person alone has there, and a narrow band outside continues it, so that neither half-transparent
    nor resampled pixels show the old background. Farther out the photo is kept.
    """
    edge = max(1.5, EDGE_SHARE * max(mask.shape))
    alpha = _softened(mask, portrait.image, edge)
    box = _edge_box(alpha, round(edge * _WIDE * 2))
    image = portrait.image.copy()
    colour, share = image[box].astype(np.float32), alpha[box].astype(np.float32) / 255.0
    clean = _person_colour(colour, share, edge)
    near = cv2.dilate((alpha[box] > 0).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(3, round(edge)))
    touched = (near > 0) & (alpha[box] < 255)
    image[box][touched] = np.clip(np.round(clean[touched]), 0, 255).astype(np.uint8)
    return replace(portrait, image=image, alpha=alpha, sha256="")


def continued(portrait: Portrait) -> Portrait:
    """Return a transparent photo whose colours go on a little where nothing of it is to be seen.

    Files are often black there; resampling would draw that in as a dark line.
    """
    if portrait.alpha is None:
        return portrait
    edge = max(1.5, EDGE_SHARE * max(portrait.alpha.shape))
    near = cv2.dilate((portrait.alpha > 0).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(3, round(edge)))
    touched = (near > 0) & (portrait.alpha == 0)
    box = _edge_box(portrait.alpha, round(edge * 3))
    share = portrait.alpha[box].astype(np.float32) / 255.0
    beyond = _mean_where(np.asarray(portrait.image[box], np.float32), share, edge)
    image = portrait.image.copy()
    image[box][touched[box]] = np.clip(np.round(beyond[touched[box]]), 0, 255).astype(np.uint8)
    return replace(portrait, image=image)


def _edge_box(alpha: UInt8Array, margin: int) -> tuple[slice, slice]:
    """Return the part of the picture that holds the person and its surroundings."""
    left, top, width, height = cv2.boundingRect((alpha > 0).astype(np.uint8))
    return slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin)


def _softened(mask: UInt8Array, image: UInt8Array, edge: float) -> UInt8Array:
    """Give a mask without half tones an edge that follows the photo; leave a soft one alone.

    Within the band around its outline, opacity becomes a locally linear function of brightness
    (guided filter, He et al. 2010): hair is told from its background by the contrast between them.
    """
    opaque = (mask > 127).astype(np.uint8)
    ring = cv2.dilate(opaque, np.ones((3, 3), np.uint8)) - cv2.erode(opaque, np.ones((3, 3), np.uint8))
    hard = (mask[ring > 0] < 16) | (mask[ring > 0] > 239)
    if not hard.size or hard.mean() < HARD_SHARE:
        return mask
    size = 2 * round(1.5 * edge) + 1
    guide = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    known = np.asarray(cv2.GaussianBlur(opaque.astype(np.float32), (0, 0), max(0.6, edge / 4)), np.float32)
    mean_guide, mean_known = _mean(guide, size), _mean(known, size)
    slope = (_mean(guide * known, size) - mean_guide * mean_known) / (_mean(np.square(guide), size) - mean_guide**2 + _SIGHT)
    soft = _mean(slope, size) * guide + _mean(mean_known - slope * mean_guide, size)
    reach, steps = np.ones((3, 3), np.uint8), max(1, round(edge))
    band = cv2.dilate(opaque, reach, iterations=steps) - cv2.erode(opaque, reach, iterations=steps)
    out = np.where(band > 0, np.clip((soft - _LOW) / (_HIGH - _LOW), 0.0, 1.0), opaque)
    return np.asarray(np.round(out * 255), np.uint8)


def _mean(values: npt.NDArray[Any], size: int) -> FloatArray:
    return np.asarray(cv2.blur(np.asarray(values, np.float32), (size, size)), np.float32)


def _person_colour(colour: FloatArray, share: FloatArray, edge: float) -> FloatArray:
    """Return the colour of the person wherever it is mixed with the background [shape=(H, W, 3)].

    Person and background are each the mean of their surroundings, weighted by how sure a pixel is
    of one or the other; what the mix of both leaves unexplained is the person's own detail. A wide
    estimate first, a close one on top (after Forte, "Approximate Fast Foreground Colour
    Estimation", 2021).
    """
    front = behind = colour
    for reach in (_WIDE, _FINE):
        sigma = reach * edge / 2
        front_mean = _mean_where(front, share, sigma)
        behind_mean = _mean_where(behind, 1.0 - share, sigma)
        rest = colour - share[..., None] * front_mean - (1.0 - share[..., None]) * behind_mean
        front = np.clip(front_mean + share[..., None] * rest, 0.0, 255.0)
        behind = behind_mean
    return np.asarray(front, np.float32)


def _mean_where(colour: FloatArray, weight: FloatArray, sigma: float) -> FloatArray:
    """Blur the colours that have weight, without letting the others in."""
    top = cv2.GaussianBlur(colour * weight[..., None], (0, 0), sigma)
    bottom = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return np.asarray(np.where(bottom > 1e-4, top / np.maximum(bottom, 1e-4), colour), np.float32)
