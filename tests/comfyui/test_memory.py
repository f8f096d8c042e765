"""Our networks under ComfyUI's real memory management, on a simulated card of 128 MB."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from talking_avatar.cli.comfy_install import find_comfyui
from talking_avatar.cli.comfy_server import ComfyServer

pytestmark = pytest.mark.comfyui
OTHER = {"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
         "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}
SCRIPT = Path(__file__).with_name("simulated_vram.py")


@pytest.fixture(scope="module")
def found():
    install = find_comfyui()
    done = subprocess.run([str(install.python), str(SCRIPT), str(install.tree)], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_networks_are_counted_among_comfyuis_models(found):
    assert found["first"] == {"difference_px": 0.0, "places": ["cuda:0"], "managed": 2}
    assert found["again"]["managed"] == 2


def test_networks_move_out_when_another_node_needs_the_room(found):
    assert found["pushed_out"] == {"places": ["cpu"], "other": ["cuda:0"], "used_mb": 100.0}


def test_networks_come_back_for_the_next_batch(found):
    assert found["back"]["difference_px"] == 0.0
    assert found["back"]["used_mb"] < 100, "the other model gave some room"


def test_without_asking_for_them_they_would_not_be_there(found):
    assert "same device" in found["control"]


def test_a_network_of_which_a_part_was_moved_out_is_made_whole(found):
    assert found["partly_out"] == {"places": ["cpu", "cuda:0"], "difference_px": 0.0, "after": ["cuda:0"]}


def test_unload_models_empties_the_card(found):
    assert found["unloaded"] == {"places": ["cpu"], "used_mb": 0.0}


def test_with_novram_they_work_all_the_same(found):
    assert found["novram"]["difference_px"] == 0.0


def test_what_leaves_our_cache_is_gone(found):
    assert found["forgotten"] == {"alive": 0, "used_mb": 0.0, "managed": 0}


@pytest.fixture(scope="module")
def alone(helpers):
    """A server that has seen nothing else: what was cancelled or looked at before may still be held by somebody."""
    with ComfyServer(find_comfyui(), helpers.fresh_base(helpers.BASE.with_name("memory"))) as running:
        yield running


def test_free_memory_gives_back_ours_too(alone, prompt_of):
    """ComfyUI's button drops its outputs, and what we have prepared goes with the last of ours."""
    prompt = prompt_of(TA_TextToSpeech={"text": "One."})
    alone.client.run(prompt)
    prepared = alone.log().count("prepared the face")
    for _ in range(20):
        alone.client.post("/free", {"unload_models": True, "free_memory": True})
        # The worker looks for this wish between two workflows; only the next run tells whether it has.
        time.sleep(0.5)
        record = alone.client.run(prompt)
        if not dict(record["status"]["messages"])["execution_cached"]["nodes"]:
            break
    assert alone.log().count("prepared the face") == prepared + 1


@pytest.mark.parametrize("name", ["photo_text_to_video", "photo_audio_to_video"])
def test_another_workflow_gives_back_ours_too(alone, prompt_of, name):
    prompt = prompt_of(name)
    alone.client.run(prompt)
    prepared = alone.log().count("prepared the face")
    for wait_s in (0, 12):  # what refers to itself goes with Python's collector, which ComfyUI asks within 10 s
        alone.client.run(OTHER)
        time.sleep(wait_s)
        alone.client.run(prompt)
        if alone.log().count("prepared the face") == prepared + 1:
            break
    assert alone.log().count("prepared the face") == prepared + 1
