"""The scorecard as a picture: a line for each figure, in the colour of its verdict."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring import chart as module
from talking_avatar.pipeline_core.scoring.chart import COLOURS, MEANINGS, WIDTH_PX, chart_picture, sentence
from talking_avatar.pipeline_core.scoring.lip_rows import lip_rows
from talking_avatar.pipeline_core.scoring.look_rows import file_rows, life_rows, look_rows
from talking_avatar.pipeline_core.scoring.scorecard import RANK, Row, Scorecard

ROWS = (Row("closures", "closures met", 0.98, "share", "ours 0.99", verdict="ok"),
        Row("offset", "picture late", 123.4, "ms", "-45 .. 45; ours 20", verdict="bad", why="the picture is 123 ms late"),
        Row("identity", "distance", None, "distance", "<= 0.35", why="no source given"))


def card(rows=ROWS, remarks=()):
    return Scorecard("a.mp4", "", "aligned", 90, 25.0, 3.6, 640, 360, rows, remarks)


@pytest.fixture
def said(monkeypatch):
    """What is written into the chart."""
    texts = []
    monkeypatch.setattr(module, "write", lambda canvas, text, *given: texts.append(text))
    return texts


def stripe(chart):
    """The colours at the left edge of the lines, from top to bottom."""
    column = [tuple(int(v) for v in pixel) for pixel in chart[100:, module.MARGIN_PX + 2]]
    return [c for i, c in enumerate(column) if (i == 0 or column[i - 1] != c) and c in COLOURS.values()]


def test_each_figure_has_a_line_in_its_colour():
    chart = chart_picture(card())
    assert chart.shape[1:] == (WIDTH_PX, 3) and chart.dtype == np.uint8
    assert stripe(chart) == [COLOURS[row.verdict] for row in ROWS]
    assert stripe(chart_picture(card(ROWS[:1]))) == [COLOURS["ok"]]


def test_value_target_and_a_sentence_are_told(said):
    chart_picture(card(remarks=("no independent judge",)))
    assert {"0.98", "+123 ms", "-", "good", "bad", "unknown", "ours 0.99", "target -45 .. 45", "target <= 0.35",
            "The picture is 123 ms late.", "No source given.", "Note: no independent judge"} <= set(said)
    assert "Something is wrong" in said and any("a.mp4" in text for text in said)


def test_what_is_wrong_takes_the_place_of_what_it_means():
    assert sentence(ROWS[0]) == MEANINGS["closures"][1] and sentence(ROWS[1]) == "The picture is 123 ms late."
    assert sentence(Row("new", "a new figure", 1.0, "", "")) == "A new figure."


def test_long_sentences_make_the_line_taller():
    long = Row("offset", "x", 1.0, "ms", "0", why="word " * 60)
    assert chart_picture(card((long,))).shape[0] > chart_picture(card((ROWS[1],))).shape[0] + 40


def test_an_empty_card_and_every_verdict_can_be_drawn():
    assert chart_picture(card(())).shape[0] > 80
    for verdict in RANK:
        chart_picture(card((Row("x", "y", float("nan"), "", "z", verdict=verdict),)))


def test_every_figure_that_is_measured_has_a_meaning():
    nothing = SimpleNamespace(times_s=[], fps=25.0, duration_s=0.0, frame_s=0.04, frozen_s=0, canvas=None, laid=(), distances=(),
                              independent=False, lips=SimpleNamespace(seen_share=0.0), own=SimpleNamespace(seen_share=0.0),
                              judges=SimpleNamespace(embed=None, missing=""))
    rows = [*lip_rows(nothing, None, ""), *look_rows(nothing), *life_rows(nothing, ()), *file_rows(nothing, None)]
    assert {row.id for row in rows} == set(MEANINGS)
