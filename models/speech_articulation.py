"""Speech engines "articulation" (sound alone, any language) and "aligned" (transcript known), both by
our own small network, which hears every sound once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..pipeline_core.cache import shared
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.speech.articulation.decode import decode
from ..pipeline_core.speech.articulation.features import bands_of_whole
from ..pipeline_core.speech.articulation.heard import Heard
from ..pipeline_core.speech.articulation.live import LiveListener
from ..pipeline_core.speech.articulation.net import AHEAD, BEHIND, heard_of, joined
from ..pipeline_core.speech.spectra import at_speech_rate
from ..pipeline_core.types import FloatArray, Sound

if TYPE_CHECKING:
    from .net.articulation import ArticulationNet

WEIGHTS = Path(__file__).resolve().parent / "assets" / "articulation.safetensors"
_PIECE_S = 20.0
"""Heard at a time: memory stays small however long the sound is."""
_TORCH_FRAMES = 6000


def load_weights(path: Path = WEIGHTS) -> dict[str, FloatArray]:
    """Return the weights in single precision."""
    from safetensors.numpy import load_file

    return {name: array.astype(np.float32) for name, array in load_file(str(path)).items()}


def listener(rate_hz: int) -> LiveListener:
    """Return a listener for a running sound of that rate: what lips do, at most 150 ms late."""
    return LiveListener(shared().get(("articulation",), load_weights), rate_hz)


def hear(sound: Sound, host: Host) -> Heard:
    """Return what is heard in a sound: by numpy on the CPU, by torch elsewhere."""
    if host.device != "cpu":
        return hear_by_torch(sound, host)
    live = listener(sound.rate_hz)
    size = int(_PIECE_S * sound.rate_hz)
    total = sound.samples.shape[1]
    parts = []
    for first in range(0, total, size):
        host.progress(first, total)
        parts.append(live.push(np.asarray(sound.samples[:, first : first + size].mean(axis=0), np.float32)))
    return joined([*parts, live.finish()])


def hear_by_torch(sound: Sound, host: Host) -> Heard:
    """Return what is heard, with the network on the host's device."""
    import torch

    net = shared().get(("articulation_torch",), _load_torch)
    mono, _ = at_speech_rate(sound.mono, sound.rate_hz)
    bands = bands_of_whole(mono)
    parts = []
    for first in range(0, len(bands), _TORCH_FRAMES):
        host.progress(first, len(bands))
        host.load(net)
        before, behind = max(0, first - BEHIND), min(len(bands), first + _TORCH_FRAMES + AHEAD)
        with torch.inference_mode():
            raw = net(torch.from_numpy(bands[before:behind].T[None]).to(host.device))[0].T.cpu().numpy()
        parts.append(heard_of(raw[first - before :][:_TORCH_FRAMES]))
    return joined(parts)


def _load_torch() -> ArticulationNet:
    from .net.articulation import ArticulationNet

    return ArticulationNet.from_weights(load_weights())


class SoundAlone:
    """Phones from sound alone; any text is ignored. See `interfaces.SpeechEngine`."""

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return the phones of the whole sound."""
        heard = hear(sound, host)
        return Recognition(decode(heard), (), contact=heard.articulators[:, 0])


class Aligned:
    """Phones and words where the transcript is known. See `interfaces.SpeechEngine`."""

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return phones and words; where the text does not fit, the phones of the sound alone.

        Raises
        ------
        InputError
            If the transcript holds nothing that can be read, or is not what is said in the sound; the
            caller may then use sound alone.
        """
        # Not at the top: compiling and reading English are set up with the first transcript, not when ComfyUI starts.
        from ..pipeline_core.speech.articulation.align_verdict import place_text
        from .g2p import readings

        words = readings(transcript)
        heard = hear(sound, host)
        return replace(place_text(heard, words, host), contact=heard.articulators[:, 0])


def _missing_files() -> tuple[str, ...]:
    return () if WEIGHTS.is_file() else (WEIGHTS.name,)


ALIGNED = register(Backend(
    kind="speech", id="aligned", title="Transcript alignment", load=Aligned, licence="Apache-2.0", commercial=True,
    priority=20, packages=("safetensors",), files=_missing_files, capabilities={"needs_transcript": True},
))
ARTICULATION = register(Backend(
    kind="speech", id="articulation", title="Sound alone (any language)", load=SoundAlone, licence="Apache-2.0",
    commercial=True, priority=10, packages=("safetensors",), files=_missing_files,
    capabilities={"needs_transcript": False},
))
