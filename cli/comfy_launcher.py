"""Run ComfyUI's main.py in an environment whose torchvision lacks its compiled operators.

Started as a script by comfy_server.py: ``python comfy_launcher.py <tree>/main.py [arguments]``.
"""

import runpy
import sys
from pathlib import Path


def declare_missing_operators() -> object:
    """Declare the operators that torchvision wants to register shapes for at import.

    Only needed where torchvision's compiled part is built for another torch; nothing calls them.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except (ImportError, OSError, RuntimeError, AttributeError):
        for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return library
    return None


if __name__ == "__main__":
    keep_alive = declare_missing_operators()
    main = Path(sys.argv[1]).resolve()
    sys.argv = [str(main), *sys.argv[2:]]
    sys.path[0] = str(main.parent)
    runpy.run_path(str(main), run_name="__main__")
