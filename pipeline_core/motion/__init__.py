"""Motion: curves that move a face, made from speech, prosody, emotion and idle life."""
