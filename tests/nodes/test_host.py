"""What the nodes lend to the core: the device's memory, and words in the node."""

import base64
import gc
import io
import sys
import types
import weakref

import numpy as np
import pytest
import torch
from PIL import Image

MB = 1 << 20


@pytest.fixture
def host_module(pack):
    from talking_avatar.nodes import host

    return host


@pytest.fixture
def management(pack, monkeypatch):
    """The stand-in's memory management, with room for 8 MB."""
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    monkeypatch.setattr(management, "device", "cuda:0")
    monkeypatch.setattr(management, "room_bytes", 8 * MB)
    monkeypatch.setattr(management, "current_loaded_models", [])
    return management


@pytest.fixture
def gpu(monkeypatch, request):
    monkeypatch.syspath_prepend(str(request.config.rootpath / "tests"))
    from simulated_gpu import SimulatedGpu

    with SimulatedGpu() as card:
        yield card


def network(megabytes):
    return torch.nn.Linear(512, 512 * megabytes, bias=False).requires_grad_(False)


def place(module):
    return {str(t.device) for t in module.parameters()}


def test_networks_move_out_for_others_and_come_back(host_module, gpu, management):
    host, ours, theirs = host_module.ComfyHost(), network(3), network(6)
    picture = torch.ones(1, 512)
    expected = ours(picture)
    host.load(ours)
    assert place(ours) == {"cuda:0"} and gpu.used_bytes == 3 * MB
    host.load(theirs)
    assert place(ours) == {"cpu"} and place(theirs) == {"cuda:0"}
    with pytest.raises(RuntimeError, match="same device"):
        ours(picture.to("cuda:0"))
    host.load(ours)
    np.testing.assert_array_equal(ours(picture.to("cuda:0")).cpu().numpy(), expected.numpy())
    assert place(theirs) == {"cpu"}


def test_a_network_is_managed_once_and_forgotten_with_its_last_user(host_module, gpu, management):
    host, ours = host_module.ComfyHost(), network(1)
    for _ in range(3):
        host_module.ComfyHost().load(ours)
    assert len(management.current_loaded_models) == 1
    management.unload_all_models()
    assert place(ours) == {"cpu"} and not gpu.used_bytes
    host.load(ours)
    watched = weakref.ref(ours)
    del ours
    gc.collect()
    assert watched() is None and not gpu.used_bytes


def test_what_comfyui_leaves_outside_is_brought_in(host_module, gpu, management, monkeypatch):
    """--novram leaves layers that are not ComfyUI's own in main memory."""
    monkeypatch.setattr(management, "load_models_gpu", lambda models, force_full_load: None)
    ours = network(1)
    host_module.ComfyHost().load(ours)
    assert place(ours) == {"cuda:0"}


def test_on_the_cpu_comfyui_is_not_asked(host_module, management, monkeypatch):
    monkeypatch.setattr(management, "device", "cpu")
    monkeypatch.setattr(management, "load_models_gpu", None)
    ours = network(1)
    host_module.ComfyHost().load(ours)
    assert place(ours) == {"cpu"}


@pytest.fixture
def server(pack, monkeypatch):
    """A front end that is listening, and a node that is running."""
    import comfy_execution.utils as execution

    said = []
    sent = []
    instance = types.SimpleNamespace(send_progress_text=lambda text, node_id: said.append((node_id, text)), client_id="page",
                                     send_sync=lambda event, data, sid: sent.append((event, data, sid)))
    fake = types.SimpleNamespace(PromptServer=types.SimpleNamespace(instance=instance), said=said, sent=sent)
    monkeypatch.setitem(sys.modules, "server", fake)
    monkeypatch.setattr(execution, "context", execution.ExecutionContext("prompt", "7"))
    return fake


def test_the_stage_is_shown_in_the_node_that_runs(host_module, server):
    host = host_module.ComfyHost()
    host.status("Fitting the head")
    host.status("Drawing")
    assert server.said == [("7", "Fitting the head"), ("7", "Drawing")]
    del host
    assert server.said[2:] == [("7", " ")], "nothing stale stays in the node"


def test_warnings_stay_in_the_node(host_module, server, caplog):
    host = host_module.ComfyHost()
    host.status("Listening")
    host.warn(["the sound is clipped", "a face is small", "the sound is clipped"])
    host.warn([])
    del host
    assert server.said[-1] == ("7", "the sound is clipped\na face is small")
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "the sound is clipped", "a face is small"]


