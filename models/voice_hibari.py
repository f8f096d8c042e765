"""Voice "hibari": English text to speech on the CPU with exact phone times, model inside its wheel.

The network predicts how many 25 ms units each phoneme lasts before it draws the spectrum. Those
numbers are made a second output of the graph, so the times are the synthesiser's own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..pipeline_core.errors import BackendError, InputError, SettingError
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.speech.phones import SILENCE, classes_of, misaki_to_ipa
from ..pipeline_core.types import FloatArray, Phone, Sound, Word

DURATIONS = "/Clip_output_0"
"""Name of the graph's inner tensor that holds one duration per phoneme."""
UNIT_SAMPLES = 600
"""Samples per unit of duration: 25 ms at 24 kHz; the sum is the sound's length exactly."""
LAG_SAMPLES = 1800
"""The durations run 75 ms behind the sound (measured against a forced alignment, mean error 0)."""
MAX_PHONEMES = 400
"""Longer sentences are cut; the network was trained on less than 510 symbols."""
MAX_CHARACTERS = 60_000
"""About an hour of speech, 350 MB of samples."""
PARAGRAPH_PAUSE_S = 0.3
"""Added where the text has a line break; each sentence brings 0.3 s of its own."""
_SHORT_MARK_S = 0.06
"""Punctuation shorter than this is no pause (quotes, brackets)."""
_CACHE_BYTES = 90_000_000
"""Session, lexicon and tagger, measured as growth of the process."""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, payload: bytes) -> bytes:
    """Return one length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def with_output(model: bytes, tensor: str) -> bytes:
    """Return an ONNX model that also puts out one of its inner tensors.

    Protobuf merges a message that occurs twice, so a second `graph` (field 7 of ModelProto) that
    holds nothing but one `output` (field 12 of GraphProto, a ValueInfoProto with its `name`,
    field 1) adds this output to the graph. onnxruntime infers the tensor's type.
    """
    return model + _field(7, _field(12, _field(1, tensor.encode())))


@dataclass(frozen=True)
class _Chunk:
    """What the network reads at once."""

    symbols: str
    words: tuple[tuple[str, int, int], ...]
    """Text and the range of its symbols."""
    ends_paragraph: bool


def _joined(tokens: list[Any]) -> _Chunk:
    symbols, words = "", []
    for token in tokens:
        first = len(symbols)
        symbols += token.phonemes or ""
        if token.phonemes and any(ch.isalnum() for ch in token.text):
            words.append((token.text, first, len(symbols)))
        symbols += " " if token.whitespace else ""
    return _Chunk(symbols[:MAX_PHONEMES], tuple(words), False)


def _pieces(tokens: list[Any]) -> Iterator[list[Any]]:
    """Cut a long sentence at its last clause mark, or else at its last word, before the limit."""
    piece: list[Any] = []
    length = 0
    for token in tokens:
        size = len(token.phonemes or "") + 1
        if piece and length + size > MAX_PHONEMES:
            marks = [i for i, t in enumerate(piece) if (t.phonemes or "") in (",", ";", ":", "—")]
            cut = marks[-1] + 1 if marks and marks[-1] > len(piece) // 3 else len(piece)
            yield piece[:cut]
            piece = piece[cut:]
            length = sum(len(t.phonemes or "") + 1 for t in piece)
        piece.append(token)
        length += size
    if piece:
        yield piece


def _phones(symbols: str, starts_s: FloatArray) -> list[Phone]:
    """Symbols and their boundaries [shape=(N + 1,)] -> phones.

    Stress marks belong to the vowel behind them, length marks and most spaces to the sound before,
    a space before a stop to the stop (its silent closure), punctuation to the pause.
    """
    out: list[Phone] = []
    pending: float | None = None
    for index, symbol in enumerate(symbols):
        start_s, end_s = float(starts_s[index]), float(starts_s[index + 1])
        start_s, pending = (start_s if pending is None else pending), None
        ipa = misaki_to_ipa(symbol)
        following = misaki_to_ipa(symbols[index + 1]) if index + 1 < len(symbols) else SILENCE
        if ipa:
            out.append(Phone(ipa, start_s, end_s))
        elif symbol in "ˈˌ" or (symbol == " " and "stop" in classes_of(following)):
            pending = start_s
        elif symbol in " ːʰʲ" or end_s - start_s < _SHORT_MARK_S:
            if out:
                out[-1] = Phone(out[-1].ipa, out[-1].start_s, end_s)
        else:
            out.append(Phone(SILENCE, start_s, end_s))
    return out


class HibariVoice:
    """The American English voice "heart"; see `interfaces.Voice`."""

    cache_bytes = _CACHE_BYTES

    def __init__(self) -> None:
        import hibari
        from hibari import dsp
        from hibari.g2p.normalize import normalize
        from hibari.voices import voice_path

        self._dsp, self._normalize = dsp, normalize
        model = with_output(Path(voice_path("heart", download_missing=False)).read_bytes(), DURATIONS)
        # onnxruntime takes a model by content where the package hands over its `model` argument.
        self._tts = hibari.Hibari(voice="heart", model=model, threads=1)
        self._lock = threading.Lock()

    def _chunks(self, text: str) -> list[_Chunk]:
        chunks: list[_Chunk] = []
        for paragraph in text.splitlines():
            first = len(chunks)
            for sentence in self._tts.split_sentences(paragraph):
                g2p = self._tts.g2p
                try:
                    tokens = g2p.phonemize_tokens(g2p.tokenize(self._normalize(sentence)))
                except (ValueError, IndexError, KeyError, OverflowError, AttributeError) as error:
                    raise InputError(f"the voice cannot read {sentence[:60]!r}",
                                     hint="Rewrite this sentence, for example with numbers in words.") from error
                chunks.extend(c for c in map(_joined, _pieces(tokens)) if _is_speakable(c.symbols))
            if len(chunks) > first:
                chunks[-1] = _Chunk(chunks[-1].symbols, chunks[-1].words, True)
        return chunks

    def _draw(self, chunk: _Chunk, speed: float) -> tuple[FloatArray, list[Phone], list[Word]]:
        """Return samples, and phones and words with times in seconds of this chunk."""
        known = [i for i, symbol in enumerate(chunk.symbols) if symbol in self._tts.vocab]
        symbols = "".join(chunk.symbols[i] for i in known)
        feeds = {"ids": np.asarray([self._tts.ids(symbols)], np.int64), "speed": np.asarray([speed], np.float32)}
        *parts, units = self._tts.sess.run(None, feeds)
        units = np.asarray(units, np.float64).ravel()
        samples = self._dsp.synth(*(part[0] for part in parts), np.random.default_rng(0))
        if len(units) != len(symbols) + 2 or int(units.sum()) * UNIT_SAMPLES != len(samples):
            raise BackendError("this version of hibari-tts gives no usable phoneme times",
                               hint="Install the version that was tested: pip install hibari-tts==0.2.1")
        edges = np.concatenate([[0.0], np.cumsum(units)]) * UNIT_SAMPLES - LAG_SAMPLES
        edges = np.clip(edges, 0, len(samples)) / self._tts.sample_rate
        at = {original: position for position, original in enumerate(known)}
        words = []
        for text, first, last in chunk.words:
            inside = [at[i] for i in range(first, last) if i in at]
            if inside:
                words.append(Word(text, float(edges[inside[0] + 1]), float(edges[inside[-1] + 2])))
        return samples, _phones(symbols, edges[1:-1]), words

    def speak(self, text: str, speed: float, host: Host) -> tuple[Sound, Recognition]:
        """Return the sound at 24 kHz and what is said when, exactly.

        Parameters
        ----------
        text : str
            English text, 60 000 characters at most.
        speed : float
            0.5 (slow) to 2 (fast).
        host : Host
            Progress per sentence.

        Raises
        ------
        SettingError
            If `speed` is out of range.
        InputError
            If nothing in the text can be spoken, or it is too long.
        """
        if not 0.5 <= speed <= 2.0:
            raise SettingError(f"speed is {speed}", hint="Choose a speed from 0.5 to 2.")
        if len(text) > MAX_CHARACTERS:
            raise InputError(f"the text has {len(text)} characters; the voice reads {MAX_CHARACTERS} at most",
                             hint="Split the text and make several videos.")
        rate_hz = int(self._tts.sample_rate)
        sounds: list[FloatArray] = []
        phones: list[Phone] = []
        words: list[Word] = []
        done = 0
        with self._lock:
            chunks = self._chunks(text)
            if not chunks:
                raise InputError(f"there is nothing to say in {text[:40]!r}",
                                 hint="Type a sentence in English; emoji and other scripts are not spoken.")
            for number, chunk in enumerate(chunks):
                host.progress(number, len(chunks))
                samples, new_phones, new_words = self._draw(chunk, speed)
                offset_s = done / rate_hz
                phones += [Phone(p.ipa, p.start_s + offset_s, p.end_s + offset_s) for p in new_phones]
                words += [Word(w.text, w.start_s + offset_s, w.end_s + offset_s) for w in new_words]
                if chunk.ends_paragraph and number + 1 < len(chunks):
                    pause = np.zeros(int(PARAGRAPH_PAUSE_S / speed * rate_hz), np.float32)
                    samples = np.concatenate([samples, pause])
                sounds.append(samples)
                done += len(samples)
        host.progress(len(chunks), len(chunks))
        joined = np.clip(np.concatenate(sounds), -1.0, 1.0).astype(np.float32)
        return Sound(joined[None], rate_hz), Recognition(_covering(phones, done / rate_hz), tuple(words))


def _is_speakable(symbols: str) -> bool:
    return any(misaki_to_ipa(symbol) for symbol in symbols)


def _covering(phones: list[Phone], duration_s: float) -> tuple[Phone, ...]:
    """Fill the gaps between chunks with silence."""
    out: list[Phone] = []
    at_s = 0.0
    for phone in phones:
        if phone.start_s > at_s + 1e-9:
            out.append(Phone(SILENCE, at_s, phone.start_s))
        if phone.end_s > phone.start_s:
            out.append(phone)
        at_s = max(at_s, phone.end_s)
    if duration_s > at_s + 1e-9:
        out.append(Phone(SILENCE, at_s, duration_s))
    return tuple(out)


BACKEND = register(Backend(
    kind="voice", id="hibari", title="Hibari (English, female, CPU)", load=HibariVoice,
    licence="Apache-2.0", commercial=True, priority=10, packages=("hibari", "onnxruntime"), extra="voice",
    distributions=("hibari-tts", "onnxruntime"),
))
