"""Words in pictures: where they are asked for, and no wider than they may be."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.lettering import shortened, width_of, wrapped, write

TEXT = "The lips meet when p, b and m are heard."


def written(text, at, anchor="ls"):
    canvas = np.zeros((40, 200, 3), np.uint8)
    write(canvas, text, at, 18, (255, 0, 0), anchor)
    return canvas


def test_text_stands_on_its_line_in_its_colour():
    canvas = written("Him", (10, 30))
    rows, columns = np.flatnonzero(canvas[..., 0].max(axis=1) > 128), np.flatnonzero(canvas[..., 0].max(axis=0) > 128)
    assert rows.max() in (29, 30) and 9 <= columns.min() <= 13 and not canvas[..., 1:].any()
    right = np.flatnonzero(written("Him", (190, 30), "rs")[..., 0].max(axis=0) > 128)
    assert 186 <= right.max() <= 191 and abs(np.ptp(right) - np.ptp(columns)) <= 1


@pytest.mark.parametrize("at", [(-20, 10), (190, 30), (50, 2), (50, 60), (-500, 10), (10, -90)])
def test_what_lies_outside_is_cut(at):
    assert written("Wide", at).shape == (40, 200, 3)


def test_lines_are_broken_between_words():
    lines = wrapped(TEXT, 16, 150)
    assert len(lines) > 1 and " ".join(lines) == TEXT and max(width_of(line, 16) for line in lines) <= 150
    assert wrapped(TEXT, 16, 2000) == [TEXT] and wrapped("", 16, 100) == []


def test_what_is_too_long_says_so():
    short = shortened(TEXT, 16, 120)
    assert short.endswith("...") and width_of(short, 16) <= 120 and TEXT.startswith(short[:-3])
    assert shortened(TEXT, 16, 2000) == TEXT
    assert width_of(wrapped("x" * 200, 16, 90)[0], 16) <= 90
