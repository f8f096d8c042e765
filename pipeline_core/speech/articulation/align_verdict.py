"""Whether a text belongs to a sound, and what the user should know about it."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import InputError
from ...host import Host
from ...interfaces import Recognition
from ..readings.word import WordReading
from .align import LEAST_SUPPORT, Alignment, align
from .decode import decode
from .heard import Heard

_LEAST_FOUND, _AMPLE_SUPPORT = 0.4, 0.4
"""A text that is not right nearly everywhere is used if its support (see `Alignment`) reaches the least and
if this share of its words is found, or its support is ample: then the sound is a part of a longer text.
Measured on 128 utterances of four synthesisers: right texts have 0.39 to 0.80, half of the text 0.12 to
0.54 (1 % are refused), a text with a fifth of its words wrong 0.21 to 0.78 (none); of other texts 1 % are
used, of eight other texts together 1 %. With babble or white noise 10 dB below the voice, 1 % of the right
texts are refused and 1 % of the others used."""
_LISTED = 5
"""Words that a warning names."""
_WORTH_TELLING_S = 0.5
"""Less speech beside the text than this is a breath or a stumble."""


def place_text(heard: Heard, words: Sequence[WordReading], host: Host) -> Recognition:
    """Return when the words of a text and their phones are said; see `recognition_of`."""
    return recognition_of(align(heard, words, decode(heard), host), words)


def recognition_of(found: Alignment, words: Sequence[WordReading]) -> Recognition:
    """Return the phones and words, with what did not fit as warnings.

    Parameters
    ----------
    found : Alignment
        From `align.align`.
    words : sequence of WordReading
        The text that was laid over the sound.

    Raises
    ------
    InputError
        If the text is not what is said; the caller may then use sound alone.
    """
    said = {match.number for match in found.matches}
    missing = [word.text for number, word in enumerate(words) if number not in said]
    enough = len(said) >= _LEAST_FOUND * len(words) or found.support >= _AMPLE_SUPPORT
    if not found.right and (found.support < LEAST_SUPPORT or not enough):
        raise InputError(
            f"the transcript is not what is said in the sound ({len(said)} of {len(words)} words sound alike)",
            hint="Give the spoken words of this recording, or leave the transcript empty.")
    return Recognition(found.phones, tuple(match.word for match in found.matches), tuple(_warnings(found, words, missing)))


def _warnings(found: Alignment, words: Sequence[WordReading], missing: Sequence[str]) -> list[str]:
    out = []
    if missing:
        named = ", ".join(f'"{word}"' for word in missing[:_LISTED]) + (", ..." if len(missing) > _LISTED else "")
        verb = "is" if len(missing) == 1 else "are"
        out.append(f"{len(missing)} of {len(words)} words of the transcript {verb} not said: {named}")
    unknown = [word.text for word in words if not word.readings]
    if unknown:
        out.append(f"{len(unknown)} of {len(words)} words of the transcript cannot be read, such as "
                   f'"{unknown[0]}"; there, the lips follow the sound alone')
    beside_s = sum(end_s - start_s for start_s, end_s in found.unread)
    if beside_s > _WORTH_TELLING_S:
        out.append(f"{beside_s:.1f} s of speech are not in the transcript (first at {found.unread[0][0]:.1f} s); "
                   "there, the lips follow the sound alone")
    return out

