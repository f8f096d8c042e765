import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.articulation.symbols import (
    ARTICULATORS,
    PHONES,
    TARGETS,
    index_of,
    labels,
    spread,
)
from talking_avatar.pipeline_core.speech.phones import SEGMENTS, classes_of
from talking_avatar.pipeline_core.types import Closure, Phone


def column(name):
    return TARGETS[:, ARTICULATORS.index(name)]


def test_every_known_sound_has_a_place():
    assert all(len(index_of(symbol)) == 1 for symbol in SEGMENTS)
    assert index_of("") == () and index_of("tʃ") == (PHONES.index("ʧ"),)
    assert [PHONES[at] for at in index_of("aɪ")] == ["a", "ɪ"] and [PHONES[at] for at in index_of("ˈoːʊ")] == ["o", "ʊ"]


@pytest.mark.parametrize(("articulator", "classes"), [("closure", "bilabial"), ("tuck", "labiodental"), ("voice", None)])
def test_articulators_follow_the_classes_of_sounds(articulator, classes):
    for place, phone in enumerate(PHONES):
        expected = bool(phone) if classes is None else classes in classes_of(phone)
        assert (column(articulator)[place] == 1.0) == expected


def test_rounded_sounds_are_rounded_and_spread_ones_not():
    rounded = column("rounding")
    assert min(rounded[PHONES.index(p)] for p in "uowyʊɔ") > 0.6 > max(rounded[PHONES.index(p)] for p in "iesatpm")
    assert column("jaw").argmax() in (PHONES.index("a"), PHONES.index("ɑ"))


def test_labels_take_closures_from_their_own_times():
    phones = (Phone("", 0.0, 0.1), Phone("p", 0.1, 0.2), Phone("aɪ", 0.2, 0.4), Phone("", 0.4, 0.5))
    truth = labels(phones, (Closure(0.12, 0.17),), 50)
    shut = np.flatnonzero(truth.articulators[:, 0])
    assert shut.tolist() == [12, 13, 14, 15, 16]
    assert [PHONES[k] for k in truth.phone[[5, 15, 22, 38, 45]]] == ["", "p", "a", "ɪ", ""]
    assert not truth.articulators[:10].any() and truth.articulators[10:40, ARTICULATORS.index("voice")].all()


def test_spread_keeps_the_time():
    spans = spread((Phone("aʊ", 0.0, 1.0), Phone("", 1.0, 1.5), Phone("n", 1.5, 2.0)))
    assert [span[1:] for span in spans] == [(0.0, 0.55), (0.55, 1.0), (1.0, 1.5), (1.5, 2.0)]
