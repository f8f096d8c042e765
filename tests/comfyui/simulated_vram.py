"""ComfyUI's own memory management with a simulated card; run by test_memory.py in a process of its own.

``python simulated_vram.py TREE`` prints one JSON object. Only what asks the driver is replaced:
which device there is and how much of it is free. What is loaded and unloaded, when and how, is
decided by comfy.model_management and comfy.model_patcher.
"""

import gc
import json
import sys
import types
import weakref
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MB = 1 << 20
CAPACITY_MB, WORKING_MB = 128, 40


def enter_comfyui(tree):
    """Make ComfyUI's tree importable, as its main.py does."""
    sys.path.insert(0, str(ROOT / "cli"))
    from comfy_launcher import declare_missing_operators  # the launcher is a script of its own

    keep_alive = declare_missing_operators()
    sys.path[0] = tree
    sys.argv = ["main.py", "--cpu"]
    import comfy.options

    comfy.options.enable_args_parsing()
    return keep_alive


def enter_pack():
    sys.path.append(str(ROOT / "tests"))
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package


def simulate(mm, gpu):
    """Let ComfyUI see the card and nothing of the real machine."""
    import torch
    from simulated_gpu import DEVICE

    mm.cpu_state, mm.vram_state = mm.CPUState.GPU, mm.VRAMState.NORMAL_VRAM
    mm.get_torch_device = lambda: DEVICE
    mm.unet_offload_device = lambda: torch.device("cpu")
    mm.minimum_inference_memory = lambda: WORKING_MB * MB
    mm.extra_reserved_memory = lambda: 0
    mm.get_total_memory = lambda dev=None, torch_total_too=False: both(gpu.capacity_bytes, torch_total_too)
    mm.get_free_memory = lambda dev=None, torch_free_too=False: both(gpu.free_bytes, torch_free_too)


def both(number, twice):
    return (number, 0) if twice else number


def other_model(mm, torch, megabytes):
    """Return the model of another node, of that size, as ComfyUI holds one."""
    from comfy.model_patcher import ModelPatcher

    layers = torch.nn.Sequential(*(torch.nn.Linear(512, 512, bias=False) for _ in range(megabytes)))
    return ModelPatcher(layers.requires_grad_(False), mm.get_torch_device(), torch.device("cpu"))


def places(modules):
    return sorted({str(t.device) for m in modules for t in (*m.parameters(), *m.buffers())})


def watch(torch):
    """Return a list that gets every network our host is asked to load."""
    from talking_avatar.nodes.host import ComfyHost

    seen, load = [], ComfyHost.load

    def noted(self, module):
        if not any(module is known for known in seen):
            seen.append(module)
        load(self, module)

    ComfyHost.load = noted
    return seen


def main(tree):
    keep_alive = enter_comfyui(tree)
    import comfy.model_management as mm
    import torch
    from skimage import data

    enter_pack()
    from simulated_gpu import SimulatedGpu
    from talking_avatar.nodes.host import ComfyHost
    from talking_avatar.pipeline_core.cache import shared
    from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
    from talking_avatar.pipeline_core.host import PlainHost
    from talking_avatar.pipeline_core.media.image import portrait_from_array

    photo = portrait_from_array(data.astronaut())
    expected = detect_faces(photo, DetectSettings(), PlainHost()).landmarks_px
    shared().clear()
    gpu, seen, found = SimulatedGpu(CAPACITY_MB * MB), watch(torch), {}

    def difference_px():
        return float(abs(detect_faces(photo, DetectSettings(), ComfyHost()).landmarks_px - expected).max())

    # As ComfyUI's worker does: nodes run in inference mode, clearing up happens outside of it.
    with gpu:
        simulate(mm, gpu)
        with torch.inference_mode():
            found["first"] = {"difference_px": difference_px(), "places": places(seen), "managed": len(mm.loaded_models())}
            found["ours_mb"] = gpu.used_bytes / MB
            found["again"] = {"difference_px": difference_px(), "managed": len(mm.loaded_models())}
            large = other_model(mm, torch, 100)
            mm.load_models_gpu([large], force_full_load=True)
            found["pushed_out"] = {"places": places(seen), "other": places([large.model]), "used_mb": gpu.used_bytes / MB}
            found["control"] = without_loading(ComfyHost, difference_px)
            found["back"] = {"difference_px": difference_px(), "used_mb": gpu.used_bytes / MB}
            del large
            gc.collect()
            mm.free_memory(gpu.free_bytes + 1 * MB, mm.get_torch_device())
            found["partly_out"] = {"places": places(seen), "difference_px": difference_px(), "after": places(seen)}
        mm.unload_all_models()
        found["unloaded"] = {"places": places(seen), "used_mb": gpu.used_bytes / MB}
        with torch.inference_mode():
            mm.vram_state = mm.VRAMState.NO_VRAM
            found["novram"] = {"difference_px": difference_px()}
        found["forgotten"] = forget(mm, shared, seen, gpu)
    del keep_alive
    print(json.dumps(found))


def without_loading(host, run):
    """Return what happens where nobody calls `load` before a batch."""
    load, host.load = host.load, lambda self, module: None
    try:
        run()
    except RuntimeError as error:
        return str(error)
    finally:
        host.load = load
    return "no error"


def forget(mm, shared, seen, gpu):
    """Drop our networks from the cache, and return what is left of them."""
    watched = [weakref.ref(module) for module in seen]
    seen.clear()
    shared().clear()
    gc.collect()
    mm.cleanup_models()
    return {"alive": sum(ref() is not None for ref in watched), "used_mb": gpu.used_bytes / MB,
            "managed": len(mm.loaded_models())}


if __name__ == "__main__":
    main(sys.argv[1])
