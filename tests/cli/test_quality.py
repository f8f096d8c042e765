"""The quality tables: every face and sentence has its turn, verdicts follow the gates and their controls."""

import math

import pytest
from talking_avatar.cli.quality import SENTENCES, Row, pairs, show
from talking_avatar.pipeline_core.errors import MissingDependency
from talking_avatar.pipeline_core.scoring.dlib_judge import _package


def test_every_face_and_sentence_has_its_turn():
    faces = [f"face {k}" for k in range(8)]
    chosen = pairs(faces, SENTENCES)
    assert len(chosen) == 3 * len(SENTENCES) == len(set(chosen))
    assert {f for f, _ in chosen} == set(faces) and {t for _, t in chosen} == set(SENTENCES)
    assert len(pairs(faces[:1], SENTENCES)) == len(SENTENCES)


@pytest.mark.parametrize(("row", "verdict"), [
    (Row("a", 0.98, 0.97), True), (Row("a", 0.96, 0.97), False), (Row("a", 0.3, None, 0.35), True),
    (Row("a", 0.4, None, 0.35), False), (Row("a", 5.0, -20, 20), True), (Row("a", 30.0, -20, 20), False),
    (Row("a", 0.98, 0.97, good_control=False), False), (Row("a", 0.5), None), (Row("a", math.nan, 0.9), False)])
def test_verdicts(row, verdict):
    assert row.passed is verdict


def test_tables_show_gate_control_and_verdict(capsys):
    found = show("Title", [Row("seam", 0.12, None, 0.3, "hard paste 2.4"), Row("offset", 40.0, -20, 20)])
    text = capsys.readouterr().err
    assert "| seam | 0.120 | <= 0.3 | hard paste 2.4 | pass |" in text
    assert "| offset | 40.000 | -20 .. 20 |  | FAIL |" in text
    assert [row["passed"] for row in found] == [True, False]


def test_a_missing_judge_says_what_to_install():
    with pytest.raises(MissingDependency) as caught:
        _package("no_such_judge_package")
    assert "no_such_judge_package" in caught.value.message and "dlib-bin" in caught.value.hint
