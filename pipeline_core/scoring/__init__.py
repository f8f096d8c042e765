"""How good a talking video is, in numbers: pure functions, the detectors come from outside."""
