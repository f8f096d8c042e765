"""Pronunciations from espeak-ng, where the user has it.

The library (GPL-3.0) is neither shipped nor asked for: it is taken when the package espeakng-loader
or the system's own library is there, and only its list of phonemes is used, never its voice.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import threading
from functools import cache
from importlib.util import find_spec
from typing import Any

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_IPA, _SEPARATOR = 0x02, ord("_") << 8
_NAMES = {"zh": "cmn", "no": "nb", "en": "en-us"}
"""Languages that espeak-ng calls otherwise."""
_lock = threading.Lock()


def _places() -> list[tuple[str, str | None]]:
    """Return libraries to try, each with its folder of data, if that is not the usual one."""
    found: list[tuple[str, str | None]] = []
    if find_spec("espeakng_loader") is not None:
        import espeakng_loader

        found.append((espeakng_loader.get_library_path(), espeakng_loader.get_data_path()))
    found += [(name, None) for name in (ctypes.util.find_library("espeak-ng"), "libespeak-ng.so.1") if name]
    return found


@cache
def _library() -> Any:
    """Return the library, ready for use, or None."""
    for path, data in _places():
        try:
            library = ctypes.CDLL(path)
        except OSError:
            continue
        rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() if data else None, _DONT_EXIT)
        if rate_hz > 0:
            library.espeak_TextToPhonemes.restype = ctypes.c_char_p
            library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
            return library
    return None


def is_available() -> bool:
    """Tell whether the user has espeak-ng."""
    return _library() is not None


def phonemes(words: list[str], language: str) -> list[list[str]] | None:
    """Return the IPA symbols of each word by itself; None where espeak-ng or the language is missing.

    A word that cannot be read has no symbols.

    Parameters
    ----------
    words : list of str
        As they are written; numbers are read out.
    language : str
        Two letters.
    """
    library = _library()
    if library is None:
        return None
    # The library has one voice for the whole process.
    with _lock:
        if library.espeak_SetVoiceByName(_NAMES.get(language, language).encode()) != 0:
            return None
        return [_word(library, word) for word in words]


def _word(library: Any, word: str) -> list[str]:
    text = ctypes.c_char_p(word.encode())
    pointer = ctypes.pointer(text)
    symbols: list[str] = []
    while text.value:
        said = library.espeak_TextToPhonemes(pointer, _UTF8, _IPA | _SEPARATOR)
        symbols += (said or b"").decode("utf-8", "replace").replace(" ", "_").split("_")
    # A switch of language inside a word that is not Latin: the characters are described in English.
    if any("(" in symbol for symbol in symbols) and not any(ch.isascii() for ch in word):
        return []
    return [symbol for symbol in symbols if symbol and not symbol.startswith("(")]
