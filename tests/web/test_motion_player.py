"""The page's motion and its clock: what Python packs is what a view shows, and the picture follows the sound."""

import io
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.media.audio import save_wav
from talking_avatar.pipeline_core.motion.packed import CHANNELS, pack_motion
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack, Sound

pytestmark = [pytest.mark.browser]
WIDTHS = dict(zip(CHANNELS, (52, 4, 3, 3, 2), strict=True))
AT = """async (times) => {
    const { decodeMotion } = await import('/lib/motion.js');
    const motion = decodeMotion(await (await fetch('/motion.bin')).arrayBuffer());
    const flat = (m) => [...m.curves, ...m.articulation, ...m.head_deg, ...m.head_shift, ...m.gaze_deg];
    return [motion.fps, motion.frames, motion.duration_s, motion.whole_s, times.map((t) => flat(motion.at(t)))];
}"""
PLAYER = """
    const { Player } = await import('/lib/player.js');
    const until = async (met) => {
        for (let i = 0; i < 1000 && !met(); i++) await new Promise((done) => setTimeout(done, 10));
        return met();
    };
"""


def some_motion(count=30, fps=Fraction(30000, 1001)):
    rng = np.random.default_rng(1)
    parts = {name: rng.uniform(0, 1, (count, width)).astype(np.float32) for name, width in WIDTHS.items()}
    parts["head_deg"] = parts["head_deg"] * 30 - 15
    parts["blendshapes"][:, 5] = 0.25
    return MotionTrack(fps, float(count / fps), (MotionLayer("all", **parts),))


def wav(seconds=1.0, rate_hz=16000):
    out = io.BytesIO()
    save_wav(out, Sound(np.sin(np.arange(int(seconds * rate_hz)) / 9)[None] * 0.1, rate_hz))
    return out.getvalue()


def test_frames_come_as_they_were_and_between_them_the_mean(bare):
    motion = some_motion()
    bare.files["motion.bin"] = pack_motion(motion)
    spots = [0, 7, 29, 7.5, -3, 400]
    fps, frames, duration_s, whole_s, found = bare.evaluate(AT, [spot / float(motion.fps) for spot in spots])
    assert (fps, frames) == (pytest.approx(float(motion.fps)), 30)
    assert duration_s == whole_s == pytest.approx(motion.duration_s)
    total = motion.summed()
    values = np.hstack([getattr(total, name) for name in CHANNELS])
    wanted = [values[0], values[7], values[29], (values[7] + values[8]) / 2, values[0], values[29]]
    assert np.abs(np.array(found) - wanted).max() < 1e-3
    assert np.abs(values[7] - values[8]).max() > 0.5, "the control"


def test_a_motion_that_was_cut_knows_its_whole_length(bare):
    bare.files["motion.bin"] = pack_motion(some_motion(), limit_s=0.5)
    _, frames, duration_s, whole_s, _ = bare.evaluate(AT, [])
    assert frames == 14 and duration_s < 0.5 < 1.0 < whole_s


@pytest.mark.parametrize("damage", ["magic", "short", "cut", "nothing"])
def test_damaged_motions_are_one_sentence(bare, damage):
    data = pack_motion(some_motion())
    bare.files["motion.bin"] = {"magic": b"XXXX" + data[4:], "short": data[:40], "cut": data[:-2], "nothing": b" "}[damage]
    with pytest.raises(Exception, match="cannot be read. Run the graph again"):
        bare.evaluate(AT, [0.0])


def test_a_head_at_rest_blinks_sways_and_closes_the_circle(bare):
    frames = bare.evaluate("""async () => {
        const { idleMotion } = await import('/lib/motion.js');
        const idle = idleMotion();
        return Array.from({ length: 241 }, (_, i) => idle.at((i / 240) * idle.duration_s))
            .map((m) => [...m.head_deg, m.curves[0], m.curves[7], ...m.articulation]);
    }""")
    values = np.array(frames)
    assert np.abs(values[0] - values[-1]).max() < 1e-6 and np.abs(values[0, :3]).max() < 0.5
    assert 0.5 < np.abs(values[:, :3]).max() < 2.0
    assert np.array_equal(values[:, 3], values[:, 4]) and values[:, 3].max() > 0.95 and np.mean(values[:, 3] > 0.1) < 0.1
    assert not values[:, 5:8].any(), "the lips stay as they are"


