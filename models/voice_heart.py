"""Voice "heart": the bundled English voice, in torch, with exact phone times.

The network says how many steps of 25 ms each phoneme lasts before it draws the spectrum, so the
times are the synthesiser's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..pipeline_core.cache import shared
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.types import FloatArray, Sound
from .english import DATA as ENGLISH_DATA
from .english import english

if TYPE_CHECKING:
    from .net.voice_net import VoiceNet

WEIGHTS = Path(__file__).resolve().parent / "assets" / "voice_heart.safetensors"
UNIT_SAMPLES = 600
"""Samples per unit of duration: 25 ms at 24 kHz; the sum is the sound's length exactly."""
LAG_SAMPLES = 1800
"""The durations run 75 ms behind the sound (measured against a forced alignment, mean error 0)."""
NOISE_SEED = 0
"""Of breath and hiss, anew for each phrase: the same text gives the same sound."""


class Loaded(NamedTuple):
    """The network and the number of each symbol."""

    net: VoiceNet
    numbers: dict[str, int]


def load_net() -> Loaded:
    """Return the network with its weights, on the CPU."""
    from safetensors.torch import load_file

    from .net.voice_net import VoiceNet

    weights = load_file(str(WEIGHTS))
    symbols = bytes(weights.pop("symbols").numpy()).decode()
    net = VoiceNet()
    net.load_state_dict({name: array.float() for name, array in weights.items()})
    net.eval().requires_grad_(False)
    return Loaded(net, {symbol: i for i, symbol in enumerate(symbols) if symbol != "\n"})


def draw(loaded: Loaded, symbols: str, speed: float, host: Host) -> tuple[FloatArray, NDArray[np.float64]]:
    """Return samples and the boundaries of the symbols, in samples [shape=(N + 1,)]."""
    import torch

    from .net.threads import one_thread
    from .net.voice_sound import Parts, to_samples

    host.load(loaded.net)
    numbers = torch.tensor([[0, *(loaded.numbers[symbol] for symbol in symbols), 0]], device=host.device)
    with torch.inference_mode(), one_thread(host.device):
        units, pitch_hz, parts = (out.cpu().numpy() for out in loaded.net(numbers, speed))
    samples = to_samples(Parts(*parts), pitch_hz, np.random.default_rng(NOISE_SEED))
    edges = np.concatenate([[0], np.cumsum(units)]) * UNIT_SAMPLES - LAG_SAMPLES
    return samples, np.clip(edges, 0, len(samples)).astype(np.float64)[1:-1]


class HeartVoice:
    """The American English voice "heart"; see `interfaces.Voice`."""

    def speak(self, text: str, speed: float, host: Host) -> tuple[Sound, Recognition]:
        """Return the sound at 24 kHz and what is said when, exactly; see `voicing.speak`."""
        # Not at the top: reading English is set up when somebody speaks, not when ComfyUI starts.
        from ..pipeline_core.speech.voicing import Speaker, speak
        from .net.voice_sound import RATE_HZ

        loaded = shared().get(("voice_heart",), load_net)
        speaker = Speaker(RATE_HZ, frozenset(loaded.numbers), lambda symbols, pace: draw(loaded, symbols, pace, host))
        return speak(text, speed, english(), speaker, host)


def _missing_files() -> tuple[str, ...]:
    return tuple(path.name for path in (WEIGHTS, ENGLISH_DATA) if not path.is_file())


BACKEND = register(Backend(
    kind="voice", id="heart", title="Heart (English, female)", load=HeartVoice, licence="Apache-2.0",
    commercial=True, priority=20, packages=("torch", "safetensors"), files=_missing_files,
))
