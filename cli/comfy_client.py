"""Talk to a running ComfyUI: queue a workflow, follow it, fetch what it made."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .console import LauncherError
from .websocket import WebSocket

Progress = Callable[[str, int, int], None]
"""Called with (node id, done, total)."""


class WorkflowRefused(LauncherError):
    """ComfyUI found the workflow invalid; `details` is its answer."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        texts = [f"{error.get('message', '')}: {error.get('details', '')}"
                 for node in dict(details.get("node_errors") or {}).values() for error in node.get("errors", [])]
        reason = "; ".join(texts) or str(details.get("error", details))
        super().__init__(f"ComfyUI refused the workflow: {reason}", hint="Correct the input it names.")
        self.details = details


class WorkflowFailed(LauncherError):
    """A node failed while the workflow ran; `details` is ComfyUI's account of it."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        node = details.get("node_type", "a node")
        text = str(details.get("exception_message", details)).strip()
        super().__init__(f"{node} failed: {text}", hint="ComfyUI's log has the full account.")
        self.details = details


class ComfyClient:
    """One client of one server."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.client_id = uuid.uuid4().hex

    def get(self, path: str, timeout_s: float = 30.0) -> Any:
        """Return the JSON at a path of the server."""
        with urllib.request.urlopen(self.url + path, timeout=timeout_s) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post JSON; return the JSON answer, or None where there is none."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def object_info(self) -> dict[str, Any]:
        """Return the server's node list."""
        return dict(self.get("/object_info"))

    def queue(self, prompt: Mapping[str, Any], workflow: Mapping[str, Any] | None = None) -> str:
        """Queue a workflow in API form and return its id.

        `workflow`, the canvas form, is what a saved video carries to restore the graph.

        Raises
        ------
        WorkflowRefused
            If the server finds it invalid.
        """
        extra = {"extra_pnginfo": {"workflow": workflow}} if workflow else {}
        body = {"prompt": prompt, "client_id": self.client_id, "extra_data": extra}
        try:
            return str(self.post("/prompt", body)["prompt_id"])
        except urllib.error.HTTPError as error:
            raise WorkflowRefused(json.loads(error.read() or b"{}")) from error

    def interrupt(self) -> None:
        """Stop what is running."""
        self.post("/interrupt", {})

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """Return the record of a finished workflow, or None while it waits or runs."""
        found = self.get(f"/history/{prompt_id}").get(prompt_id)
        return found if found and found.get("status", {}).get("completed") is not None else None

    def run(self, prompt: Mapping[str, Any], *, workflow: Mapping[str, Any] | None = None,
            progress: Progress | None = None, timeout_s: float = 900.0) -> dict[str, Any]:
        """Queue a workflow, follow it to its end and return its record.

        Raises
        ------
        WorkflowRefused, WorkflowFailed
            If the server finds it invalid, or a node fails or is interrupted.
        """
        socket = WebSocket(f"{self.url.replace('http', 'ws', 1)}/ws?clientId={self.client_id}")
        try:
            prompt_id = self.queue(prompt, workflow)
            return self.follow(prompt_id, socket, progress, timeout_s)
        finally:
            socket.close()

    def follow(self, prompt_id: str, socket: WebSocket | None = None, progress: Progress | None = None,
               timeout_s: float = 900.0) -> dict[str, Any]:
        """Wait for a queued workflow and return its record."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            message = socket.receive(1.0) if socket else time.sleep(0.2)
            if message:
                _report(json.loads(message), prompt_id, progress)
                if "execution_" not in message:
                    continue
            record = self.history(prompt_id)
            if record:
                return _checked(record)
        raise LauncherError(f"the workflow did not finish within {timeout_s:.0f} s",
                            hint="See ComfyUI's log; a slower machine needs a shorter text.")

    def fetch(self, item: Mapping[str, str]) -> bytes:
        """Return the bytes of an output file as the history lists it."""
        query = urllib.parse.urlencode({key: item[key] for key in ("filename", "subfolder", "type") if key in item})
        with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=60) as answer:
            return bytes(answer.read())


def output_files(record: Mapping[str, Any], suffix: str) -> list[dict[str, str]]:
    """Return the output files of a record whose names end with `suffix`."""
    found = []
    for outputs in record.get("outputs", {}).values():
        for items in outputs.values():
            found += [item for item in items if isinstance(item, dict)
                      and str(item.get("filename", "")).endswith(suffix)]
    return found


def node_output_folder_file(folder: Path, item: Mapping[str, str]) -> Path:
    """Return where an output item lies below ComfyUI's output folder."""
    return folder / item.get("subfolder", "") / item["filename"]


def _report(message: Mapping[str, Any], prompt_id: str, progress: Progress | None) -> None:
    data = message.get("data", {})
    if progress and message.get("type") == "progress" and data.get("prompt_id") in (prompt_id, None):
        progress(str(data.get("node", "")), int(data["value"]), int(data["max"]))


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    if record["status"].get("status_str") == "success":
        return record
    for kind, details in record["status"].get("messages", []):
        if kind in ("execution_error", "execution_interrupted"):
            raise WorkflowFailed({**details, "kind": kind} if kind == "execution_error" else
                                 {**details, "kind": kind, "exception_message": "interrupted"})
    raise WorkflowFailed(record["status"])
