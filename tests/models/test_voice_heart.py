import sys

import numpy as np
import pytest
from talking_avatar.models import voice_heart as vh
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.errors import Cancelled, InputError, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech.envelope import envelope_of
from talking_avatar.pipeline_core.speech.phones import has_closure
from talking_avatar.pipeline_core.speech.track import build_track
from talking_avatar.pipeline_core.speech.voicing import MAX_CHARACTERS

HOST = PlainHost()
SENTENCE = "A happy puppy, about a copper cup; upper, lower, open, ebbing, abbey, hobby, apple."


@pytest.fixture(scope="module")
def voice():
    return vh.HeartVoice()


def contiguous(recognition, duration_s):
    phones = recognition.phones
    return (phones[0].start_s == 0 and phones[-1].end_s == pytest.approx(duration_s)
            and all(a.end_s == pytest.approx(b.start_s) for a, b in zip(phones, phones[1:], strict=False)))


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_phones_cover_the_sound(voice, speed):
    sound, found = voice.speak("Maybe Bob likes it.\nReally? Yes!", speed, HOST)
    assert sound.rate_hz == 24000 and contiguous(found, sound.duration_s)
    assert [w.text for w in found.words] == ["Maybe", "Bob", "likes", "it", "Really", "Yes"]
    assert "".join(p.ipa for p in found.phones).startswith("meɪbibɑb")


def test_speed_changes_the_length(voice):
    slow, _ = voice.speak("One two three four.", 0.7, HOST)
    fast, _ = voice.speak("One two three four.", 1.5, HOST)
    assert slow.duration_s > 1.5 * fast.duration_s


def test_same_text_same_sound(voice):
    assert np.array_equal(voice.speak("Again.", 1.0, HOST)[0].samples, voice.speak("Again.", 1.0, HOST)[0].samples)


def closure_dips(sound, closures, shift_s=0.0):
    """Share of closures whose interval (+-10 ms) holds the minimum of the level around it."""
    level = envelope_of(sound).full_db
    hits = 0
    for closure in closures:
        start, end = (closure.start_s + shift_s) * 1000, (closure.end_s + shift_s) * 1000
        low = max(0, int(start) - 40)
        at = low + int(np.argmin(level[low : int(end) + 40]))
        hits += start - 10 <= at <= end + 10
    return hits / len(closures)


def test_closures_lie_on_the_dips_of_the_sound(voice):
    sound, found = voice.speak(SENTENCE, 1.0, HOST)
    track = build_track(found, sound, source="tts", engine="heart")
    inner = [c for c, p in zip(track.closures, [p for p in track.phones if has_closure(p.ipa)], strict=True)
             if p.ipa in ("p", "b")]
    assert len(inner) >= 12
    assert closure_dips(sound, inner) >= 0.85
    assert closure_dips(sound, inner, shift_s=0.1) < 0.6, "shifted times are the control and must fail"


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "你好", "Привет", "...", "?!", "\x00\x01", "\n\n.\n", "[pause 2]"])
def test_unspeakable_text_is_refused(voice, text):
    with pytest.raises(InputError) as error:
        voice.speak(text, 1.0, HOST)
    assert error.value.hint


@pytest.mark.parametrize("text", [
    "$9.99 at 7:30 pm on 3/4/2024!", "http://a.b/c?d=e", "a" * 3000, "[hi](/hˈI/)", "\u202eñandú “quoted” — ok…",
    "Tab\tand\r\nwindows\nlines", "😀 hello 😀", "1" * 60,
])  # fmt: skip
def test_odd_text_is_spoken(voice, text):
    sound, found = voice.speak(text, 1.0, HOST)
    assert contiguous(found, sound.duration_s) and np.abs(sound.samples).max() <= 1


def test_a_sentence_without_any_mark_is_cut(voice):
    sound, found = voice.speak("word " * 120, 2.0, HOST)
    assert len(found.words) == 120 and contiguous(found, sound.duration_s)


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.49, 2.01, float("nan"), float("inf")])
def test_speed_is_checked(voice, speed):
    with pytest.raises(SettingError):
        voice.speak("Hello.", speed, HOST)


def test_too_long_text_is_refused(voice):
    with pytest.raises(InputError, match="at most"):
        voice.speak("x " * MAX_CHARACTERS, 1.0, HOST)


def test_cancel_stops_and_the_next_run_works(voice):
    class Stopper(PlainHost):
        def progress(self, done, total):
            if done:
                raise Cancelled

    with pytest.raises(Cancelled):
        voice.speak("One. Two. Three.", 1.0, Stopper())
    assert voice.speak("One.", 1.0, HOST)[0].duration_s > 0.2


def test_neither_onnxruntime_nor_hibari_is_needed(voice, monkeypatch):
    for name in ("hibari", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError):
        import onnxruntime  # noqa: F401
    assert vh.HeartVoice().speak("Maybe.", 1.0, HOST)[0].duration_s > 0.5
    assert vh.BACKEND.is_available() and registry.resolve("voice").id == "heart"


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_an_explicit_pause_is_as_long_as_it_says(voice, speed):
    plain = voice.speak("Ten. Twelve.", speed, HOST)[0].duration_s
    assert voice.speak("Ten. [pause 0.5] Twelve.", speed, HOST)[0].duration_s == pytest.approx(plain + 0.5)
    assert voice.speak("[pause 0.25] Ten. Twelve. [pause 250 ms]", speed, HOST)[0].duration_s == pytest.approx(plain + 0.5)
    assert voice.speak("Ten.\nTwelve.", speed, HOST)[0].duration_s == pytest.approx(plain + 0.3 / speed)


def silences(recognition):
    return [p.end_s - p.start_s for p in recognition.phones if not p.ipa][1:-1]


def test_a_full_stop_is_longer_than_a_comma(voice):
    comma, stop = (max(silences(voice.speak(text, 1.0, HOST)[1])) for text in (
        "After the rain, we went home.", "After the rain. We went home."))
    assert 0.1 < comma < stop < 1.2


def test_sentences_are_joined_without_a_click(voice):
    def step_at_join(first, second):
        return float(np.abs(np.diff(np.concatenate([first[-3:], second[:3]]))).max())

    sound = voice.speak("One. Two.", 1.0, HOST)[0].samples[0]
    first, second = (voice.speak(text, 1.0, HOST)[0].samples[0] for text in ("One.", "Two."))
    assert np.array_equal(sound, np.concatenate([first, second]))
    assert step_at_join(first, second) < 1e-4
    loud = int(np.abs(first).argmax())
    assert step_at_join(first[: loud + 1], second) > 1e-2, "a cut inside a word is the control and must click"
