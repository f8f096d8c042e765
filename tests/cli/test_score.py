"""run.py score: the table, the JSON, and bad input in one line."""

from __future__ import annotations

import argparse
import json
import math

import pytest
from talking_avatar.cli import main, score
from talking_avatar.cli.console import EXIT_INPUT, EXIT_OK
from talking_avatar.pipeline_core.scoring.scorecard import RANK, Row, Scorecard, at_least, at_most, within

ROWS = (Row("closures", "closures met", 0.98, "share", ">= 0.9", "chance 0.60", "ok", judge="dlib"),
        Row("offset", "picture late", 123.4, "ms", "-45 .. 45", verdict="bad", why="the picture is 123 ms late"),
        Row("identity", "distance", None, "distance", "<= 0.35", why="no source"))


def card(rows=ROWS):
    return Scorecard("a.mp4", "", "aligned", 90, 25.0, 3.6, 640, 360, rows, ("a remark",))


def test_the_card_is_as_bad_as_its_worst_row():
    assert card().verdict == "bad" and card(ROWS[:1]).verdict == "ok" and card(ROWS[2:]).verdict == "not measurable"
    # One good row says nothing of a card that is mostly empty.
    assert card((ROWS[0], ROWS[2], ROWS[2])).verdict == "not measurable" and card(ROWS[::2]).verdict == "ok"
    assert RANK.index("warn") > RANK.index("ok")
    assert card().row("offset").value == 123.4


def test_json_holds_no_nan():
    found = card((Row("a", "a", math.nan, "", ""), *ROWS)).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False))["rows"][0]["value"] is None
    assert found["verdict"] == "bad" and found["rows"][1]["control"] == "chance 0.60"


def test_gates():
    assert [at_least(0.9, 0.7).verdict(v) for v in (0.95, 0.8, 0.5, math.nan)] == ["ok", "warn", "bad", "not measurable"]
    assert [at_most(0.3, 0.5).verdict(v) for v in (0.3, 0.4, 0.6)] == ["ok", "warn", "bad"]
    assert [within((-45, 45), (-90, 90)).verdict(v) for v in (-45, -46, -91, 91)] == ["ok", "warn", "bad", "bad"]


def test_the_table_says_value_reference_control_and_verdict():
    text = score.table(card())
    assert "| closures met | 0.98 | >= 0.9 | chance 0.60 | dlib | ok |" in text
    assert "| +123 ms |" in text and "bad: the picture is 123 ms late" in text
    assert "| distance | - |" in text and "not measurable: no source" in text
    assert "note: a remark" in text and text.endswith("in all: bad, 2 of 3 figures measured")


def test_the_command_hands_words_and_cues_over(monkeypatch, tmp_path, capsys):
    seen = []
    monkeypatch.setattr(score, "score_video", lambda video, **given: seen.append((video, given)) or card())
    words, cues = tmp_path / "words.txt", tmp_path / "cues.json"
    words.write_text("hello"), cues.write_text("{}")
    for path in (words, cues):
        arguments = argparse.Namespace(video="a.mp4", source="p.png", transcript=str(path), device="cpu", json=True)
        assert score.run(arguments) == EXIT_OK
    assert (seen[0][1]["transcript"], seen[0][1]["cues"]) == ("hello", "")
    assert (seen[1][1]["transcript"], seen[1][1]["cues"]) == ("", "{}")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["verdict"] == "bad"


@pytest.mark.parametrize("kind", ["missing", "text"])
def test_bad_input_is_one_line(monkeypatch, tmp_path, capsys, kind):
    path = tmp_path / "clip.mp4"
    if kind == "text":
        path.write_text("no video")
    monkeypatch.setattr(main, "_dispatch", lambda arguments, argv: score.run(arguments))
    assert main.main(["score", str(path)]) == EXIT_INPUT
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1 and " | hint: " in lines[0]
