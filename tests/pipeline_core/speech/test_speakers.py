"""Tables of turns, and the sounds that they make of a recording."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.speech.speakers import (
    Turn,
    heard_share,
    mixed,
    read_faces,
    read_turns,
    sound_of_face,
    sounds_of_faces,
    turns_report,
)
from talking_avatar.pipeline_core.types import Sound

RATE_HZ = 8000


@pytest.fixture(scope="module")
def sound():
    """Five seconds of noise that is never silent, in stereo."""
    return Sound(np.random.default_rng(0).uniform(0.2, 0.9, (2, 5 * RATE_HZ)).astype(np.float32), RATE_HZ)


@pytest.mark.parametrize("table", ["0-2.5 0 / 2.5-5 1", "0 2.5 0\n2.5 5 1", "0: 0-2.5\n1: 2.5-5.", "0:00-0:02.5 face 0; 2.5s-5s 1",
                                   "# who\n0.0 to 2.5, 0  # first\n\n2.5–5 1", "0-1 0 / 1-2.5 0 / 2.5-5.04 1"])
def test_forms_of_one_table(table):
    assert read_turns(table, 5.0, 2) == (Turn(0.0, 2.5, 0), Turn(2.5, 5.0, 1))


def test_turns_may_overlap():
    assert read_turns("1: 0-3, 4-5\n0: 2-4.5", 5.0) == (Turn(0, 3, 1), Turn(2, 4.5, 0), Turn(4, 5, 1))


@pytest.mark.parametrize(("table", "word"), [
    ("", "empty"), ("# nothing", "empty"), ("a-b 1", "'a-b 1'"), ("0-2", "'0-2'"), ("0-1 1\n3-2 1", "line 2"), ("3-2 1", "before"),
    ("0-9 1", "5.00 s"), ("0-1 x", "'0-1 x'"), ("1:0-2", "'1:0-2'"), ("0-1 7", "face 7"), ("1: 0-2 3", "cannot"),
    ("0-1 1 5", "cannot"), ("-1-2 1", "cannot"), ("1e3-2 1", "cannot"), ("0-1 99", "99"), ("1: ", "cannot"),
])
def test_what_cannot_be_read_is_named(table, word):
    with pytest.raises(SettingError, match=r"hint: \w") as error:
        read_turns(table, 5.0, 4)
    assert word in error.value.message


def test_the_report_is_a_table_again():
    turns = (Turn(0.0, 2.5, 0, 0.75), Turn(2.5, 5.0, 1))
    report = turns_report(turns)
    assert "75 % sure" in report
    assert [(t.start_s, t.end_s, t.face) for t in read_turns(report, 5.0)] == [(0.0, 2.5, 0), (2.5, 5.0, 1)]


def test_others_are_silent_and_ends_are_soft(sound):
    first = sound_of_face(sound, read_turns("0-2.5 0 / 2.5-5 1", 5.0), 0).samples
    assert first.shape == sound.samples.shape
    assert np.array_equal(first[:, : int(2.49 * RATE_HZ)], sound.samples[:, : int(2.49 * RATE_HZ)])
    assert not first[:, int(2.51 * RATE_HZ) :].any()
    # The noise is never below 0.2: without a fade the step would be as large.
    gain = first[0] / sound.samples[0]
    assert np.abs(np.diff(gain)).max() < 0.03


def test_turns_add_up_to_the_recording(sound):
    for table in ("0-2.5 0 / 2.5-5 1", "0-3 0 / 2.5-5 1", "0: 0-1, 2-5\n1: 1-2"):
        together = mixed(sounds_of_faces(sound, read_turns(table, 5.0), (0, 1)))
        assert np.abs(together.samples - sound.samples).max() < 1e-6, table
    # The control: two other recordings are added.
    other = Sound(sound.samples[:, ::-1].copy(), RATE_HZ)
    assert np.abs(mixed([sound, other]).samples - sound.samples).max() > 0.1


def test_different_sounds_do_not_clip(sound):
    short = Sound(np.full((1, RATE_HZ), 0.8, np.float32), 2 * RATE_HZ)
    both = mixed([sound, short])
    assert both.rate_hz == 2 * RATE_HZ and both.samples.shape == (2, 10 * RATE_HZ)
    assert np.abs(both.samples).max() <= 1.0


def test_a_speaker_without_an_output_is_refused(sound):
    with pytest.raises(SettingError, match="face 3 speaks"):
        sounds_of_faces(sound, read_turns("0-1 3", 5.0), (0, 1))


@pytest.mark.parametrize("text", ["", "a", "0, 0", "0 1.5", "99", "-1"])
def test_faces_are_different_numbers(text):
    assert read_faces(" 2, 0 ") == (2, 0)
    with pytest.raises(SettingError, match="faces="):
        read_faces(text)


def test_a_mouth_is_its_own_while_others_speak(sound):
    spoken = sound_of_face(sound, read_turns("1-2 0 / 4-5 0", 5.0), 0)
    share = heard_share(spoken, Fraction(25), 10, 140)
    drawn = np.flatnonzero(share == 1) - 10
    assert (share[10:30] == 0).all() and (share[10 + 56 : 10 + 94] == 0).all()
    assert {26, 49, 101, 124} <= set(drawn)
    assert np.abs(np.diff(share[10:135])).max() < 0.5
    # A recording's own pauses are no silence.
    assert (heard_share(sound, Fraction(25), 0, 125) == 1).all()
