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
           np.float32(window.centre_sky), look.light, np.asarray(view, np.float32), look.sky_rgb, look.key_rgb,
           look.albedo, look.tooth_tint, RELIEF, rgb)  # fmt: skip


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


@compiled(error_model="numpy")
def _shade(
    ids: Any, first_id: int, parts: Any, teeth: Any, attributes: Any, low: Any, size: Any, sky: Any,
    limits: Any, centre_sky: Any, light: Any, view: Any, sky_rgb: Any, key_rgb: Any, albedo: Any,
    tooth_tint: Any, relief: Any, rgb: Any,
) -> None:  # fmt: skip
    one, zero = np.float32(1), np.float32(0)
    colour = np.empty(3, np.float32)
    for row in range(ids.shape[0]):
        for column in range(ids.shape[1]):
            t = ids[row, column] - first_id
            if t < 0 or t >= parts.shape[0]:
                continue
            px = attributes[row, column]
            part = parts[t]
            x, y, z = px[0], px[1], px[2]
            rest_x, rest_y, rest_z, height, open_ = px[6], px[7], px[8], px[9], px[10]
            length = one / np.sqrt(px[3] * px[3] + px[4] * px[4] + px[5] * px[5] + np.float32(1e-8))
            nx, ny, nz = px[3] * length, px[4] * length, px[5] * length
            tooth = part <= LOWER_TEETH
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
            length = one / np.sqrt(nx * nx + ny * ny + nz * nz)
            nx, ny, nz = nx * length, ny * length, nz * length

            # Sky through the window, brighter from the side of the key light.
            behind = zero
            if flat:
                # The tip of the tongue comes out from behind the teeth.
                behind = _ramp(0.0, 0.7, limit_z(limits[1], x, y) - z)
            row_seen = 1 if behind > np.float32(0.5) else 0
            ex, ey, ez = sky_at(sky[row_seen], low, size, x, y, z)
            if behind > zero and behind < one:
                if row_seen == 1:
                    ex, ey, ez = sky_at(sky[0], low, size, x, y, z)
                tx, ty, tz = sky_at(sky[1], low, size, x, y, z)
                ex, ey, ez = ex + behind * (tx - ex), ey + behind * (ty - ey), ez + behind * (tz - ez)
            outside = _ramp(0.0, 0.4, z - limit_z(limits[0], x, y))
            ex, ey, ez = ex * (one - outside), ey * (one - outside), ez + (np.float32(0.8) - ez) * outside
            mag = np.sqrt(ex * ex + ey * ey + ez * ez) + np.float32(1e-6)
            toward = (ex * light[0] + ey * light[1] + ez * light[2]) / mag
            tilt = np.float32(0.65) + np.float32(0.35) * max(toward, zero)
            facing = max(nx * ex + ny * ey + nz * ez, zero)
            scatter = _SCATTER[part]
            ambient = tilt * ((one - scatter) * facing + scatter * np.float32(0.62) * mag)
            # Key light with the shadow of the lips, and of the teeth on what lies behind them.
            deep_wall = part == LINING and z < np.float32(8.5)
            free = zero
            if not deep_wall:
                free = leaves(limits[0], x, y, z, light[0], light[1], light[2], np.float32(0.5))
            if behind > zero and free > zero:
                past = leaves(limits[1], x, y, z, light[0], light[1], light[2], np.float32(0.35))
                free *= one - np.float32(0.75) * behind * (one - past)
            slope = nx * light[0] + ny * light[1] + nz * light[2]
            wrap = scatter * np.float32(0.5)
            key = free * max((slope + wrap) / (one + wrap), zero)
            deep = one
            if flat:
                # What lies deep is also hidden by teeth, cheeks and tongue, which the grid does not know.
                depth = max(limit_z(limits[0], x, y) - z - np.float32(2.0), zero)
                deep = one / (one + np.float32(0.06) * depth * depth)
                ambient *= deep
            elif tooth:
                edge = _ramp(0.80, 1.0, height)
                # The edge is translucent: it glows instead of showing a lit and a dark side.
                ambient += edge * (np.float32(0.62) * mag * tilt - ambient) * np.float32(0.8)
                key += edge * (free * np.float32(0.55) - key) * np.float32(0.8)
            shut = np.float32(0.15) + np.float32(0.85) * open_ * (np.float32(0.35) + np.float32(0.65) * open_)
            ambient *= shut
            key *= np.float32(0.45) + np.float32(0.55) * open_
            # Red walls on all sides: inside, most light comes by way of them.
            bounce = np.float32(0.6) * centre_sky + np.float32(0.4) * mag
            bounce *= (one + np.float32(1.5) * behind) * deep * (np.float32(0.08) + np.float32(0.32) * open_)
            bounce_cost = np.float32(0.6) if tooth else np.float32(0.42)

            # Reflection of light and sky in the wet surface, where the mirrored ray leaves the mouth.
            cosine = nx * view[0] + ny * view[1] + nz * view[2]
            rx, ry, rz = (2 * cosine * nx - view[0], 2 * cosine * ny - view[1], 2 * cosine * nz - view[2])
            out = zero
            if not deep_wall:
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
            shine_key = gloss * (np.float32(9.0) * m64 + np.float32(3.5) * m16)
            shine_sky = gloss * (np.float32(0.5) + np.float32(0.5) * ry)

            for k in range(3):
                colour[k] = albedo[part, k]
            if tooth:
                number = teeth[t]
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

            for k in range(3):
                lit = ambient * sky_rgb[k] + key * key_rgb[k]
                # Each bounce inside costs more green and blue than red.
                lit += bounce * sky_rgb[k] * (one if k == 0 else bounce_cost)
                if not tooth:
                    # Light that wanders in flesh comes out redder where there is little of it.
                    red = one / (one + np.float32(6.0) * lit)
                    lit *= one - red * (zero if k == 0 else np.float32(0.35))
                value = colour[k] * lit + shine_key * key_rgb[k] + shine_sky * sky_rgb[k]
                # A shoulder as in film: highlights run into white instead of breaking off.
                over = value - np.float32(0.7)
                if over > zero:
                    value = np.float32(0.7) + over / (one + over * np.float32(2.2))
                rgb[row, column, k] = value