def test_a_stage_without_a_server_or_a_node_is_no_error(host_module, server, monkeypatch):
    import comfy_execution.utils as execution

    monkeypatch.setattr(execution, "context", None)
    host_module.ComfyHost().status("nobody runs")
    monkeypatch.setattr(execution, "context", execution.ExecutionContext("prompt", "7"))
    monkeypatch.setattr(server.PromptServer, "instance", object())
    host_module.ComfyHost().status("an older server")
    monkeypatch.setitem(sys.modules, "server", None)
    host_module.ComfyHost().status("no server")
    assert server.said == []


FRAME = np.full((900, 600, 3), 80, np.uint8)


@pytest.fixture
def clock(host_module, monkeypatch):
    """A clock that stands at 100 s until it is moved."""
    clock = types.SimpleNamespace(now_s=100.0)
    monkeypatch.setattr(host_module, "time", types.SimpleNamespace(monotonic=lambda: clock.now_s))
    return clock


def test_the_frame_that_is_drawn_is_shown_twice_a_second(host_module, server, clock):
    host = host_module.ComfyHost()
    for done in range(40):
        clock.now_s += 0.1
        host.show(FRAME)
        host.progress(done, 40)
    assert 7 <= len(server.sent) <= 8, "in four seconds"
    event, data, page = server.sent[0]
    assert (event, data["node"], page) == (host_module.FRAME_EVENT, "7", "page")
    head, code = data["image"].split(",")
    picture = Image.open(io.BytesIO(base64.b64decode(code)))
    assert head == "data:image/jpeg;base64" and picture.size == (213, 320) and abs(picture.getpixel((9, 9))[0] - 80) < 3
    del host
    assert server.sent[-1][1] == {"node": "7", "image": None}, "and is gone when the node has run"


def test_a_frame_is_sent_once_and_news_are_not_logged(host_module, server, clock, caplog):
    host = host_module.ComfyHost()
    host.show(FRAME, "frame 1 of 9, 1 s left, 8.0 frames/s")
    for done in range(3):
        clock.now_s += 1.0
        host.progress(done, 3)
    assert len(server.sent) == 1 and server.said == [("7", "frame 1 of 9, 1 s left, 8.0 frames/s")]
    assert "frame 1" not in caplog.text
    host.show(np.zeros((40, 40, 4), np.uint8))
    clock.now_s += 1.0
    host.progress(3, 3)
    assert len(server.sent) == 2, "transparent ones as well"


def test_without_a_page_or_a_node_nothing_is_packed(host_module, server, clock, monkeypatch):
    import comfy_execution.utils as execution

    monkeypatch.setattr(execution, "context", None)
    host = host_module.ComfyHost()
    host.show(FRAME)
    host.progress(1, 2)
    del host
    assert server.sent == []


@pytest.fixture
def cache(host_module, monkeypatch):
    """A cache of two values of one megabyte."""
    from talking_avatar.pipeline_core.cache import Cache

    cache = Cache()
    for key in ("old", "new"):
        cache.get(key, lambda: np.zeros(MB, np.uint8))
    monkeypatch.setattr(host_module, "shared", lambda: cache)
    return cache


@pytest.mark.parametrize(("available", "left"), [(1024 * MB, ["old", "new"]), (1023.5 * MB, ["new"]), (0, [])])
def test_where_main_memory_is_short_the_cache_shrinks(host_module, cache, monkeypatch, available, left):
    monkeypatch.setattr(host_module.psutil, "virtual_memory", lambda: types.SimpleNamespace(available=int(available)))
    host_module.ComfyHost()
    assert cache.keys() == left


def test_the_cache_goes_with_the_last_output_that_comfyui_keeps(host_module, cache):
    outputs = [host_module.keep(network(1)) for _ in range(2)]
    outputs.pop()
    assert len(cache) == 2
    outputs.pop()
    assert not len(cache)


def test_an_output_that_the_cache_holds_itself_does_not_stay_for_ever(host_module, cache):
    output = host_module.keep(cache.get("found", lambda: network(1)))
    assert len(cache) == 3
    del output
    assert not len(cache)
