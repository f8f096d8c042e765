"""Write tests/golden/face_mesh.json: what Google's own graphs and pipeline say, to compare with.

    python tools/make_face_golden.py

Needs the packages ai-edge-litert (runs the graphs), mediapipe (runs the whole pipeline) and
scikit-image (its NASA portrait, public domain), none of which the pack itself uses.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import build_face_nets
import build_far_net
from source_packages import ROOT, find_package

OUTPUT = ROOT / "tests" / "golden" / "face_mesh.json"


def pattern(size: int) -> np.ndarray:
    """Return a smooth picture in 0..1 that uses all channels and frequencies [shape=(size, size, 3)]."""
    y, x = np.mgrid[0:size, 0:size] / size
    waves = [np.sin(7 * x + 3 * y), np.cos(23 * x * y), np.sin(61 * y) * np.cos(47 * x)]
    return (0.5 + 0.5 * np.stack(waves, -1)).astype(np.float32)


def run_graph(model: bytes, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Run an original graph on one picture; returns its outputs by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
    interpreter.invoke()
    return {out["name"]: interpreter.get_tensor(out["index"]) for out in interpreter.get_output_details()}


def run_pipeline(task: bytes, image: np.ndarray) -> np.ndarray:
    """Run MediaPipe's face landmarker in image mode [shape=(478, 3), pixels]."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=task))
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image))
    height, width = image.shape[:2]
    return np.array([[p.x * width, p.y * height, p.z * width] for p in found.face_landmarks[0]])


def main() -> None:
    """Write the file."""
    from skimage import data

    task = build_face_nets.read_task(find_package(build_face_nets.REQUIREMENT))
    archive = zipfile.ZipFile(io.BytesIO(task))
    boxes = run_graph(archive.read("face_detector.tflite"), pattern(128) * 2 - 1)
    points = run_graph(archive.read("face_landmarks_detector.tflite"), pattern(256))
    far = run_graph(build_far_net.read_source(find_package(build_far_net.REQUIREMENT)), pattern(192) * 2 - 1)
    golden = {
        # Every 23rd box: both grids and all anchors of a cell are among them.
        "detector_boxes": np.round(boxes["regressors"][0, ::23], 3).tolist(),
        "detector_logits": np.round(boxes["classificators"][0, ::23, 0], 3).tolist(),
        "far_boxes": np.round(far["reshaped_regressor_face_4"][0, ::23], 3).tolist(),
        "far_logits": np.round(far["reshaped_classifier_face_4"][0, ::23, 0], 3).tolist(),
        "landmark_points": np.round(points["Identity"].reshape(478, 3), 2).tolist(),
        "landmark_presence_logit": round(float(points["Identity_1"].item()), 4),
        "astronaut_px": np.round(run_pipeline(task, data.astronaut()), 2).tolist(),
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUTPUT.relative_to(ROOT)}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
