"""The launcher behind run.py; it never runs inside ComfyUI."""