def test_the_clock_of_a_sound_plays_to_its_end(bare):
    bare.files["sound.wav"] = wav(0.6)
    told = bare.evaluate("async () => {" + PLAYER + """
        const player = new Player(), times = [];
        player.onTick((time_s) => times.push(time_s));
        player.load('/sound.wav', 0.6);
        await player.play();
        const began = player.playing;
        await until(() => !player.playing);
        return [began, times, player.time_s, player.problem];
    }""")
    began, times, end_s, problem = told
    assert began and problem == "" and end_s == pytest.approx(0.6)
    assert times == sorted(times) and len(set(times)) > 3


def test_a_pause_holds_the_time_and_seeking_moves_it(bare):
    bare.files["sound.wav"] = wav(20)
    seen = bare.evaluate("async () => {" + PLAYER + """
        const player = new Player();
        player.load('/sound.wav', 20);
        player.seek(3);
        const standing = [player.time_s, player.playing];
        await player.play();
        await until(() => player.time_s > 3.1);
        player.pause();
        const held = player.time_s;
        await new Promise((done) => setTimeout(done, 100));
        const still = player.time_s === held;
        await player.play();
        player.seek(12);
        const there = player.time_s, goesOn = player.playing && await until(() => player.time_s > 12.05);
        player.seek(99);
        const end = player.time_s;
        player.pause();
        player.seek(-1);
        return { standing, held, still, there, goesOn, end, begin: player.time_s };
    }""")
    assert seen["standing"] == [3, False] and 3 < seen["held"] < 12 and seen["still"] and seen["goesOn"]
    assert seen["there"] == pytest.approx(12, abs=0.05) and seen["end"] == 20 and seen["begin"] == 0


@pytest.mark.parametrize("url", ["/sound.wav", None], ids=["with sound", "silent"])
def test_a_loop_stays_within_its_range(bare, url):
    bare.files["sound.wav"] = wav(2)
    times, playing = bare.evaluate("async (url) => {" + PLAYER + """
        const player = new Player(), times = [];
        player.load(url, 2);
        player.range = [0.5, 0.8];
        player.loop = true;
        player.onTick((time_s) => times.push(time_s));
        await player.play();
        const wraps = () => times.filter((t, i) => i && t < times[i - 1]).length;
        await until(() => wraps() >= 2);
        const playing = player.playing;
        player.pause();
        return [times.slice(1), playing && wraps() >= 2];
    }""", url)
    assert playing and min(times) >= 0.5 and max(times) <= 0.8


def test_one_player_is_heard_at_a_time_and_silent_ones_go_on(bare):
    bare.files["sound.wav"] = wav(20)
    assert bare.evaluate("async () => {" + PLAYER + """
        const [one, two, silent] = [new Player(), new Player(), new Player()];
        one.load('/sound.wav', 20); two.load('/sound.wav', 20); silent.load(null, 20);
        await silent.play(); await one.play(); await two.play();
        const seen = [one.playing, two.playing, silent.playing, await until(() => two.time_s > 0.05)];
        two.dispose();
        silent.dispose();
        return [...seen, two.playing, silent.playing];
    }""") == [False, True, True, True, False, False]


def test_a_sound_that_is_gone_is_told_and_the_picture_plays_on(bare):
    problem, moves = bare.evaluate("async () => {" + PLAYER + """
        const player = new Player();
        player.load('/gone.wav', 20);
        await player.play();
        const moves = await until(() => player.time_s > 0.05);
        player.pause();
        return [player.problem, moves];
    }""")
    assert problem == "The sound is no longer there. Run the graph again." and moves


def test_loudness(bare):
    assert bare.evaluate("async () => {" + PLAYER + """
        const player = new Player();
        const seen = [player.volume, player.muted];
        player.volume = 7; seen.push(player.volume);
        player.volume = -1; seen.push(player.volume);
        player.volume = NaN; seen.push(player.volume);
        player.muted = true; seen.push(player.muted);
        return seen;
    }""") == [1, False, 1, 0, 1, True]
