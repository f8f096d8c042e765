"""Faces in pictures and videos: finding, judging, masking and showing them."""
