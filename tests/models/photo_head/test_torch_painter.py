"""Frames drawn by torch against those drawn by numba, on a person of noise and on a photograph."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from talking_avatar.models.photo_head import torch_painter, torch_picture
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer, painter_for
from talking_avatar.models.photo_head.torch_painter import TorchPainter
from talking_avatar.pipeline_core.errors import Cancelled, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import Portrait
from talking_avatar.tests.models.photo_head.motions import HOST, TALK, drawn, track
from talking_avatar.tests.simulated_gpu import OnCard, SimulatedGpu

MOTIONS = {
    "speech": track(3, jawOpen=0.4, mouthPucker=0.5, lipTuck=0.3, gaze_deg=(4, 2)),
    "blink": track(3, eyeBlinkLeft=1.0, eyeBlinkRight=0.8, breath=1.0),
    "turned head": track(3, head_deg=(12, -6, 3), head_shift=(0.1, 0.05, 0.1), **TALK),
    "big mouth": track(3, jawOpen=1.0, tongueOut=0.8, head_deg=(-4, 3, 0)),
}


def prepared(renderer, face, drawing, host=HOST, **options):
    return renderer.prepare(face, RenderSettings(options={"drawing": drawing, **options}), host)


@pytest.fixture(scope="module")
def renderer():
    return PhotoHeadRenderer()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Several threads of torch on small tensors cost more than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def faces(neutral_person, photographed):
    face = neutral_person.face
    alpha = np.zeros(face.portrait.image.shape[:2], np.uint8)
    alpha[30:230, 50:210] = np.linspace(0, 255, 160).astype(np.uint8)
    return {"noise": face, "opacity": replace(face, portrait=Portrait(face.portrait.image, alpha)),
            "photograph": photographed}


@pytest.fixture(scope="module", params=["noise", "opacity", "photograph"])
def pair(request, renderer, faces):
    """The same face prepared for numba and for torch."""
    return tuple(prepared(renderer, faces[request.param], drawing) for drawing in ("numba", "torch"))


@pytest.fixture(scope="module")
def state(renderer, faces):
    return prepared(renderer, faces["photograph"], "torch")


def agreement(frames, others):
    """Return the smallest share of pixels within one grey level, and the smallest PSNR in dB."""
    shares, noises = [], []
    for frame, other in zip(frames, others, strict=True):
        assert frame.shape == other.shape and frame.dtype == other.dtype == np.uint8
        difference = np.abs(frame.astype(np.float64) - other)
        shares.append((difference.max(axis=-1) <= 1).mean())
        noises.append(10 * np.log10(255**2 / max((difference**2).mean(), 1e-9)))
    return min(shares), min(noises)


@pytest.mark.parametrize("name", MOTIONS)
def test_both_draw_the_same_picture(renderer, pair, name):
    share, psnr = agreement(*(drawn(renderer, state, MOTIONS[name]) for state in pair))
    assert share >= 0.999 and psnr >= 50.0


def test_half_a_texture_pixel_would_be_noticed(renderer, pair, monkeypatch):
    """Negative control: the sampling of other libraries, whose pixels' centres lie elsewhere."""
    original = torch_picture.HeadPicture.sampled
    monkeypatch.setattr(torch_picture.HeadPicture, "sampled", lambda self, at: original(self, at + 0.5))
    share, psnr = agreement(*(drawn(renderer, state, MOTIONS["turned head"]) for state in pair))
    assert share < 0.999 and psnr < 50.0


