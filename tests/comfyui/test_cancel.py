"""Cancel in the middle of the video: quick, nothing half-written, and the next run works."""

import json
import time

import pytest
from talking_avatar.cli.comfy_client import ComfyClient, WorkflowFailed
from talking_avatar.cli.websocket import WebSocket

pytestmark = pytest.mark.comfyui
LONG = "This sentence is spoken again and again, until somebody presses cancel. " * 12


def test_cancel_while_the_video_is_drawn(server, prompt_of):
    client = ComfyClient(server.url)
    socket = WebSocket(f"{server.url.replace('http', 'ws')}/ws?clientId={client.client_id}")
    files = sorted(server.base.rglob("*.mp4"))
    prompt_id = client.queue(prompt_of(TA_TextToSpeech={"text": LONG}))
    wait_until_drawing(socket, prompt_id)
    client.interrupt()
    with pytest.raises(WorkflowFailed, match="interrupted") as caught:
        client.follow(prompt_id, timeout_s=60)
    socket.close()
    assert caught.value.details["node_type"] == "TA_VideoMux"
    assert sorted(server.base.rglob("*.mp4")) == files
    assert not list(server.base.rglob("*.part"))
    after = server.client.run(prompt_of(TA_TextToSpeech={"text": "Still alive."}))
    assert after["status"]["status_str"] == "success"


def wait_until_drawing(socket, prompt_id, timeout_s=300):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        message = json.loads(socket.receive(1.0) or "{}")
        data = message.get("data", {})
        if message.get("type") == "progress" and data.get("node") == "8" and data["value"] >= 3 < data["max"]:
            return
        if message.get("type") == "execution_error":
            pytest.fail(str(data.get("exception_message")))
    pytest.fail("the video was never begun")
