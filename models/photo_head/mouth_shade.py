"""Colour of every pixel inside the mouth, in linear light.

Enamel lets light in and is warm at the neck, grey-blue at the edge; gums and tongue are wet; what
lies deep is dark and red because light loses its blue and green at every bounce.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray
from .mouth_light import Window, leaves, limit_z, sky_at
from .mouth_look import MouthLook
from .mouth_pose import LINING, LOWER_TEETH, TONGUE, Mouth

CHANNELS = 11
"""Attributes per vertex: place (3), normal (3), place at rest (3), height, occlusion."""
TEXTURE_PX, TEXTURE_CM = 128, 1.6
"""Size of the tileable relief of tongue and gums."""


def mouth_attributes(mouth: Mouth, vertices: FloatArray, normals: FloatArray) -> FloatArray:
    """Return what the rasteriser is to interpolate for `shade_mouth` [shape=(N, CHANNELS)]."""
    return np.concatenate(
        [vertices, normals, mouth.vertices, mouth.height[:, None], mouth.occlusion[:, None]], axis=1
    ).astype(np.float32, copy=False)


def shade_mouth(
    mouth: Mouth,
    window: Window,
    look: MouthLook,
    ids: Any,
    attributes: FloatArray,
    rgb: FloatArray,
    first_id: int = 0,
    view: tuple[float, float, float] = (0.0, 0.0, 1.0),
) -> None:
    """Colour the pixels that show the mouth interior; leave all others alone.

    Parameters
    ----------
    mouth, window, look
        The mouth, this frame's light, this person's colours.
    ids : ndarray
        What the rasteriser found; pixels with `first_id` <= id < `first_id` + M are the mouth's
        [shape=(H, W), int32].
    attributes : ndarray
        Interpolated `mouth_attributes` [shape=(H, W, CHANNELS)].
    rgb : ndarray
        Linear light, 1 is white [shape=(H, W, 3), float32]. Changed in place.
    first_id : int
        The id under which the rasteriser drew triangle 0 of the mouth.
    view : tuple of float
        Unit vector towards the viewer in the head frame.
    """
    part = mouth.part[mouth.triangles[:, 0]]
    tooth = mouth.tooth[mouth.triangles[:, 0]]
    _shade(ids, first_id, part, tooth, attributes, window.low, window.size, window.sky, window.limits,
           np.float32(window.centre_sky), _triple(look.light), _triple(view), _triple(look.sky_rgb),
           _triple(look.key_rgb), look.albedo, look.tooth_tint, RELIEF, rgb)  # fmt: skip


def _triple(values: Any) -> tuple[np.float32, ...]:
    """Numbers, unlike an array, cost nothing to hand on in compiled code."""
    return tuple(np.float32(value) for value in values)


def _relief() -> FloatArray:
    """Return a tileable height field with its slopes [shape=(TEXTURE_PX, TEXTURE_PX, 3)]."""
    noise = np.random.default_rng(7).normal(size=(TEXTURE_PX, TEXTURE_PX))
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(TEXTURE_PX) * TEXTURE_PX] * 2))
    # Papillae: about 0.7 mm apart; larger unevenness under them.
    band = np.exp(-(((frequency - 22) / 9) ** 2)) + 0.8 * np.exp(-(((frequency - 6) / 3) ** 2))
    height = np.fft.ifft2(np.fft.fft2(noise) * band).real
    height /= height.std()
    slopes = [(np.roll(height, -1, axis) - np.roll(height, 1, axis)) / 2 for axis in (1, 0)]
    return np.ascontiguousarray(np.stack([height, *slopes], axis=2), dtype=np.float32)


RELIEF = _relief()
_BUMP = np.array([0.03, 0.03, 0.13, 0.13, 0.40, 0.15], np.float32)
"""Strength of the relief per part."""
_GLOSS = np.array([1.0, 1.0, 0.9, 0.9, 1.0, 0.6], np.float32)
"""Strength of reflections per part: all are wet."""
_SCATTER = np.array([0.55, 0.55, 0.40, 0.40, 0.35, 0.45], np.float32)
"""Share of light that has wandered under the surface and ignores its slope."""


@compiled(inline="always")
def _relief_at(relief: Any, u: Any, v: Any) -> tuple[Any, Any, Any]:
    side = relief.shape[0]
    scale = np.float32(TEXTURE_PX / TEXTURE_CM)
    u, v = u * scale + np.float32(64000), v * scale + np.float32(64000)
    iu, iv = int(u), int(v)
    fu, fv = u - iu, v - iv
    u0, v0 = iu & (side - 1), iv & (side - 1)
    u1, v1 = (u0 + 1) & (side - 1), (v0 + 1) & (side - 1)
    w00, w10 = (1 - fu) * (1 - fv), fu * (1 - fv)
    w01, w11 = (1 - fu) * fv, fu * fv
    h = w00 * relief[v0, u0, 0] + w10 * relief[v0, u1, 0] + w01 * relief[v1, u0, 0] + w11 * relief[v1, u1, 0]
    a = w00 * relief[v0, u0, 1] + w10 * relief[v0, u1, 1] + w01 * relief[v1, u0, 1] + w11 * relief[v1, u1, 1]
    b = w00 * relief[v0, u0, 2] + w10 * relief[v0, u1, 2] + w01 * relief[v1, u0, 2] + w11 * relief[v1, u1, 2]
    return h, a, b


@compiled(inline="always")
def _ramp(low: float, high: float, x: Any) -> Any:
    t = min(max((x - np.float32(low)) / np.float32(high - low), np.float32(0)), np.float32(1))
    return t * t * (np.float32(3) - np.float32(2) * t)


@compiled(inline="always")
def _surface(px: Any, part: Any, relief: Any) -> tuple[Any, Any, Any, Any]:
    """Return the relief's height and the unit normal with its slopes."""
    rest_x, rest_y, rest_z = px[6], px[7], px[8]
    length = np.float32(1) / np.sqrt(px[3] * px[3] + px[4] * px[4] + px[5] * px[5] + np.float32(1e-8))
    nx, ny, nz = px[3] * length, px[4] * length, px[5] * length
    # Relief lies on the tissue, so it moves with it: tongue and palate are seen along y.
    flat = part >= TONGUE
    side = rest_x - np.float32(0.6) * rest_z if not flat else rest_x
    along = rest_z - rest_y if flat else rest_y
    h, du, dv = _relief_at(relief, side, along)
    bump = _BUMP[part]
    if part == TONGUE:
        # The underside is smooth.
        bump *= _ramp(-0.1, 0.6, ny)
    nx -= bump * du
    if flat:
        nz -= bump * dv
    else:
        ny -= bump * dv
    length = np.float32(1) / np.sqrt(nx * nx + ny * ny + nz * nz)
    return h, nx * length, ny * length, nz * length


