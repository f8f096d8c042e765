"""Train the articulation network on shards.

The state is kept beside OUT every few minutes, so that a run that was stopped goes on.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ...models.net.articulation import ArticulationNet
from ...pipeline_core.speech.articulation import features, symbols
from ..licence_table import record_sha256
from .corpus import VALIDATION_VOICES

SEED = 5
WIDTH = 256
BATCH = 32
CROP = 400
"""4 s."""
RATES = (3e-3, 3e-3, 2.2e-3)
"""Highest learning rate of each training in turn."""
DROPOUT = 0.1
SMOOTHING = 0.05
AVERAGE = 0.999
CURVES_WEIGHT = 1.0
SHARES = {"recorded": 0.3, "kokoro": 0.13, "kokoro_mixed": 0.22, "flite": 0.03, "flite_more": 0.08, "espeak_en": 0.05,
          "espeak_other": 0.13, "quiet": 0.06}
"""Share of the crops that come from each set."""
REPORT_STEPS, KEEP_STEPS = 200, 1000
_PHONES = len(symbols.PHONES)
_BANDS_PER_DB = 0.1 / features.SCALE


class Example(NamedTuple):
    """One sound with its truth."""

    bands: np.ndarray
    phone: np.ndarray
    shut: np.ndarray


class Data(NamedTuple):
    """All sounds in memory."""

    sets: dict[str, list[Example]]
    validation: list[Example]


def read(folder: Path) -> Data:
    """Return what is in the shards; voices for validation are set apart, clean and spoilt."""
    sets: dict[str, list[Example]] = {name: [] for name in SHARES}
    validation: list[Example] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            arrays = [file[name] for name in ("bands", "phone", "shut")]
            edges, sources = np.concatenate([[0], np.cumsum(file["lengths"])]), file["sources"]
        for first, last, source in zip(edges, edges[1:], sources, strict=False):
            example = Example(*(array[first:last] for array in arrays))
            place = validation if str(source).partition(":")[2] in VALIDATION_VOICES else sets[path.stem.partition("-")[0]]
            place.append(example)
    return Data({name: found for name, found in sets.items() if found}, validation)


def crops(data: Data, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield batches (bands, phone, shut) without end; frames outside a sound have phone -1."""
    names = list(data.sets)
    shares = np.array([SHARES[name] for name in names])
    weights = {name: np.array([len(e.phone) for e in data.sets[name]], float) for name in names}
    while True:
        bands = np.zeros((BATCH, CROP, features.BANDS), np.float32)
        phone = np.full((BATCH, CROP), -1, np.int64)
        shut = np.zeros((BATCH, CROP), np.float32)
        for row in range(BATCH):
            name = names[rng.choice(len(names), p=shares / shares.sum())]
            example = data.sets[name][rng.choice(len(weights[name]), p=weights[name] / weights[name].sum())]
            start = rng.integers(0, max(1, len(example.phone) - CROP + 1))
            span = slice(start, start + CROP)
            count = len(example.phone[span])
            bands[row, :count] = varied(example.bands[span].astype(np.float32), rng)
            phone[row, :count], shut[row, :count] = example.phone[span], example.shut[span]
        yield torch.from_numpy(bands), torch.from_numpy(phone), torch.from_numpy(shut)


