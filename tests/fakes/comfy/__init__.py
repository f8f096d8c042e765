"""Stand-in for ComfyUI's engine."""
