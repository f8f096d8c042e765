import string

import pytest
from talking_avatar.pipeline_core.speech import phones as ph


@pytest.mark.parametrize(("symbol", "visemes"), [
    ("p", ["PP"]), ("ˈaɪ", ["aa", "ih"]), ("t͡ʃʰ", ["CH"]), ("iː", ["ih"]), ("ç", ["kk"]), ("ɔ̃", ["oh"]),
    ("ɜ˞", ["RR"]), ("", []), ("_", []), ("(en)", []), ("ma5", ["PP", "aa"]), ("pf", ["PP", "FF"]),
])  # fmt: skip
def test_symbols_have_their_visemes(symbol, visemes):
    assert [s.viseme for s in ph.segments_of(symbol)] == visemes


def test_every_entry_is_a_known_viseme_with_a_sane_weight():
    assert all(s.viseme in ph.VISEMES and 0 < s.weight <= 1 for s in ph.SEGMENTS.values())


def test_every_arpabet_phone_is_a_known_sound():
    fillers = {"SIL", "SPN", "NSN", "+SPN+", "+NSN+", "PAU"}
    assert all(bool(ph.segments_of(ipa)) != (name in fillers) for name, ipa in ph.ARPABET.items())
    assert ph.arpabet_to_ipa("AH0") == "ʌ" and ph.arpabet_to_ipa("nonsense") == ""


def test_only_lip_sounds_close_the_lips():
    assert [c for c in string.ascii_lowercase if ph.has_closure(c)] == ["b", "m", "p"]


def test_misaki_diphthongs_and_marks():
    assert ph.misaki_to_ipa("A") == "eɪ" and ph.misaki_to_ipa("ˈ") == "" and ph.misaki_to_ipa(",") == ""
