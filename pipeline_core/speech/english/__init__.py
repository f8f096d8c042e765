"""English text to phonemes: verbalise, cut into tokens, tag, look up, read what is unknown."""

from .phrases import Phrase, phrases_of
from .reading import English, EnglishData, Reading

__all__ = ["English", "EnglishData", "Phrase", "Reading", "phrases_of"]