@compiled(inline="always")
def _behind_teeth(part: Any, x: Any, y: Any, z: Any, limits: Any) -> Any:
    """Tell how far a place lies behind the teeth, 0..1: the tip of the tongue comes out from there."""
    behind = np.float32(0)
    if part >= TONGUE:
        behind = _ramp(0.0, 0.7, limit_z(limits[1], x, y) - z)
    return behind


@compiled(inline="always")
def _sky_through(
    front: Any, part: Any, x: Any, y: Any, z: Any, low: Any, size: Any, sky: Any, limits: Any
) -> tuple[Any, Any, Any, Any]:
    """Return how far a place lies behind the teeth, and the sky light that comes through the window."""
    one, zero = np.float32(1), np.float32(0)
    behind = _behind_teeth(part, x, y, z, limits)
    row_seen = 1 if behind > np.float32(0.5) else 0
    ex, ey, ez = sky_at(sky[row_seen], low, size, x, y, z)
    if behind > zero and behind < one:
        if row_seen == 1:
            ex, ey, ez = sky_at(sky[0], low, size, x, y, z)
        tx, ty, tz = sky_at(sky[1], low, size, x, y, z)
        ex, ey, ez = ex + behind * (tx - ex), ey + behind * (ty - ey), ez + behind * (tz - ez)
    outside = _ramp(0.0, 0.4, z - front)
    return behind, ex * (one - outside), ey * (one - outside), ez + (np.float32(0.8) - ez) * outside


@compiled(inline="always")
def _is_deep_wall(part: Any, z: Any) -> bool:
    return part == LINING and z < np.float32(8.5)


@compiled(inline="always")
def _key_free(part: Any, behind: Any, x: Any, y: Any, z: Any, light: Any, limits: Any) -> Any:
    """Tell how much of the key light arrives past the lips, and past the teeth on what lies behind them."""
    free = np.float32(0)
    if not _is_deep_wall(part, z):
        free = leaves(limits[0], x, y, z, light[0], light[1], light[2], np.float32(0.5))
    if behind > np.float32(0) and free > np.float32(0):
        past = leaves(limits[1], x, y, z, light[0], light[1], light[2], np.float32(0.35))
        free *= np.float32(1) - np.float32(0.75) * behind * (np.float32(1) - past)
    return free


