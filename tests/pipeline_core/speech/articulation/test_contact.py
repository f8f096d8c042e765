import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.articulation.contact import settled
from talking_avatar.pipeline_core.types import Closure, Phone

PHONES = (Phone("ɑ", 0.0, 0.3), Phone("m", 0.3, 0.42), Phone("i", 0.42, 0.7))


def curve(*spans, count=70, height=1.0):
    at = (np.arange(count) + 0.5) / 100
    return np.maximum.reduce([1 / (1 + np.exp((np.abs(at - (a + b) / 2) - (b - a) / 2) * 400)) for a, b in spans]).astype(np.float32) * height


def test_a_closure_that_both_see_keeps_its_exact_times():
    level = (Closure(0.303, 0.411),)
    assert settled(PHONES, level, curve((0.31, 0.42))) == level


def test_a_dip_that_is_no_closure_gives_way_to_what_the_network_hears():
    (found,) = settled(PHONES, (Closure(0.40, 0.42),), curve((0.3, 0.415)))
    assert abs(found.start_s - 0.3) < 0.007 and abs(found.end_s - 0.415) < 0.007


@pytest.mark.parametrize("contact", [curve((0.3, 0.41), height=0.3), curve((0.55, 0.65)), np.zeros(70, np.float32),
                                     np.zeros(0, np.float32)])
def test_a_network_that_hears_nothing_there_changes_nothing(contact):
    level = (Closure(0.40, 0.42),)
    assert settled(PHONES, level, contact) == level


def test_neighbouring_closures_keep_to_their_sides():
    phones = (Phone("ɑ", 0.0, 0.3), Phone("b", 0.3, 0.36), Phone("p", 0.36, 0.44), Phone("ʊ", 0.44, 0.7))
    found = settled(phones, (Closure(0.25, 0.27), Closure(0.43, 0.45)), curve((0.3, 0.44)))
    assert abs(found[0].start_s - 0.3) < 0.01 and abs(found[1].end_s - 0.44) < 0.01
    assert found[0].end_s <= found[1].start_s + 1e-9 and all(c.end_s > c.start_s for c in found)
