"""Stand-in for comfy_execution."""