@compiled(inline="always")
def _depth_share(part: Any, z: Any, front: Any) -> Any:
    """What lies deep is also hidden by teeth, cheeks and tongue, which the grid does not know."""
    deep = np.float32(1)
    if part >= TONGUE:
        depth = max(front - z - np.float32(2.0), np.float32(0))
        deep = np.float32(1) / (np.float32(1) + np.float32(0.06) * depth * depth)
    return deep


@compiled(inline="always")
def _tissue_light(
    part: Any, height: Any, deep: Any, mag: Any, tilt: Any, free: Any, ambient: Any, key: Any
) -> tuple[Any, Any]:
    """Return ambient and key light as the tissue takes them."""
    if part >= TONGUE:
        ambient *= deep
    elif part <= LOWER_TEETH:
        edge = _ramp(0.80, 1.0, height)
        # The edge is translucent: it glows instead of showing a lit and a dark side.
        ambient += edge * (np.float32(0.62) * mag * tilt - ambient) * np.float32(0.8)
        key += edge * (free * np.float32(0.55) - key) * np.float32(0.8)
    return ambient, key


@compiled(inline="always")
def _shine(
    part: Any, behind: Any, height: Any, open_: Any, x: Any, y: Any, z: Any, nx: Any, ny: Any, nz: Any,
    light: Any, view: Any, limits: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Reflection of light and sky in the wet surface, where the mirrored ray leaves the mouth."""
    one, zero = np.float32(1), np.float32(0)
    cosine = nx * view[0] + ny * view[1] + nz * view[2]
    rx, ry, rz = (2 * cosine * nx - view[0], 2 * cosine * ny - view[1], 2 * cosine * nz - view[2])
    out = zero
    if not _is_deep_wall(part, z):
        row_seen = 1 if behind > np.float32(0.5) else 0
        out = leaves(limits[row_seen], x, y, z, rx, ry, rz, np.float32(0.25))
    graze = one - max(cosine, zero)
    fresnel = np.float32(0.035) + np.float32(0.5) * graze * graze * graze * graze
    mirror = max(rx * light[0] + ry * light[1] + rz * light[2], zero)
    m4 = mirror * mirror * mirror * mirror
    m16 = m4 * m4 * m4 * m4
    m64 = m16 * m16 * m16 * m16
    gloss = _GLOSS[part] * open_ * out * fresnel
    if part == LINING:
        gloss *= height * _ramp(8.5, 10.0, z)
    return gloss * (np.float32(9.0) * m64 + np.float32(3.5) * m16), gloss * (np.float32(0.5) + np.float32(0.5) * ry)


@compiled(inline="always")
def _pigment(
    part: Any, number: Any, h: Any, height: Any, ny: Any, albedo: Any, tooth_tint: Any, colour: Any
) -> None:
    """Write what the tissue reflects of red, green and blue."""
    one = np.float32(1)
    for k in range(3):
        colour[k] = albedo[part, k]
    if part <= LOWER_TEETH:
        neck = one - _ramp(-0.05, 0.42, height)
        edge = _ramp(0.72, 1.0, height)
        for k in range(3):
            warm = np.float32(0.035 + 0.05 * k + 0.04 * (k == 2))
            cool = np.float32(0.17 - 0.045 * k)
            colour[k] *= tooth_tint[number, k] * (one - neck * warm * 2) * (one - edge * cool)
            colour[k] *= one + np.float32(0.012) * h
    else:
        for k in range(3):
            colour[k] *= one + np.float32(0.05 + 0.015 * k) * h
        if part == LINING:
            for k in range(3):
                colour[k] *= height
        elif part == TONGUE:
            coat = np.float32(0.22) * _ramp(0.15, 0.7, height) * _ramp(-0.4, 0.9, h) * _ramp(0.2, 0.9, ny)
            for k in range(3):
                colour[k] += coat * (np.float32(0.55) - colour[k]) * np.float32(0.6)


@compiled(inline="always")
def _exposed(tooth: bool, k: int, ambient: Any, key: Any, bounce: Any, pigment: Any, sky_k: Any, key_k: Any) -> Any:
    """Return the light of one colour that comes out of the tissue."""
    one, zero = np.float32(1), np.float32(0)
    lit = ambient * sky_k + key * key_k
    # Each bounce inside costs more green and blue than red.
    lit += bounce * sky_k * (one if k == 0 else (np.float32(0.6) if tooth else np.float32(0.42)))
    if not tooth:
        # Light that wanders in flesh comes out redder where there is little of it.
        red = one / (one + np.float32(6.0) * lit)
        lit *= one - red * (zero if k == 0 else np.float32(0.35))
    return pigment * lit


@compiled(inline="always")
def _filmed(value: Any) -> Any:
    """A shoulder as in film: highlights run into white instead of breaking off."""
    over = value - np.float32(0.7)
    if over > np.float32(0):
        value = np.float32(0.7) + over / (np.float32(1) + over * np.float32(2.2))
    return value


@compiled(inline="always")
def _ambient(
    part: Any, nx: Any, ny: Any, nz: Any, ex: Any, ey: Any, ez: Any, mag: Any, light: Any
) -> tuple[Any, Any]:
    """Return how much brighter the sky is towards the key light, and the sky's light on the tissue."""
    one, zero = np.float32(1), np.float32(0)
    toward = (ex * light[0] + ey * light[1] + ez * light[2]) / mag
    tilt = np.float32(0.65) + np.float32(0.35) * max(toward, zero)
    facing = max(nx * ex + ny * ey + nz * ez, zero)
    scatter = _SCATTER[part]
    return tilt, tilt * ((one - scatter) * facing + scatter * np.float32(0.62) * mag)


@compiled(inline="always")
def _lambert(part: Any, nx: Any, ny: Any, nz: Any, light: Any) -> Any:
    """Return the key light on a surface that lets some of it wander round the edge."""
    slope = nx * light[0] + ny * light[1] + nz * light[2]
    wrap = _SCATTER[part] * np.float32(0.5)
    return max((slope + wrap) / (np.float32(1) + wrap), np.float32(0))


@compiled(error_model="numpy")
def _shade(
    ids: Any, first_id: int, parts: Any, teeth: Any, attributes: Any, low: Any, size: Any, sky: Any,
    limits: Any, centre_sky: Any, light: Any, view: Any, sky_rgb: Any, key_rgb: Any, albedo: Any,
    tooth_tint: Any, relief: Any, rgb: Any,
) -> None:  # fmt: skip
    colour = np.empty(3, np.float32)
    for row in range(ids.shape[0]):
        for column in range(ids.shape[1]):
            t = ids[row, column] - first_id
            if t < 0 or t >= parts.shape[0]:
                continue
            px = attributes[row, column]
            part = parts[t]
            x, y, z, height, open_ = px[0], px[1], px[2], px[9], px[10]
            tooth = part <= LOWER_TEETH
            h, nx, ny, nz = _surface(px, part, relief)
            front = limit_z(limits[0], x, y)
            behind, ex, ey, ez = _sky_through(front, part, x, y, z, low, size, sky, limits)
            mag = np.sqrt(ex * ex + ey * ey + ez * ez) + np.float32(1e-6)
            tilt, ambient = _ambient(part, nx, ny, nz, ex, ey, ez, mag, light)
            free = _key_free(part, behind, x, y, z, light, limits)
            key = free * _lambert(part, nx, ny, nz, light)
            deep = _depth_share(part, z, front)
            ambient, key = _tissue_light(part, height, deep, mag, tilt, free, ambient, key)
            ambient *= np.float32(0.15) + np.float32(0.85) * open_ * (np.float32(0.35) + np.float32(0.65) * open_)
            key *= np.float32(0.45) + np.float32(0.55) * open_
            # Red walls on all sides: inside, most light comes by way of them.
            bounce = np.float32(0.6) * centre_sky + np.float32(0.4) * mag
            bounce *= (np.float32(1) + np.float32(1.5) * behind) * deep * (np.float32(0.08) + np.float32(0.32) * open_)
            shine_key, shine_sky = _shine(part, behind, height, open_, x, y, z, nx, ny, nz, light, view, limits)
            _pigment(part, teeth[t], h, height, ny, albedo, tooth_tint, colour)
            for k in range(3):
                value = _exposed(tooth, k, ambient, key, bounce, colour[k], sky_rgb[k], key_rgb[k])
                rgb[row, column, k] = _filmed(value + shine_key * key_rgb[k] + shine_sky * sky_rgb[k])
