"""The table of sounds is complete and sane."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.motion.targets import (
    BILABIALS,
    CHANNEL_INDEX,
    DRIVES,
    GROUP_OF,
    TARGETS,
    VISEME_PHONES,
    symbols,
)
from talking_avatar.pipeline_core.speech.phones import SEGMENTS, VISEMES


def test_every_sound_that_speech_knows_has_a_target():
    assert [s for s in SEGMENTS if s not in TARGETS] == []


def test_every_viseme_has_a_sound():
    assert set(VISEME_PHONES) == set(VISEMES)
    assert all(p == "" or p in TARGETS for p in VISEME_PHONES.values())


def test_values_stay_within_the_head_s_range():
    for symbol, target in TARGETS.items():
        assert target.values.shape == target.dominance.shape == (len(GROUP_OF),)
        assert np.all((target.values >= 0) & (target.values <= 1)), symbol
        assert target.values[CHANNEL_INDEX["press"]] <= 0.2, "press widens the mouth of this head"
        assert target.values[CHANNEL_INDEX["jaw"]] <= 0.4 + 1e-6, "1.0 would open 3.7 cm"
        assert target.dominance.max() <= 1.0


def test_gestures_drive_known_blendshapes():
    assert all(name in INDEX for names in DRIVES.values() for name in names)


@pytest.mark.parametrize(("ipa", "parts"), [
    ("", ()), ("ɑː", ("ɑ",)), ("aɪ", ("a", "ɪ")), ("t͡ʃ", ("tʃ",)), ("tʃ", ("tʃ",)), ("ʤ", ("ʤ",)),
    ("ç", ("ç",)), ("ɑ̃", ("ɑ",)), ("ˈi", ("i",)), ("pʰ", ("p",)), ("g", ("ɡ",)), ("😀", ()),
])  # fmt: skip
def test_spelling(ipa, parts):
    assert symbols(ipa) == parts


def test_bilabials_leave_rounding_to_vowels():
    for symbol in BILABIALS:
        assert TARGETS[symbol].dominance[CHANNEL_INDEX["pucker"]] < 0.1
        assert TARGETS["u"].dominance[CHANNEL_INDEX["pucker"]] == 1.0
