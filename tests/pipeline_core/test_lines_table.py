"""Tables of lines: any order of columns, any mark, safe and different names, clear refusals."""

import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.lines_table import MAX_ROWS, read_lines

TABLE = """Name,Text,Emotion,remark
ann,"Hello, world.",happy,first
bob,Good morning.,,
ann,Again.,Sad
,No name.,
dave,,angry
"""


def test_rows_names_and_moods():
    rows = read_lines(TABLE)
    assert [(row.name, row.text, row.keyframes) for row in rows] == [
        ("ann", "Hello, world.", "0 happy"), ("bob", "Good morning.", ""), ("ann 2", "Again.", "0 sad"),
        ("line 004", "No name.", "")]


@pytest.mark.parametrize("text", ["line;file\nHi.;x\n", "\ufefffile\tid\ttext\nx\ty\tHi.\n", "text\nHi.\n", 'text\n"Hi."\n'])
def test_other_marks_and_headers(text):
    assert [row.text for row in read_lines(text)] == ["Hi."]


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x", "a/b", "con?*", "....", "x" * 500])
def test_names_lead_nowhere(name):
    made = read_lines(f"name\ttext\n{name}\tHi.\n")[0].name
    assert made and not set(made) & set("/\\:*?") and not made.startswith(".") and ".." not in made[:2] and len(made) <= 80


@pytest.mark.parametrize(("text", "message"), [
    ("a,b\n1,2\n", "columns are: a, b"), ("", "columns are: none"), ("name,text\nann,\n", "no row with a line"),
    ("text,mood\nHi.,furious\n", "row 2.*furious"), ("text,x\n" + "y" * 6000 + ",\n", "row 2.*6000"),
    ("text,x\n" + "Hi.,\n" * (MAX_ROWS + 1), f"more than {MAX_ROWS}"),
])
def test_what_cannot_be_used_is_said(text, message):
    with pytest.raises(InputError, match=message):
        read_lines(text)
