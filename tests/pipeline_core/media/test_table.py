import pytest
from talking_avatar.pipeline_core.media import table
from talking_avatar.pipeline_core.media.table import read_table


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_any_usual_separator(mark):
    found = read_table(f" Time {mark}B\r\n\r\n1{mark}2\r\n3{mark}4\r\n")
    assert found.names == ("time", "b") and found.numbers(["b", "time"]).tolist() == [[2, 1], [4, 3]]


def test_short_rows_repeat_and_long_ones_are_cut():
    assert read_table("a,b,c\n1,2,3\n4\n5,6,7,8").numbers(["a", "b", "c"]).tolist() == [[1, 2, 3], [4, 2, 3], [5, 6, 7]]


@pytest.mark.parametrize("text", ["", "\n\n", "one word", "two words\nin lines"])
def test_texts_that_are_no_tables(text):
    assert read_table(text) is None


@pytest.mark.parametrize("cell", ["x", "nan", "inf", "", "1e999"])
def test_cells_that_are_no_numbers(cell):
    with pytest.raises(ValueError, match="."):
        read_table(f"a,b\n1,{cell}").numbers(["b"])


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    assert read_table("a,b" + "\n1,2" * 3).numbers(["a", "b"]).shape == (3, 2)
    for text in ("a,b" + "\n1,2" * 4, "a," * 1001):
        with pytest.raises(ValueError, match="more than"):
            read_table(text)
