"""Drawing with torch under ComfyUI's real memory management, on a simulated card."""

import json
import subprocess
from pathlib import Path

import pytest
from talking_avatar.cli.comfy_install import find_comfyui

pytestmark = pytest.mark.comfyui
SCRIPT = Path(__file__).with_name("simulated_drawing.py")


@pytest.fixture(scope="module")
def found():
    install = find_comfyui()
    done = subprocess.run([str(install.python), str(SCRIPT), str(install.tree)], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_card_draws_the_picture_of_the_cpu(found):
    assert found["first"]["difference"] <= 1
    assert found["first"]["places"] == ["cuda:0"] and found["first"]["managed"] == 1


def test_textures_move_out_when_another_node_needs_the_room(found):
    assert found["pushed_out"] == {"places": ["cpu"], "used_mb": 215.0}
    assert "same device" in found["control"], "without asking for them they would not be there"


def test_textures_come_back_for_the_next_batch(found):
    assert found["back"]["difference"] <= 1 and found["back"]["places"] == ["cuda:0"]


def test_unload_models_empties_the_card(found):
    assert found["unloaded"] == {"places": ["cpu"], "used_mb": 0.0}
