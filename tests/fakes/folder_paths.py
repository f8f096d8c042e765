"""Stand-in for ComfyUI's folder_paths; tests set `base`."""

import os
from pathlib import Path

base = Path("/nonexistent")
models_dir = "/nonexistent/models"
model_folders = {}


def add_model_folder_path(name, path, is_default=False):
    model_folders.setdefault(name, []).append(path)


def get_input_directory():
    return str(base / "input")


def get_output_directory():
    return str(base / "output")


def get_temp_directory():
    return str(base / "temp")


ENDINGS = {"image": (".png", ".jpg", ".jpeg", ".webp"), "audio": (".wav", ".flac", ".mp3"), "video": (".mp4", ".webm")}


def filter_files_content_types(files, kinds):
    return [name for name in files if name.lower().endswith(tuple(e for kind in kinds for e in ENDINGS[kind]))]


def get_annotated_filepath(name, default_dir=None):
    return os.path.join(get_input_directory(), name)


def exists_annotated_filepath(name):
    return os.path.exists(get_annotated_filepath(name))


def get_save_image_path(prefix, folder, width=0, height=0):
    prefix = prefix.replace("%width%", str(width)).replace("%height%", str(height))
    subfolder = os.path.dirname(os.path.normpath(prefix))
    name = os.path.basename(os.path.normpath(prefix))
    full = os.path.join(folder, subfolder)
    if os.path.commonpath((folder, os.path.abspath(full))) != folder:
        raise Exception("**** ERROR: Saving image outside the output folder is not allowed.\n more")
    os.makedirs(full, exist_ok=True)
    counter = 1 + sum(1 for file in os.listdir(full) if file.startswith(name + "_"))
    return full, name, counter, subfolder, prefix


def get_folder_paths(name):
    return [str(base / "models" / name)]
