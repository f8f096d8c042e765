"""Collect recorded English with its text, under terms that allow training: real people beside the synthesisers.

Makes FOLDER/NAME.wav (16 kHz, mono, 16 bit) and FOLDER/NAME.txt from public repositories, each pinned by commit.
What a source brings is checked again by the hash of all that was used of it. Needs git.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from ...cli.speech_sets import held_out
from ...pipeline_core import errors
from ...pipeline_core.media.audio import Sound, resample, save_wav

RATE_HZ = 16_000
LENGTH_S = (2.0, 30.0)
WORDS_PER_S = (1.5, 4.5)
"""Outside of it the text is unlikely to be what is said, or too much of the clip is silence."""
QUIETEST_DBFS = -45.0
ADULT = 16
MOST_OF_A_LEARNER = 12
"""Clips of one speaker of speechocean762, so that no learner's accent weighs much."""


class Clip(NamedTuple):
    """A recording as its source has it."""

    name: str
    content: bytes
    text: str


class Repository:
    """The files of one commit of a local git repository, bare or not."""

    def __init__(self, folder: Path, commit: str) -> None:
        self.folder, self.commit = folder, commit

    def git(self, *arguments: str) -> bytes:
        """Return what git writes."""
        command = ["git", "-c", "safe.directory=*", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise errors.InputError(f"{self.folder}: git {arguments[0]} failed: {done.stderr.decode().strip()}",
                                    hint="Remove that folder to clone it again.")
        return done.stdout

    def paths(self, under: str) -> list[str]:
        """Return all files of a folder."""
        return self.git("ls-tree", "-r", "--name-only", self.commit, "--", under).decode().splitlines()

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return self.git("cat-file", "blob", f"{self.commit}:{path}")

    def lines(self, path: str) -> list[str]:
        """Return a text file's lines."""
        return self.read(path).decode().splitlines()


def librispeech(files: Repository) -> Iterator[Clip]:
    """Yield LibriSpeech's test-clean but for the speaker that is kept for measuring."""
    for path in files.paths("LibriSpeech/test-clean/"):
        if path.endswith(".trans.txt") and path.split("/")[2] not in held_out.LIBRISPEECH_SPEAKERS:
            for line in files.lines(path):
                number, text = line.split(maxsplit=1)
                sound = files.read(f"{path.rpartition('/')[0]}/{number}.flac")
                yield Clip(f"librispeech-{number}", sound, text.capitalize())


def speechocean(files: Repository) -> Iterator[Clip]:
    """Yield the adults of speechocean762, up to a number of clips of each."""
    for part in ("train", "test"):
        table = {name: dict(line.split(maxsplit=1) for line in files.lines(f"{part}/{name}"))
                 for name in ("spk2age", "utt2spk", "text", "wav.scp")}  # fmt: skip
        left = {speaker: MOST_OF_A_LEARNER for speaker, age in table["spk2age"].items() if int(age) >= ADULT}
        for number, speaker in sorted(table["utt2spk"].items()):
            clip = Clip(f"speechocean-{number}", b"", table["text"][number].capitalize())
            if left.get(speaker, 0) and len(clip.text.split()) >= 4:
                clip = clip._replace(content=files.read(table["wav.scp"][number]))
                if fit(clip) is not None:
                    left[speaker] -= 1
                    yield clip


class Source(NamedTuple):
    """A repository and what is taken of it."""

    folder: str
    url: str
    commit: str
    clips: Callable[[Repository], Iterator[Clip]]
    sha256: str
    """Of the names, sounds and texts that are used, see `save`."""


SOURCES = (
    Source("librispeech", "https://github.com/lalking52/compressor_project", "0a0b1c64d2b4f730df65f94206797edba3ff66e5",
           librispeech, "c0f27e85e1ce97b837f60632f72c1214fe3e9e094327ee8f46535f5361739501"),
    Source("speechocean762", "https://github.com/jimbozhang/speechocean762", "613968e3b0b789fc33936fb5eba1973176ba7d11",
           speechocean, "e66bd108b2edf938ceafe06a37cb79c50a190ea046dfc28845bf10a5299c0a68"))  # fmt: skip
"""LibriSpeech test-clean (V. Panayotov, CC BY 4.0, a whole copy; LICENSE.TXT beside it) and speechocean762
(Zhang et al. 2021, CC BY 4.0 by OpenSLR 101, "for both commercial and non-commercial purposes" by its README)."""


def decoded(clip: Clip) -> Sound:
    """Return a clip's sound, mono, at the rate that is wanted."""
    with av.open(io.BytesIO(clip.content)) as container:
        rate = container.streams.audio[0].rate
        mono = av.AudioResampler(format="s16", layout="mono", rate=rate)
        frames = [part for frame in container.decode(audio=0) for part in mono.resample(frame)]
        frames += mono.resample(None)
    samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.float32) / 32767.0
    return resample(Sound(samples=samples, rate_hz=rate), RATE_HZ)


def fit(clip: Clip) -> Sound | None:
    """Return a clip's sound if its length, its speed and its level fit."""
    sound = decoded(clip)
    level = 10 * np.log10(float(np.mean(sound.samples**2)) + 1e-12)
    speed = len(clip.text.split()) / sound.duration_s
    fits = (LENGTH_S[0] <= sound.duration_s <= LENGTH_S[1] and WORDS_PER_S[0] <= speed <= WORDS_PER_S[1]
            and level >= QUIETEST_DBFS)  # fmt: skip
    return sound if fits else None


def save(clips: Iterator[Clip], folder: Path) -> tuple[float, int, str]:
    """Write the clips that fit; returns their minutes, their number and the hash of all that was used."""
    seconds, number, digest = 0.0, 0, hashlib.sha256()
    for clip in clips:
        if (sound := fit(clip)) is not None:
            save_wav(folder / f"{clip.name}.wav", sound)
            (folder / f"{clip.name}.txt").write_text(clip.text + "\n", encoding="utf-8")
            for part in (clip.name.encode(), clip.content, clip.text.encode()):
                digest.update(hashlib.sha256(part).digest())
            seconds, number = seconds + sound.duration_s, number + 1
    return seconds / 60, number, digest.hexdigest()


def repository(source: Source, folder: Path) -> Repository:
    """Return a source's repository, which is cloned if it is not in the folder yet."""
    place = folder / source.folder
    if not place.exists():
        subprocess.run(["git", "clone", "--no-checkout", source.url, str(place)], check=True)
    return Repository(place, source.commit)


def build(downloads: Path, folder: Path) -> None:
    """Make the folder of recordings, if it is not there.

    Parameters
    ----------
    downloads : Path
        Holds the repositories by the names in `SOURCES`; those missing are cloned.
    folder : Path
        Gets NAME.wav and NAME.txt.
    """
    if folder.is_dir():
        return
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        minutes, number, found = save(source.clips(repository(source, downloads)), part)
        print(f"{source.folder}: {number} clips, {minutes:.1f} minutes", flush=True)
        if found != source.sha256:
            raise errors.ContractError(f"{source.url} brought something else than was used (sha256 {found})")
    part.rename(folder)
