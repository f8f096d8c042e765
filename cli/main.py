"""The command line: parse, prepare the environment, hand over to one command."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

from ..pipeline_core.errors import AvatarError, ContractError
from .console import EXIT_BUG, EXIT_INPUT, EXIT_OK, EXIT_STOPPED, LauncherError, one_line, say
from .environment import ensure, is_current, reexec

READY = "TALKING_AVATAR_READY"
"""Set for the process that runs inside the prepared environment."""

Command = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Reports wrong arguments in the one-line form of the command line contract."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise LauncherError(message, hint=f"Run: python run.py {self.prog.split()[-1]} --help"
                            if " " in self.prog else "Run: python run.py --help")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="run.py", description="Talking Avatar: a photo and a voice become a talking video.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, help: str, groups: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.add_argument("--json", action="store_true", help="print one JSON object as the last line of stdout")
        sub.set_defaults(groups=groups.split())
        return sub

    demo = add("demo", "Run the shipped workflow in a real ComfyUI; leaves an mp4 and a contact sheet.",
               "core")
    demo.add_argument("--out", default="output", metavar="DIR", help="where the results go (default: output)")

    test = add("test", "Run ruff, mypy and all tests; further arguments go to pytest.", "core test")
    test.add_argument("--fast", action="store_true", help="leave out the ComfyUI and browser tests")

    comfyui = add("comfyui", "Start a real ComfyUI with this pack, for trying by hand.", "core")
    comfyui.add_argument("--port", type=int, default=8188, metavar="N", help="port of the page (default: 8188)")

    _add_render(add("render", "Make a video from a photo, or re-voice one, with a recording or a text.", "core"))
    _add_visemes(add("visemes", "Find what the mouth does when in a recording.", "core"))
    _add_score(add("score", "Judge a finished video: lips, looks, life, sound.", "core"))

    fetch = add("fetch", "Get optional model files: the further voices of Kokoro-82M (Apache-2.0).", "")
    fetch.add_argument("what", choices=["kokoro"], help="what to get")
    fetch.add_argument("--out", metavar="DIR", help="the folder of models (default: ComfyUI's models/talking_avatar)")
    fetch.add_argument("--all-voices", action="store_true",
                       help="also those of other languages, which only tools/train_articulation.py uses")
    fetch.add_argument("--licence", action="store_true", help="say what it is, and get nothing")

    bench = add("bench", "Measure speed and memory on this machine.", "core")
    bench.add_argument("--quick", action="store_true", help="shorter clips, rougher figures")
    bench.add_argument("--quality", action="store_true",
                       help="measure how good the videos are instead, with independent judges")
    bench.add_argument("--resync", action="store_true",
                       help="measure how good re-voiced videos are instead, with independent judges")
    bench.add_argument("--transfer", action="store_true",
                       help="measure how exactly portraits do what a filmed face does instead")
    bench.add_argument("--portraits", metavar="DIR", help="with --transfer: portraits to move (default: the sample portrait)")
    bench.add_argument("--clips", metavar="DIR",
                       help="videos: with --resync to re-voice, with --transfer drivers (default: one of the sample portrait)")
    _add_bench_visemes(bench)
    bench.add_argument("--faces", metavar="DIR", help="portraits to measure with (default: the sample portrait); with --resync how many clips")
    bench.add_argument("--out", default="output", metavar="DIR", help="where measured clips go (default: output)")
    return parser


def _add_render(sub: argparse.ArgumentParser) -> None:
    source = sub.add_mutually_exclusive_group(required=True)
    source.add_argument("--portrait", metavar="IMG", help="the photo")
    source.add_argument("--video", metavar="CLIP", help="a video to re-voice instead of a photo; its frame rate is kept")
    voice = sub.add_mutually_exclusive_group(required=True)
    voice.add_argument("--audio", metavar="FILE", help="the recording (any sound or video file)")
    voice.add_argument("--text", metavar="TEXT", help="what to say, in English")
    sub.add_argument("--voice", default="auto", metavar="ID",
                     help="who says the text: heart (bundled) or a voice of Kokoro such as am_michael (default: heart)")
    sub.add_argument("--speed", type=float, default=1.0, metavar="X", help="pace of the voice, 0.5 to 2 (default: 1)")
    sub.add_argument("--out", required=True, metavar="OUT.mp4",
                     help="the result: .mp4, .webm, .mov, .mkv, .gif, .webp, or a folder for png-sequence")
    sub.add_argument("--format", default="auto", metavar="NAME",
                     help="kind of file, e.g. webm-vp9-alpha, or a format file of yours (default: by the ending of --out)")
    sub.add_argument("--crf", type=int, default=18, metavar="N", help="quality, 0 (best) to 51 (default: 18)")
    sub.add_argument("--preset", default="veryfast", metavar="NAME", help="ultrafast to veryslow (default: veryfast)")
    sub.add_argument("--transcript", metavar="FILE", help="text file with what is said in the recording")
    sub.add_argument("--fps", default="25", help="frames per second, e.g. 25, 29.97 or 30000/1001 (default: 25)")
    sub.add_argument("--size", default="source", metavar="WxH|source",
                     help="size of the video; scaled and cropped around the face, never stretched")
    sub.add_argument("--renderer", default="auto", metavar="ID", help="what draws the face (default: auto)")
    sub.add_argument("--emotion", default="neutral", metavar="NAME", help="the mood (default: neutral)")
    sub.add_argument("--seed", type=int, default=0, metavar="N", help="chooses among natural performances")
    sub.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"], help="where networks run and frames are drawn")
    sub.add_argument("--face-index", type=int, default=0, metavar="N", help="which face, largest first (default: 0)")
    sub.add_argument("--detector", default="auto", metavar="NAME",
                     help="how faces are looked for: auto, 'short range', 'full range' (default: auto)")
    sub.add_argument("--min-confidence", type=float, default=0.5, metavar="RATIO",
                     help="how sure the face detector must be, 0.05 to 0.99 (default: 0.5)")
    sub.add_argument("--still", action="store_true", help="no head movement and no breathing")
    dub = sub.add_argument_group("with --video")
    dub.add_argument("--length", default="pad_silence", metavar="POLICY",
                     help="where sound and video are not equally long: pad_silence, cut_off, loop, bounce, hold or remap "
                          "(default: pad_silence, all of the video)")
    dub.add_argument("--range", dest="ranges", action="append", default=[], metavar="A-B",
                     help="re-voice only these seconds, e.g. 2.5-4.0; also several times (default: all)")
    dub.add_argument("--silent-mouth", default="closed", metavar="HOW",
                     help="the mouth after the speech: closed, or its own movement (default: closed)")
    dub.add_argument("--untouched", default="copy", metavar="HOW",
                     help="parts without a new mouth: copy their packets where H.264 allows, or encode (default: copy)")
    dub.add_argument("--other-audio", default="keep", metavar="HOW",
                     help="further sound tracks and subtitles: keep or drop (default: keep)")


def _add_visemes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--audio", required=True, metavar="FILE", help="the recording (any sound or video file)")
    sub.add_argument("--transcript", metavar="FILE", help="text file with what is said in it")
    sub.add_argument("--cues", metavar="FILE",
                     help="sounds or mouth shapes made elsewhere, instead of listening: Rhubarb, TextGrid, visemes, VTube, our JSON")
    sub.add_argument("--engine", default="auto", metavar="ID", help="what listens (default: auto)")
    sub.add_argument("--out", required=True, action="append", metavar="CUES.json",
                     help="a file to write, also several times; its ending says what it is: .json, .tsv, .TextGrid, .srt, .vtt, "
                          ".csv (OVR visemes), .rhubarb.json, .ovr.json, .vtube.json, .arkit.csv, .prosody.json")
    sub.add_argument("--format", default="auto", metavar="ID", help="what the one file of --out is (default: by its ending)")
    sub.add_argument("--fps", default="60", help="frames per second of .csv, .ovr.json and .vtube.json (default: 60)")
    sub.add_argument("--picture", metavar="FILE.png", help="also draw sound, words, sounds and visemes over time")


def _add_score(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("video", metavar="VIDEO", help="the video, from this program or any other")
    sub.add_argument("--source", metavar="FILE", help="the photo or video that it was made from")
    sub.add_argument("--transcript", metavar="FILE",
                     help="text file with what is said in it (English), or cues: Rhubarb JSON/TSV or our own JSON")
    sub.add_argument("--device", default="cpu", choices=["auto", "cpu", "cuda"], help="where networks run")


def _add_bench_visemes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--visemes", action="store_true", help="compare instead how well speech engines find the lips in sound")
    group = sub.add_argument_group("with --visemes")
    group.add_argument("--engines", nargs="+", metavar="ID", help="which ones (default: all that are there)")
    group.add_argument("--only", nargs="+", metavar="SET", help="which sets (default: all): flite, kokoro, heart, espeak, "
                       "languages, spoilt, quiet")
    group.add_argument("--sets", metavar="DIR", help="where the sets are made and kept (default: .local/viseme_sets)")
    group.add_argument("--rhubarb", metavar="PATH", help="its program, or the folder of npm's rhubarb-lip-sync-wasm")
    group.add_argument("--real", nargs="+", metavar="DIR", help="recordings with TextGrids or transcripts beside them")
    group.add_argument("--facegood", metavar="DIR", help="pairs of .wav and .npy of FACEGOOD-Audio2Face")


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit status: 0 ok, 2 bad input, 1 our bug."""
    # Ended from outside, a running ComfyUI must be taken along.
    signal.signal(signal.SIGTERM, _stop)
    as_json = "--json" in argv
    try:
        arguments, rest = _parse(argv)
        arguments.rest = rest
        return _dispatch(arguments, argv)
    except ContractError as error:
        say(one_line(error))
        return _failed(EXIT_BUG, error, as_json)
    except AvatarError as error:
        say(one_line(error))
        return _failed(EXIT_INPUT, error, as_json)
    except KeyboardInterrupt:
        say("stopped")
        return _failed(EXIT_STOPPED, LauncherError("stopped", hint="Start again."), as_json)
    except Exception as error:  # noqa: BLE001 - the last resort: say that it is our bug, with the traceback
        traceback.print_exc()
        say(f"error: {type(error).__name__}: {error} | hint: This is a bug in Talking Avatar: please report it.")
        return _failed(EXIT_BUG, error, as_json)


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = build_parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command != "test":
        raise LauncherError(f"unknown argument(s): {' '.join(rest)}",
                            hint=f"Run: python run.py {arguments.command} --help")
    return arguments, rest


def _dispatch(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    # The judges of quality belong to the packages for testing.
    judged = any(getattr(arguments, name, False) for name in ("quality", "resync"))
    python = ensure(*arguments.groups, *(["test"] if judged else []))
    # Taken out again, so that further launchers started from here decide for themselves.
    if not os.environ.pop(READY, "") and not is_current(python):
        os.environ[READY] = "1"
        return reexec(python, argv)
    command: Command = import_module(f".{arguments.command}", __package__).run
    return command(arguments)


def _failed(status: int, error: Exception, as_json: bool) -> int:
    if as_json:
        known = isinstance(error, AvatarError)
        found: dict[str, Any] = {"error": error.message if known else str(error),
                                 "hint": error.hint if known else "", "exit": status}
        print(json.dumps(found, ensure_ascii=False), flush=True)
    return status


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


__all__ = ["EXIT_OK", "build_parser", "main"]
