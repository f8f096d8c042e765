"""Drawing with torch under ComfyUI's own memory management with a simulated card; run by test_drawing.py.

``python simulated_drawing.py TREE`` prints one JSON object.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from simulated_vram import MB, enter_comfyui, enter_pack, other_model, places, simulate, without_loading

CAPACITY_MB, OTHER_MB = 256, 215


class Download:
    """Without the events that only CUDA has."""

    def __init__(self, source):
        self._target = source.cpu()

    def wait(self):
        return self._target.numpy()


def small_face(host):
    from skimage import data
    from talking_avatar.models import register_all
    from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
    from talking_avatar.pipeline_core.media.image import portrait_from_array

    register_all()
    return detect_faces(portrait_from_array(data.astronaut()), DetectSettings(), host)


def main(tree):
    keep_alive = enter_comfyui(tree)
    import comfy.model_management as mm
    import numpy as np
    import torch

    enter_pack()
    from simulated_gpu import SimulatedGpu
    from talking_avatar.models.photo_head import torch_painter
    from talking_avatar.nodes.host import ComfyHost
    from talking_avatar.pipeline_core.host import PlainHost
    from talking_avatar.pipeline_core.render.plan import effective_motion, frames, plan_render, prepared
    from talking_avatar.pipeline_core.render.settings import RenderSettings
    from talking_avatar.tests.models.photo_head.motions import TALK, track

    torch.set_num_threads(1)
    torch.Tensor.pin_memory = lambda self: self
    torch_painter._Download = Download
    plan = plan_render(small_face(PlainHost()), track(3, head_deg=(4, 2, 1), **TALK),
                       RenderSettings(width_px=256, height_px=256))
    expected, found = list(frames(plan, 0, None, PlainHost())), {}
    with SimulatedGpu(CAPACITY_MB * MB) as gpu:
        simulate(mm, gpu)
        host = ComfyHost()
        host.threads = 1
        with torch.inference_mode():
            renderer, state = prepared(plan, host)
            picture = [state.painter.picture]

            def difference():
                drawn = renderer.frames(state, effective_motion(plan), 0, 3, host)
                return max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(drawn, expected, strict=True))

            found["first"] = {"difference": difference(), "places": places(picture), "managed": len(mm.loaded_models())}
            other = other_model(mm, torch, OTHER_MB)
            mm.load_models_gpu([other], force_full_load=True)
            found["pushed_out"] = {"places": places(picture), "used_mb": gpu.used_bytes / MB}
            found["control"] = without_loading(ComfyHost, lambda: list(picture[0].sampled(
                torch.zeros((1, 2, 2, 2), device="cuda:0"))))
            found["back"] = {"difference": difference(), "places": places(picture)}
        mm.unload_all_models()
        found["unloaded"] = {"places": places(picture), "used_mb": gpu.used_bytes / MB}
    del keep_alive
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
