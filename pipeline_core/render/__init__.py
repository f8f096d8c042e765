"""Plans of frames and their evaluation."""
