"""Make the articulation model, models/assets/articulation.safetensors, from synthetic and recorded speech.

    python tools/train_articulation.py FOLDER [STEP ...] [--models FOLDER] [--steps 1000 3900 2000] [--jobs 2]

Steps, each of which goes on where it was stopped: `corpus` lets synthesisers with exact times speak,
`shards` spoils the speech in many ways and packs it, `first` trains, `relabel` moves coarse boundaries
to where the first network hears them, `second` goes on with those; `recordings` collects recorded speech
with its text, `aligned` lets the second network say when each of its phones is, `third` goes on with all,
`ship` writes the asset. Needs espeak-ng, flite and git (Debian), the package wordfreq, and the voices of
`python run.py fetch kokoro --all-voices`.
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
from talking_avatar.tools.articulation import corpus, recorded, recordings, relabel, shards, train

STEPS = ("corpus", "shards", "first", "relabel", "second", "recordings", "aligned", "third", "ship")


def run(step: str, arguments: argparse.Namespace) -> None:
    """Do one step."""
    folder: Path = arguments.folder
    networks = {name: folder / f"{name}.safetensors" for name in ("first", "second", "third")}
    spoken, packed, relabelled = folder / "corpus", folder / "shards", folder / "relabelled"
    if step == "corpus":
        corpus.build_all(spoken, arguments.models)
    elif step == "shards":
        shards.build(spoken, packed, arguments.jobs)
    elif step == "relabel":
        relabel.build(packed, networks["first"], relabelled)
    elif step == "recordings":
        recordings.build(folder / "downloads", folder / "recordings")
    elif step == "aligned":
        recorded.build(folder / "recordings", spoken / recorded.ENGINE, networks["second"], arguments.jobs)
        shards.build(spoken, packed, arguments.jobs)
        relabel.build(packed, networks["second"], relabelled)
    elif step == "ship":
        train.ship(networks["third"], WEIGHTS)
    else:
        teach(step, networks, packed if step == "first" else relabelled, arguments)


def teach(step: str, networks: dict[str, Path], data: Path, arguments: argparse.Namespace) -> None:
    """Train one of the networks, from the one before it."""
    number = list(networks).index(step)
    begin = list(networks.values())[number - 1] if number else None
    train.run(data, networks[step], arguments.steps[number], arguments.device, begin, train.RATES[number])


def main() -> None:
    """Do the steps that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}; all without it")
    parser.add_argument("--models", type=Path, help="folder that `run.py fetch kokoro --out` filled")
    parser.add_argument("--steps", type=int, nargs=3, default=(1000, 3900, 2000), metavar="N",
                        help="of the three trainings")
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
