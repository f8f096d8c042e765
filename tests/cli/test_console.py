import json

import numpy as np
import pytest
from talking_avatar.cli.console import emit


def test_results_may_hold_numbers_of_numpy(capsys):
    emit({"a": np.float32(0.5), "b": [np.bool_(True)], "c": np.int64(3)}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 0.5, "b": [True], "c": 3}


def test_anything_else_is_our_bug():
    with pytest.raises(TypeError, match="object is no JSON value"):
        emit({"a": object()}, as_json=True)


def test_without_json_empty_values_are_left_out(capsys):
    emit({"a": 1, "b": "", "c": []}, as_json=False)
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err == "  a: 1\n"
