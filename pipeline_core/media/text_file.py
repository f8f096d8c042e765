"""Text files of any editor: transcripts, captions, cues."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from ..errors import UnreadableMedia
from .files import existing_file

MAX_BYTES = 80_000_000
"""Four bytes for each of the characters that cues may have."""
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"))
"""The longer ones first: the first begins like the third."""


def read_text_file(path: str | os.PathLike[str], kind: str) -> str:
    """Return the contents of a text file in UTF-8, or in UTF-16 or UTF-32 with a mark; `kind` names it in messages.

    Raises
    ------
    UnreadableMedia
        If the file is missing, too large, or of another encoding.
    """
    file, name = existing_file(path, kind), Path(path).name
    try:
        if os.path.getsize(file) > MAX_BYTES:
            raise ValueError(f"it has {os.path.getsize(file) >> 20} MB")
        data = Path(file).read_bytes()
        encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8-sig")
        return data.decode(encoding)
    except (OSError, ValueError) as error:
        raise UnreadableMedia(f"the {kind} {name!r} cannot be read: {error}",
                              hint="Save it as plain text in UTF-8.") from error


def whole_characters(text: str) -> str:
    """Join the halves of characters that JSON may hold apart; a half alone becomes a question mark."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if not text.isascii() else text
