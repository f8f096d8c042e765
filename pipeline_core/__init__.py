"""The work itself, free of ComfyUI: tracks, media, face, speech, motion, rendering."""
