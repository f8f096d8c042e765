"""Make the articulation model, models/assets/articulation.safetensors, from nothing but synthetic speech.

    python tools/train_articulation.py FOLDER [STEP ...] [--models FOLDER] [--steps 1000 3900] [--jobs 2]

Steps, each of which goes on where it was stopped: `corpus` lets synthesisers with exact times speak,
`shards` spoils the speech in many ways and packs it, `first` trains, `relabel` moves coarse boundaries
to where the first network hears them, `second` goes on with those, `ship` writes the asset. Needs
espeak-ng and flite (Debian), the package wordfreq, and the voices of `python run.py fetch kokoro`.
"""

from __future__ import annotations

import argparse
import sys
import types
from pathlib import Path

if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["talking_avatar"] = package

from talking_avatar.models.speech_articulation import WEIGHTS
from talking_avatar.tools.articulation import corpus, relabel, shards, train

STEPS = ("corpus", "shards", "first", "relabel", "second", "ship")


def run(step: str, arguments: argparse.Namespace) -> None:
    """Do one step."""
    folder: Path = arguments.folder
    first, second = folder / "first.safetensors", folder / "second.safetensors"
    if step == "corpus":
        corpus.build_all(folder / "corpus", arguments.models)
    elif step == "shards":
        shards.build(folder / "corpus", folder / "shards", arguments.jobs)
    elif step == "first":
        train.run(folder / "shards", first, arguments.steps[0], arguments.device)
    elif step == "relabel":
        relabel.build(folder / "shards", first, folder / "relabelled")
    elif step == "second":
        train.run(folder / "relabelled", second, arguments.steps[1], arguments.device, begin=first)
    else:
        train.ship(second, WEIGHTS)


def main() -> None:
    """Do the steps that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}; all without it")
    parser.add_argument("--models", type=Path, help="folder that `run.py fetch kokoro --out` filled")
    parser.add_argument("--steps", type=int, nargs=2, default=(1000, 3900), metavar="N", help="of the two trainings")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(STEPS):
        parser.error(f"no step {', '.join(sorted(unknown))}")
    for step in arguments.parts or STEPS:
        print(f"== {step}", flush=True)
        run(step, arguments)


if __name__ == "__main__":
    main()
