"""Synthetic speech whose phone times are known exactly: what speech engines are trained on and measured with."""
