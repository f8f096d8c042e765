"""The transfer bench accepts an exact copy and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.cli.bench_transfer import (
    GATED,
    MEASURED,
    Driver,
    compare,
    correlation,
    gain,
    head_error,
    rows_of,
    run_transfer,
)
from talking_avatar.cli.bench_transfer_ceiling import FRAMES, known_curves, known_motion
from talking_avatar.cli.console import LauncherError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion.transfer import TransferSettings, transfer_motion
from talking_avatar.tests.pipeline_core.motion.test_transfer import driver as acting

LOOKS = np.stack([6 * np.sin(np.arange(200) / 9), 4 * np.cos(np.arange(200) / 5)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def driver():
    track = acting(browInnerUp=np.where(np.abs(np.arange(200) - 112) < 25, 1.1, 0.1))
    lids = track.lids_ratio.copy()
    lids[20:26] = lids[150:158] = 0.06
    return Driver("d", Path("d.mp4"), replace(track, lids_ratio=lids, gaze_deg=LOOKS))


@pytest.fixture(scope="module")
def stranger():
    t = np.arange(200) / 25
    return acting(jawOpen=0.2 + 0.2 * np.sin(9 * t), mouthSmileRight=0.2 + 0.2 * np.sin(4 * t), browInnerUp=0.3 + 0.3 * np.sin(3 * t))


def met(rows):
    return {row.name.split(" follows")[0]: row.passed for row in rows}


def test_a_copy_passes_and_its_controls_fail(driver, stranger):
    motion = transfer_motion(driver.track, TransferSettings())
    pair = compare(driver, "p", motion, driver.track, stranger)
    assert min(pair.followed[name] for name in GATED) > 0.99 and max(pair.head_deg) < 1.0
    assert all(met(rows_of([pair]))[name] for name in GATED)
    assert max(pair.shuffled.values()) < 0.5 and max(pair.other[name] for name in GATED) < 0.8 and pair.head_other > 2.0


def test_another_performance_fails(driver, stranger):
    motion = transfer_motion(driver.track, TransferSettings())
    found = met(rows_of([compare(driver, "p", motion, stranger, None)]))
    assert found["jaw"] is False and found["brows"] is False


def test_a_control_that_passes_spoils_the_gate(driver):
    motion = transfer_motion(driver.track, TransferSettings())
    assert met(rows_of([compare(driver, "p", motion, driver.track, driver.track)]))["jaw"] is False


def test_what_a_driver_does_not_move_is_not_judged(driver):
    still = Driver("s", Path("s.mp4"), replace(driver.track, expression=np.tile(driver.track.expression[:1], (200, 1))))
    pair = compare(still, "p", transfer_motion(still.track, TransferSettings()), still.track, None)
    assert "jaw" not in pair.followed and "blink" in pair.followed


def test_figures():
    t = np.linspace(0, 9, 50)
    assert correlation(np.sin(t), 2 * np.sin(t) + 5) == pytest.approx(1.0)
    assert correlation(np.sin(t), np.zeros(50)) == 0.0
    wanted = np.stack([10 * np.sin(t), 0 * t, 0 * t], axis=1)
    assert max(head_error(wanted, wanted + [3, 0, 0])) < 1e-3, "the portrait's own direction does not count"
    assert head_error(wanted, 0.5 * wanted)[0] > 2.0


def test_folders_must_exist(tmp_path):
    with pytest.raises(LauncherError, match="no folder"):
        run_transfer(str(tmp_path / "x"), None, tmp_path, PlainHost())


def test_gaze_counts_in_open_eyes_only(driver, stranger):
    motion = transfer_motion(driver.track, TransferSettings())
    shut = driver.track.lids_ratio.max(axis=1) < 0.1
    guessed = np.where(shut[:, None], -30.0, driver.track.gaze_deg)
    assert compare(driver, "p", motion, replace(driver.track, gaze_deg=guessed), None).followed["gaze across"] > 0.99
    behind_lids = Driver("b", driver.path, replace(driver.track, gaze_deg=guessed - LOOKS))
    assert "gaze across" not in compare(behind_lids, "p", motion, driver.track, None).followed, "nothing moves in open eyes"
    away = replace(driver.track, gaze_deg=LOOKS[::-1] * [-1, 1])
    found = met(rows_of([compare(driver, "p", motion, away, stranger)]))
    assert found["gaze across"] is False and found["jaw"] is True


def test_too_little_and_too_much_are_told(driver):
    motion = transfer_motion(driver.track, TransferSettings())
    for share, passes in ((1.0, True), (0.5, False), (1.5, False)):
        weak = replace(driver.track, expression=driver.track.expression * np.float32(share))
        rows = {row.name: row.passed for row in rows_of([compare(driver, "p", motion, weak, None)])}
        assert rows["amplitude of smile, median"] is passes and rows["amplitude of blink, median"] is True
    assert gain(np.arange(5.0), 2 * np.arange(5.0)) == pytest.approx(2.0) and gain(np.zeros(5), np.ones(5)) == 0.0


def test_known_motions_move_every_part_by_itself():
    curves = known_curves()
    assert set(curves) == set(GATED) <= set(MEASURED)
    apart = np.corrcoef(np.stack(list(curves.values())))
    assert np.abs(apart - np.eye(len(curves))).max() < 0.5
    total = known_motion(curves).summed()
    assert total.blendshapes.shape[0] == FRAMES and 0.5 < total.blendshapes.max() <= 1.0 and not total.head_deg.any()


def test_where_the_judge_sees_nothing_is_said(driver):
    pair = compare(driver, "p", transfer_motion(driver.track, TransferSettings()), driver.track, None)
    blind = {"p": dict.fromkeys(GATED, 0.9) | {"smile": 0.4}}
    told = {row.name.split(" follows")[0]: row.control for row in rows_of([pair], blind)}
    assert "known motion 1.00 of 1" in told["jaw"] and "known motion" not in told["smile"]
