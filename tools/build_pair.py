"""Build the sample with two people: the person of the sample portrait beside a second one that is made from her.

    python tools/build_pair.py

Both are cut out with the sample's mask and stand in front of a plain wall. The second one is mirrored,
with a longer and narrower face, greyer hair, darker skin and a blue suit, so that a program can tell
them apart as it tells people apart. Nobody like her exists. Same input and same packages, same bytes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_samples import ASSETS, person_mask, read_portrait
from licence_table import record_sha256

PAIR = ASSETS / "sample_pair.jpg"
SIZE = 704, 448
FIRST_PX, SECOND_PX = 246, -51
"""How far each picture is moved to the right: the original stands right of her double, helmets outside."""
FACE = 222.0, 118.0
"""Middle of the face in the photo, in pixels."""
JPEG_QUALITY = 86
WALL_RGB = (40, 52, 68), (135, 152, 173)
"""Grey of the wall in its corners, and behind the people."""


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Return x and y relative to the face's middle [shape=(512, 512) each]."""
    y, x = np.mgrid[:512, :512].astype(np.float32)
    return x - np.float32(FACE[0]), y - np.float32(FACE[1])


def narrowed(picture: np.ndarray, flags: int) -> np.ndarray:
    """Make the head narrower and longer."""
    dx, dy = grid()
    near = np.exp(-(((dx / 95) ** 2 + (dy / 110) ** 2) ** 2))
    rows = dy + np.float32(FACE[1]) - dy * 0.07 * near - 6 * near * np.sin(np.clip(dy / 110, -1, 1) * np.float32(np.pi))
    return cv2.remap(picture, dx * (1 + 0.12 * near) + np.float32(FACE[0]), rows, flags, borderMode=cv2.BORDER_REPLICATE)


def toned(picture: np.ndarray) -> np.ndarray:
    """Make the orange suit blue, the hair greyer and darker, the skin a shade darker."""
    dx, dy = grid()
    hue, saturation, _ = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32))
    suit = np.clip((saturation - 95) / 40, 0, 1) * (dy > 85) * ((hue < 22) | (hue > 165))
    suit = cv2.GaussianBlur(suit.astype(np.float32), (0, 0), 1.2)[..., None]
    face = cv2.GaussianBlur(np.clip(1.25 - (dx / 62) ** 2 - ((dy - 7) / 82) ** 2, 0, 1), (0, 0), 6)
    face = np.clip(2 * face, 0, 1)[..., None]
    hair = np.clip(2 * (1.5 - (dx / 92) ** 2 - ((dy + 8) / 115) ** 2), 0, 1)[..., None] * (1 - face)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32) - (0, 128, 128)
    blue = lab * (1, 0, 0) + np.stack([0 * dx, 0.1 * lab[..., 1], -0.75 * lab[..., 2]], axis=-1)
    lab = lab + (blue - lab) * suit
    lab = lab + (lab * (0.72, 0.7, 0.5) - lab) * hair
    lab = lab + (lab * (0.88, 1, 1) + (0, 0, 4) - lab) * face
    return cv2.cvtColor(np.clip(lab + (0, 128, 128), 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)


def wall() -> np.ndarray:
    """Return an even wall with a soft light and a little noise [shape=(H, W, 3)]."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = np.clip(1.1 - np.hypot((x - width / 2) / (0.75 * width), (y - 0.4 * height) / height), 0, 1)[..., None]
    noise = np.random.default_rng(1).normal(0, 1.5, (height, width, 1))
    return np.asarray(WALL_RGB[0]) * (1 - light) + np.asarray(WALL_RGB[1]) * light + noise


def pair(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return both people [shape=(H, W, 3)]."""
    second = narrowed(toned(picture), cv2.INTER_CUBIC)[:, ::-1], narrowed(mask, cv2.INTER_LINEAR)[:, ::-1]
    out = wall()
    for (image, inside), right in ((second, SECOND_PX), ((picture, mask), FIRST_PX)):
        move = np.float32([[1, 0, right], [0, 1, 0]])
        soft = cv2.GaussianBlur(cv2.erode(np.ascontiguousarray(inside), np.ones((3, 3))), (0, 0), 1.3)
        share = cv2.warpAffine(soft, move, SIZE).astype(np.float32)[..., None] / 255
        out = out + (cv2.warpAffine(np.ascontiguousarray(image), move, SIZE) - out) * share
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


def main() -> None:
    """Write the file and its hash."""
    picture = read_portrait()
    out = io.BytesIO()
    Image.fromarray(pair(picture, person_mask(picture))).save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    PAIR.write_bytes(out.getvalue())
    print(PAIR.name, len(out.getvalue()), record_sha256("sample_pair", out.getvalue()))


if __name__ == "__main__":
    main()
