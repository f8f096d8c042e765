from fractions import Fraction

import numpy as np
from PIL import Image
from talking_avatar.cli.contact_sheet import COLUMNS, ROWS, contact_sheet
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video


def clip(path, count):
    shades = [np.full((36, 64, 3), 10 + 3 * i, np.uint8) for i in range(count)]
    write_video(iter(shades), path, fps=Fraction(25), size=(64, 36), count=count, sound=None,
                settings=EncodeSettings(), metadata={}, host=PlainHost())
    return path


def test_the_sheet_runs_from_the_first_to_the_last_frame(tmp_path):
    sheet = Image.open(contact_sheet(clip(tmp_path / "a.mp4", 60), tmp_path / "out" / "a.jpg"))
    width, height = sheet.width // COLUMNS, sheet.height // ROWS
    middles = [sheet.getpixel(((i % COLUMNS + 0.5) * width, (i // COLUMNS + 0.6) * height))[1]
               for i in range(COLUMNS * ROWS)]
    assert all(a < b for a, b in zip(middles, middles[1:], strict=False))
    assert abs(middles[0] - 10) < 12 and abs(middles[-1] - 187) < 12


def test_a_clip_of_one_frame_has_a_sheet_of_one_tile(tmp_path):
    assert Image.open(contact_sheet(clip(tmp_path / "b.mp4", 1), tmp_path / "b.jpg")).height < 200
