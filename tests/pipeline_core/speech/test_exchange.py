import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.speech import captions, exchange
from talking_avatar.pipeline_core.types import Closure, Phone, SpeechTrack, VisemeCue, Word

TRACK = SpeechTrack(
    duration_s=1.0, source="tts", engine="x",
    phones=(Phone("", 0, 0.2), Phone("m", 0.2, 0.3), Phone("ɑ", 0.3, 1.0)),
    visemes=(VisemeCue("sil", 0, 0.2), VisemeCue("PP", 0.2, 0.3), VisemeCue("aa", 0.3, 1.0)),
    closures=(Closure(0.2, 0.3),), words=(Word("mah", 0.2, 1.0),),
)  # fmt: skip


def test_our_json_has_the_contract_keys_and_comes_back_equal():
    data = json.loads(exchange.cues_json(TRACK))
    assert {"duration_s", "engine", "phones", "visemes", "closures"} <= set(data)
    assert set(data["phones"][0]) == {"p", "start", "end"}
    assert set(data["visemes"][0]) == {"start", "end", "viseme", "weight"}
    back = exchange.read_cues(json.dumps(data))
    assert (back.phones, back.words, back.closures) == (TRACK.phones, TRACK.words, TRACK.closures)


@pytest.mark.parametrize("write", [exchange.rhubarb_json, exchange.rhubarb_tsv])
def test_rhubarb_round_trip_keeps_the_closure(write):
    back = exchange.read_cues(write(TRACK))
    assert [(p.ipa, p.start_s, p.end_s) for p in back.phones][:2] == [("", 0, 0.2), ("m", 0.2, 0.3)]


@pytest.mark.parametrize("write", [captions.srt, captions.vtt])
def test_captions_round_trip(write):
    cues = exchange.read_cues(write(TRACK, per_word=True))
    assert cues.words == TRACK.words and cues.phones == ()


@pytest.mark.parametrize("bad", [
    "{", "{}", "[]", "hello", '{"phones": 3}', '{"phones": [1]}', '{"phones": []}',
    '{"phones": [{"p": "a", "start": -1, "end": 2}]}', '{"phones": [{"p": "a", "start": 2, "end": 1}]}',
    '{"phones": [{"p": "a", "start": NaN, "end": 1}]}', '{"phones": [{"p": "a", "start": 0, "end": 1e99}]}',
    '{"phones": [{"p": "a", "start": true, "end": 1}]}', '{"mouthCues": [{"value": "Q", "start": 0, "end": 1}]}',
    '{"visemes": [{"viseme": "zz", "start": 0, "end": 1}]}', "0.1\tQ\n0.2\tX", "0.1\tA", "{" * 50_000,
    '{"phones": [{"p": "a", "start": 0, "end": 1%s}]}' % ("0" * 400), "0.1\tA\nnan\tX", "0.1\tA\ninf\tX",
    '{"phones": [{"p": "p", "start": 0, "end": 1}], "closures": [{"start": 0.5, "end": 0.2}]}',
    '{"a":' * 50_000, "1\n00:00:01,000 --> 00:00:02,000\n\n",
])  # fmt: skip
def test_hostile_cues_give_a_clear_error(bad):
    with pytest.raises(InputError) as error:
        exchange.read_cues(bad)
    assert error.value.hint


def test_too_many_cues_are_refused():
    entry = {"p": "a", "start": 0, "end": 1}
    with pytest.raises(InputError, match="more than"):
        exchange.read_cues(json.dumps({"phones": [entry] * (captions.MAX_CUES + 1)}))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        exchange.read_cues(text)