def varied(bands: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the bands of another microphone, throat and level; some of them, or some moments, are lost."""
    at = np.arange(features.BANDS)
    if rng.random() < 0.5:
        warped = np.clip(at * rng.uniform(0.9, 1.1) + rng.uniform(-1, 1), 0, features.BANDS - 1)
        low = np.minimum(warped.astype(int), features.BANDS - 2)
        bands = bands[:, low] * (1 - (warped - low)) + bands[:, low + 1] * (warped - low)
    tilt = rng.uniform(-6, 6) * (at / features.BANDS - 0.5) + rng.uniform(-10, 6)
    bands = bands + (tilt * _BANDS_PER_DB).astype(np.float32)
    if rng.random() < 0.3:
        first = rng.integers(0, features.BANDS - 6)
        bands[:, first : first + rng.integers(1, 6)] = bands.mean()
    if rng.random() < 0.2:
        first = rng.integers(0, max(1, len(bands) - 8))
        bands[first : first + rng.integers(1, 6)] = bands.min()
    return bands.astype(np.float32)


def loss_of(scores: torch.Tensor, phone: torch.Tensor, shut: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy of phones, and of articulators as if they were probabilities."""
    known = phone >= 0
    by_phone = functional.cross_entropy(scores[:, :_PHONES], phone, ignore_index=-1, label_smoothing=SMOOTHING)
    wanted = targets[phone.clamp(min=0)].clone()
    wanted[..., 0] = shut
    curves = scores[:, _PHONES:].transpose(1, 2)
    by_curve = functional.binary_cross_entropy_with_logits(curves, wanted, reduction="none").mean(-1)
    return by_phone + CURVES_WEIGHT * by_curve[known].mean()


def validate(net: torch.nn.Module, examples: list[Example], targets: torch.Tensor) -> dict[str, float]:
    """Return frame accuracy in speech, and hits and precision of shut frames."""
    right = speech = hit = shut = said = 0
    with torch.inference_mode():
        for example in examples[::3]:
            scores = net(torch.from_numpy(example.bands.astype(np.float32).T[None])).float()[0].numpy()
            best = scores[:_PHONES].argmax(0)
            voiced = example.phone > 0
            right += int((best == example.phone)[voiced].sum())
            speech += int(voiced.sum())
            closed = scores[_PHONES] > 0
            hit += int((closed & (example.shut > 0)).sum())
            shut, said = shut + int((example.shut > 0).sum()), said + int(closed.sum())
    return {"accuracy": right / max(1, speech), "shut_recall": hit / max(1, shut), "shut_precision": hit / max(1, said)}


class Run:
    """A training run that can be stopped and taken up again."""

    def __init__(self, data: Data, out: Path, steps: int, device: str, begin: Path | None = None,
                 rate: float = RATES[0]) -> None:
        torch.manual_seed(SEED)
        torch.set_flush_denormal(True)
        self.data, self.out, self.steps, self.device, self.rate = data, out, steps, device, rate
        self.net = ArticulationNet(WIDTH, DROPOUT).to(device)
        self.average = copy.deepcopy(self.net).eval()
        self.targets = torch.from_numpy(symbols.TARGETS).to(device)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=rate, weight_decay=0.02, fused=True)
        self.spent, self.step = 0.0, 0
        self.log: list[dict[str, Any]] = []
        if state_of(out).is_file():
            state = self._take(out, "net", "average", "optimizer")
            self.spent, self.step, self.log = state["spent"], state["step"], json.loads(state["log"])
        elif begin:
            self.log = json.loads(self._take(begin, "net", "average")["log"])

    def _take(self, out: Path, *names: str) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(state_of(out), weights_only=True)
        for name in names:
            getattr(self, name).load_state_dict(state[name])
        return state

    def keep(self) -> None:
        """Write the state and the weights as they are now."""
        state = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimizer")}
        torch.save(state | {"spent": self.spent, "step": self.step, "log": json.dumps(self.log)}, state_of(self.out))
        write_weights(self.average.weights(), self.out)
        self.out.with_suffix(".log.json").write_text(json.dumps(self.log, indent=1) + "\n")

    def _rate(self) -> float:
        done = min(1.0, self.step / self.steps)
        return self.rate * min(1.0, self.step / 300 + 0.01) * (0.5 + 0.5 * float(np.cos(np.pi * done))) + 1e-6

    def go(self) -> None:
        """Train to the last step."""
        batches = crops(self.data, np.random.default_rng([SEED, self.step]))
        total = 0.0
        while self.step < self.steps:
            started = time.perf_counter()
            total += self._one(next(batches))
            self.spent += time.perf_counter() - started
            if self.step % REPORT_STEPS == 0:
                self._report(total / REPORT_STEPS)
                total = 0.0
            if self.step % KEEP_STEPS == 0:
                self.keep()
        self.keep()

    def _one(self, batch: tuple[torch.Tensor, ...]) -> float:
        bands, phone, shut = (array.to(self.device) for array in batch)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            scores = self.net(bands.transpose(1, 2))
        loss = loss_of(scores.float(), phone, shut, self.targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimizer.step()
        self.step += 1
        self._follow(min(AVERAGE, self.step / (self.step + 10)))
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self, share: float) -> None:
        pairs = zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True)
        slow, fast = zip(*[pair for pair in pairs if pair[0].is_floating_point()], strict=True)
        torch._foreach_lerp_(slow, fast, 1 - share)

    def _report(self, loss: float) -> None:
        found = validate(self.average, self.data.validation, self.targets)
        self.log.append({"step": self.step, "minutes": round(self.spent / 60, 2), "loss": round(loss, 4)}
                        | {name: round(value, 4) for name, value in found.items()})
        print(self.log[-1], flush=True)


def state_of(out: Path) -> Path:
    """Return where a run keeps what it needs to go on."""
    return out.with_suffix(".state")


def write_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write weights in half precision."""
    from safetensors.numpy import save_file

    save_file({name: array.astype(np.float16) for name, array in sorted(weights.items())}, str(path))


def ship(trained: Path, asset: Path) -> None:
    """Copy the weights to where they ship from, and write down what they are and how the training went."""
    asset.write_bytes(trained.read_bytes())
    record_sha256("articulation", asset.read_bytes())
    log = json.loads(trained.with_suffix(".log.json").read_text())
    (Path(__file__).with_name("training_log.json")).write_text(json.dumps(log, indent=0) + "\n")


def run(shards: Path, out: Path, steps: int, device: str, begin: Path | None = None, rate: float = RATES[0]) -> None:
    """Train on a folder of shards, taken up where it was stopped; `begin` is a run to start from."""
    data = read(shards)
    lengths = {name: round(sum(len(e.phone) for e in found) / 6000) for name, found in data.sets.items()}
    print(f"minutes {lengths}, {len(data.validation)} sounds to watch by", flush=True)
    Run(data, out, steps, device, begin, rate).go()
