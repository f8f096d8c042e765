"""Stand-in for comfy.model_management: a device of `room_bytes` from which the oldest model goes first."""

import weakref

interrupted = False
device = "cpu"
room_bytes = 1 << 40
current_loaded_models = []


class InterruptProcessingException(Exception):
    pass


def get_torch_device():
    return device


def unet_offload_device():
    return "cpu"


def load_models_gpu(models, memory_required=0, force_patch_weights=False, minimum_memory_required=None,
                    force_full_load=False):
    """As ComfyUI does, knows models by weak references to their patchers."""
    for patcher in models:
        current_loaded_models[:] = [ref for ref in current_loaded_models if ref() not in (None, patcher)]
        while current_loaded_models and _used() + patcher.model_size() > room_bytes:
            _unload(current_loaded_models.pop())
        patcher.model.to(patcher.load_device)
        current_loaded_models.insert(0, weakref.ref(patcher))


def unload_all_models():
    while current_loaded_models:
        _unload(current_loaded_models.pop())


def throw_exception_if_processing_interrupted():
    global interrupted
    if interrupted:
        interrupted = False
        raise InterruptProcessingException()


def _used():
    return sum(ref().model_size() for ref in current_loaded_models if ref() is not None)


def _unload(ref):
    if ref() is not None:
        ref().model.to(ref().offload_device)


free_bytes = 8_000_000_000


def get_free_memory(dev=None, torch_free_too=False):
    return free_bytes