def test_contours_that_stay_jagged_would_be_noticed(renderer, pair, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(torch_picture, "soften_jumps", lambda *_: None)
    numba, torch_ = (drawn(renderer, state, MOTIONS["turned head"]) for state in pair)
    assert agreement(numba, torch_)[1] < 55.0


def test_a_frame_does_not_depend_on_its_batch(renderer, state, monkeypatch):
    motion = track(4, head_deg=(6, 2, 1), **TALK)
    whole = drawn(renderer, state, motion)
    alone = [drawn(renderer, state, motion, k, k + 1)[0] for k in range(4)]
    assert all(np.array_equal(a, b) for a, b in zip(whole, alone, strict=True))
    monkeypatch.setattr(torch_painter, "BATCH_FRAMES", 3)
    assert all(np.array_equal(a, b) for a, b in zip(whole, drawn(renderer, state, motion), strict=True))


def test_batches_fit_into_the_working_memory(renderer, state, monkeypatch):
    sizes = []
    monkeypatch.setattr(torch_painter.TorchPainter, "_draw", spy(torch_painter.TorchPainter._draw, sizes))
    motion = track(4, **TALK)
    drawn(renderer, state, motion)
    assert sizes == [4]
    sizes.clear()
    monkeypatch.setattr(torch_painter, "BATCH_BYTES", 1)
    drawn(renderer, state, motion)
    assert sizes == [1] * 4


def spy(draw, sizes):
    def counted(self, batch, region):
        sizes.append(len(batch))
        return draw(self, batch, region)

    return counted


class Watched(PlainHost):
    """Counts how often a network is asked for; may cancel."""

    def __init__(self, cancel_at=None):
        super().__init__(threads=2)
        self.loaded, self.cancel_at = [], cancel_at

    def load(self, module):
        self.loaded.append(module)
        super().load(module)

    def progress(self, done, total):
        if done == self.cancel_at:
            raise Cancelled


def test_the_host_is_asked_before_every_batch(renderer, state, monkeypatch):
    monkeypatch.setattr(torch_painter, "BATCH_FRAMES", 2)
    host = Watched()
    list(renderer.frames(state, track(4, **TALK), 0, 4, host))
    assert host.loaded == [state.painter.picture] * 2


def test_cancel_arrives_between_frames(renderer, state):
    frames = renderer.frames(state, track(4, **TALK), 0, 4, Watched(cancel_at=2))
    next(frames)
    with pytest.raises(Cancelled):
        next(frames)


def test_only_the_picture_stays_on_the_card(renderer, pair, monkeypatch):
    """On a card that refuses operands from elsewhere and counts its bytes."""
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    monkeypatch.setattr(torch_painter, "_Download", Download)
    motion, host = MOTIONS["turned head"], PlainHost("cuda:0", threads=1)
    state = replace(pair[1], painter=TorchPainter(pair[0].painter))
    picture = state.painter.picture
    with SimulatedGpu() as card:
        frames = list(renderer.frames(state, motion, 0, 3, host))
        assert all(isinstance(tensor, OnCard) for tensor in picture.buffers())
        assert card.used_bytes == sum(t.numel() * t.element_size() for t in picture.buffers())
        # Another program needs the room.
        picture.to("cpu")
        assert card.used_bytes == 0
        again = list(renderer.frames(state, motion, 0, 3, host))
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))
    share, psnr = agreement(frames, drawn(renderer, pair[0], motion))
    assert share >= 0.999 and psnr >= 50.0


@pytest.mark.parametrize("working_mb", [7, 0])
def test_a_full_card_draws_less_at_a_time_or_leaves_it_to_the_cpu(renderer, state, monkeypatch, working_mb):
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    monkeypatch.setattr(torch_painter, "_Download", Download)
    motion, sizes = track(4, **TALK), []
    expected = drawn(renderer, state, motion)
    monkeypatch.setattr(torch_painter.TorchPainter, "_draw", spy(torch_painter.TorchPainter._draw, sizes))
    host, painter = PlainHost("cuda:0", threads=1), TorchPainter(state.painter._details)
    resident = sum(t.numel() * t.element_size() for t in painter.picture.buffers())
    with SimulatedGpu(capacity_bytes=resident + working_mb * 2**20):
        frames = list(renderer.frames(replace(state, painter=painter), motion, 0, 4, host))
    assert sizes[0] == 4 and (sizes[-1] == 1 if working_mb == 0 else 1 <= sizes[-1] < 4)
    share, psnr = agreement(frames, expected)
    assert share >= 0.999 and psnr >= 50.0


def test_a_card_without_room_for_the_picture_leaves_all_to_the_cpu(renderer, state, monkeypatch):
    motion = track(2, **TALK)
    expected, painter = drawn(renderer, state, motion), TorchPainter(state.painter._details)
    with SimulatedGpu(capacity_bytes=1000):
        frames = list(renderer.frames(replace(state, painter=painter), motion, 0, 2, PlainHost("cuda:0", threads=1)))
    share, psnr = agreement(frames, expected)
    assert share >= 0.999 and psnr >= 50.0


class Download:
    """Without the events that only CUDA has."""

    def __init__(self, source):
        self._target = source.cpu()

    def wait(self):
        return self._target.numpy()


def test_who_draws_is_chosen_by_the_device_or_the_user(state):
    details = state.painter._details
    assert painter_for(details, "auto", "cpu") is painter_for(details, "numba", "cuda") is details
    assert isinstance(painter_for(details, "auto", "cuda:1"), TorchPainter)
    assert isinstance(painter_for(details, "torch", "cpu"), TorchPainter)
    with pytest.raises(SettingError) as caught:
        painter_for(details, "crayon", "cpu")
    assert "numba" in caught.value.hint


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", MOTIONS)
def test_a_graphics_card_draws_the_same(renderer, neutral_person, name):
    on_card = list(renderer.frames(renderer.prepare(neutral_person.face, RenderSettings(), PlainHost("cuda")),
                                   MOTIONS[name], 0, 3, PlainHost("cuda")))
    share, psnr = agreement(on_card, drawn(renderer, prepared(renderer, neutral_person.face, "numba"), MOTIONS[name]))
    assert share >= 0.999 and psnr >= 50.0
