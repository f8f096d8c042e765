"""How the words of a transcript may be pronounced, in any language whose letters tell it."""

from .word import Slot, WordReading, slots_of

__all__ = ["Slot", "WordReading", "slots_of"]
