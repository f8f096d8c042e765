"""Stand-in for comfy_execution.utils; tests set `context`."""

from typing import NamedTuple


class ExecutionContext(NamedTuple):
    prompt_id: str
    node_id: str
    list_index: int | None = None


context = None


def get_executing_context():
    return context
