"""As much of ComfyUI's node API as the pack may use; anything else fails here first."""
