"""One real ComfyUI for all tests of this folder."""

import os
import shutil
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.cli import front_end
from talking_avatar.cli.comfy_install import find_comfyui
from talking_avatar.cli.comfy_server import ComfyServer
from talking_avatar.cli.console import LOCAL
from talking_avatar.cli.environment import is_ready
from talking_avatar.cli.sample import copy_sample
from talking_avatar.cli.workflow import load_workflow, node_of, to_prompt
from talking_avatar.tests.comfyui import canvas

BASE = LOCAL / "tests" / "comfyui"
SENTENCE = "Bob may bake a big apple pie."


@pytest.fixture(scope="session")
def server():
    """A running ComfyUI with the pack; its log stays under .local/tests/comfyui."""
    if not os.environ.get("COMFYUI_PATH") and not is_ready("core", "comfyui") and not os.environ.get("CI"):
        pytest.skip("no ComfyUI yet: python run.py test obtains one")
    with ComfyServer(find_comfyui(), fresh_base(BASE)) as running:
        yield running


def fresh_base(base):
    """Return a folder for a server, with what the workflows ask for."""
    shutil.rmtree(base, ignore_errors=True)
    copy_sample(base / "input")
    save_voice_like_sound(base / "input" / "speech.wav")
    return base


@pytest.fixture(scope="session")
def object_info(server):
    return server.client.object_info()


@pytest.fixture(scope="session", params=["pinned", "newest"])
def site(request, server):
    """A server, and which page it shows: the one this ComfyUI asks for, or the newest."""
    if request.param == "pinned":
        yield request.param, server, ""
        return
    found = front_end.newest()
    if found is None:
        pytest.skip("no newest page yet: python run.py test obtains one")
    version, folder = found
    base = fresh_base(BASE.with_name("newest_page"))
    with ComfyServer(find_comfyui(), base, extra_args=("--front-end-root", str(folder))) as running:
        yield request.param, running, version


@pytest.fixture(scope="module")
def page(site, request):
    """ComfyUI's page in a browser; a module that sets DRAWING_3D = True gets one that can draw in 3D."""
    name, server, _ = site
    with canvas.browser(drawing_3d=getattr(request.module, "DRAWING_3D", False)) as opened:
        yield canvas.open_page(opened, server, name)


@pytest.fixture
def prompt_of(object_info):
    """Return a shipped workflow in API form, with some widgets changed: prompt_of(name, TA_X={"text": ...})."""

    def make(name="photo_text_to_video", **changes):
        workflow = load_workflow(name)
        prompt = to_prompt(workflow, object_info)
        for kind, values in changes.items():
            prompt[node_of(workflow, kind)]["inputs"].update(values)
        return prompt

    return make


def save_voice_like_sound(path, seconds=1.0, rate_hz=16000):
    """Write a buzz with syllables: enough for everything that does not listen for words."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    samples = (buzz * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * t)) * 6000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())


def video_file(server, record):
    """Return the path of the mp4 that a finished workflow has written."""
    from talking_avatar.cli.comfy_client import node_output_folder_file, output_files

    return node_output_folder_file(server.output, output_files(record, ".mp4")[0])


# Helpers are reached as a fixture, because test folders are no packages.
@pytest.fixture(scope="session")
def helpers():
    return sys.modules[__name__]


assert Path(BASE).is_absolute()
