"""Build the samples that the nodes offer without an upload: a portrait, its mask, and a recording.

    python tools/build_samples.py

The portrait is astronaut.png of scikit-image (NASA, public domain), as JPEG. The mask is found by
GrabCut from the outlines below. The recording is a LibriVox reading (public domain) out of the
test data of pocketsphinx' source archive, which is taken from .local/wheels or fetched there with
pip, as FLAC. Same input and same packages, same bytes; other versions differ by rounding.
"""

from __future__ import annotations

import io
import sys
import tarfile
import wave
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
from licence_table import record_sha256
from source_packages import ROOT, find_package, verified

ASSETS = ROOT / "models" / "assets"
PORTRAIT, MASK, SPEECH = (ASSETS / name for name in ("sample_portrait.jpg", "sample_mask.png", "sample_speech.flac"))
PORTRAIT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
REQUIREMENT = "pocketsphinx==5.1.1"
ARCHIVE_SHA256 = "675778b309a22dfc9b7d37f7621976bba491d2a5f8c59696bd77fd6d07271355"
CLIP = "pocketsphinx-5.1.1/test/data/librivox/sense_and_sensibility_01_austen_64kb-0930.wav"
JPEG_QUALITY = 94

PERSON = [
    [(186, 40), (268, 40), (280, 75), (272, 130), (255, 160), (200, 160), (185, 130), (168, 95)],
    [(140, 195), (272, 195), (296, 232), (326, 300), (345, 350), (300, 400), (280, 505), (150, 505), (60, 330), (95, 260)],
    [(350, 360), (420, 355), (480, 410), (495, 490), (300, 505), (285, 430)],
]
"""Outlines that are certainly the person or what she carries, in pixels of the photo."""
MAYBE = [
    [(150, 20), (225, 8), (300, 40), (302, 110), (280, 150), (310, 220), (352, 300), (372, 345), (430, 340),
     (490, 390), (508, 440), (511, 511), (20, 511), (20, 300), (105, 235), (112, 160), (165, 140), (148, 90)],
]
BACKGROUND = [
    [(0, 0), (140, 0), (140, 120), (100, 150), (85, 235), (22, 290), (10, 400), (0, 400)],
    [(0, 290), (16, 330), (15, 400), (24, 470), (30, 511), (0, 511)],
    [(276, 184), (302, 186), (322, 240), (310, 238), (302, 214)],
    [(310, 0), (511, 0), (511, 335), (400, 330), (360, 290), (318, 190), (306, 130), (310, 60)],
]


def read_portrait() -> np.ndarray:
    """Return scikit-image's picture [shape=(512, 512, 3)], verified."""
    from skimage import data

    path = Path(data.__file__).parent / "astronaut.png"
    return np.asarray(Image.open(io.BytesIO(verified(path.read_bytes(), PORTRAIT_SHA256, path))).convert("RGB"))


def portrait_file(picture: np.ndarray) -> bytes:
    """Return the picture as JPEG without colour subsampling."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return out.getvalue()


def person_mask(picture: np.ndarray) -> np.ndarray:
    """Return 255 on the person [shape=(512, 512)], in one piece and without holes."""
    labels = np.full(picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
    for outlines, label in ((MAYBE, cv2.GC_PR_FGD), (BACKGROUND, cv2.GC_BGD), (PERSON, cv2.GC_FGD)):
        cv2.fillPoly(labels, [np.int32(outline) for outline in outlines], label)
    cv2.setRNGSeed(1)
    cv2.grabCut(picture[..., ::-1].copy(), labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 8, cv2.GC_INIT_WITH_MASK)
    mask = np.where((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    mask = cv2.morphologyEx(cv2.medianBlur(mask, 5), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(mask), [max(outlines, key=cv2.contourArea)], -1, 255, cv2.FILLED)


def mask_file(mask: np.ndarray) -> bytes:
    """Return the mask as PNG with one bit per pixel."""
    out = io.BytesIO()
    Image.fromarray(mask).convert("1", dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def speech_file(archive: Path) -> bytes:
    """Return the clip of pocketsphinx' verified source archive as FLAC: the same 16-bit samples."""
    data = verified(archive.read_bytes(), ARCHIVE_SHA256, archive)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar, wave.open(tar.extractfile(CLIP)) as clip:
        rate_hz, samples = clip.getframerate(), np.frombuffer(clip.readframes(clip.getnframes()), "<i2")
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout="mono", options={"compression_level": "12"})
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()


def main() -> None:
    """Write the files and their hashes."""
    picture = read_portrait()
    made = {"sample_portrait": (PORTRAIT, portrait_file(picture)), "sample_mask": (MASK, mask_file(person_mask(picture))),
            "sample_speech": (SPEECH, speech_file(find_package(REQUIREMENT, source=True)))}
    for id, (path, data) in made.items():
        path.write_bytes(data)
        print(path.name, len(data), record_sha256(id, data))


if __name__ == "__main__":
    main()
