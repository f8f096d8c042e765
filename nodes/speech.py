"""Text becomes speech, and any speech becomes visemes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from comfy_api.latest import io

from ..pipeline_core.cache import shared
from ..pipeline_core.cue_files import FORMATS, cue_format, cue_text
from ..pipeline_core.speech import analyze, engine_choices, synthesize, timeline_picture
from ..pipeline_core.speech.edits import apply_edits, read_edits
from ..pipeline_core.types import Sound, SpeechTrack, array_sha256
from . import convert, sockets
from .choices import backend_ids, check_backend, problem_with
from .host import ComfyHost, Keeping, keep
from .page import with_files
from .timeline import timeline_for_page

SAMPLE_TEXT = "Hello! I was only a photograph a minute ago. Now I can speak, blink and breathe."
SPEED_MIN, SPEED_MAX = 0.5, 2.0
EDITS_TOOLTIP = "What was changed in the timeline below, as JSON; the timeline writes it."


class TextToSpeech(Keeping):
    """TA_TextToSpeech."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_TextToSpeech",
            display_name="Text to Speech",
            category=sockets.CATEGORY,
            description="Speaks an English text on this machine and knows exactly when each sound occurs.",
            inputs=[
                io.String.Input("text", multiline=True, default=SAMPLE_TEXT,
                                placeholder="What the portrait is going to say, in English.",
                                tooltip="The text to speak. Commas, full stops and line breaks become pauses; [pause 0.5] is "
                                        "half a second of silence."),
                io.Combo.Input("voice", options=backend_ids("voice"), default="auto",
                               tooltip="Who speaks. 'auto' is the bundled voice; names like am_michael are voices of "
                                       "Kokoro-82M, which need their files (see the help page)."),
                io.Float.Input("speed", default=1.0, min=SPEED_MIN, max=SPEED_MAX, step=0.05,
                               display_mode=io.NumberDisplay.slider,
                               tooltip="1 is the voice's own pace, 2 twice as fast."),
                io.String.Input("edits", default="", optional=True, tooltip=EDITS_TOOLTIP),
            ],
            outputs=[
                io.Audio.Output(display_name="audio", tooltip="The speech."),
                sockets.Speech.Output(display_name="speech",
                                      tooltip="Exact times of every sound: connect it to Audio to Visemes."),
            ],
            hidden=[io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, voice: str | None = None, edits: str | None = None) -> str | bool:
        """Refuse a voice that cannot speak, and edits that are none, before anything runs."""
        known = True if edits is None else problem_with(read_edits, edits)
        return check_backend("voice", voice) if known is True else known

    @classmethod
    def execute(cls, text: str, voice: str, speed: float, edits: str = "") -> io.NodeOutput:
        """Speak, and change in the speech what was edited."""
        host = ComfyHost()
        sound, found = shared().get(("spoken", text, voice, speed),
                                    lambda: synthesize(text, voice=voice, speed=speed, host=host))
        edited = apply_edits(found, edits)
        host.warn(edited.track.warnings[len(found.warnings):])  # what was found is said by Audio to Visemes
        left = timeline_for_page(cls.hidden.extra_pnginfo, found, edited, edits)
        return io.NodeOutput(convert.to_audio(sound), keep(replace(edited.track, warnings=found.warnings)),
                             ui=with_files(None, **left))


class AudioToVisemes(Keeping):
    """TA_AudioToVisemes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_AudioToVisemes",
            display_name="Audio to Visemes",
            category=sockets.CATEGORY,
            description="Finds out what the mouth does when. The best source that is connected wins: the speech of "
                        "Text to Speech, imported cues, a transcript, the sound alone.",
            inputs=[
                io.Audio.Input("audio", tooltip="The sound that is going to be heard."),
                sockets.Speech.Input("speech", optional=True,
                                     tooltip="From Text to Speech: its exact times are used as they are."),
                io.String.Input("transcript", multiline=True, default="", optional=True,
                                placeholder="Transcript (optional): what is said in the recording.",
                                tooltip="What is said. With it the mouth is much more exact than from the sound alone. "
                                        "Leave it empty when it is unknown."),
                io.String.Input("cues", multiline=True, default="", optional=True,
                                placeholder="Imported cues (optional): Rhubarb, TextGrid, OVR visemes, VTube parameters, SRT, VTT, or our own "
                                            "JSON.",
                                tooltip="Sounds or mouth shapes with times, made elsewhere: they replace the analysis. Words with "
                                        "times serve as the transcript."),
                io.Combo.Input("engine", options=engine_choices(), default="auto", optional=True,
                               tooltip="What listens to the recording. 'auto' takes the best one that is installed."),
                io.Combo.Input("format", options=[form.title for form in FORMATS], default=FORMATS[0].title, optional=True,
                               tooltip="What the output cues is, for other programs. Forms with frames have 60 of them per second."),
                io.String.Input("edits", default="", optional=True, tooltip=EDITS_TOOLTIP),
            ],
            outputs=[
                sockets.Speech.Output(display_name="speech", tooltip="For Motion Generator."),
                io.Image.Output(display_name="timeline",
                                tooltip="A picture of words, waveform, sounds, visemes, lip closures, loudness and pitch over time."),
                io.String.Output(display_name="cues", tooltip="What was heard as text, in the chosen format."),
            ],
            hidden=[io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, engine: str | None = None, format: str | None = None, edits: str | None = None) -> str | bool:
        """Refuse an engine or a format that is not there, and edits that are none; "auto" always finds an engine."""
        for check, value in ((cue_format, format), (read_edits, edits)):
            known = True if value is None else problem_with(check, value)
            if known is not True:
                return known
        if engine in (None, *(choice for choice in engine_choices() if choice not in backend_ids("speech")), "auto"):
            return True
        return check_backend("speech", engine)

    @classmethod
    def execute(cls, audio: Any, speech: SpeechTrack | None = None, transcript: str = "", cues: str = "",
                engine: str = "auto", format: str = FORMATS[0].title, edits: str = "") -> io.NodeOutput:
        """Analyse the sound, and change in it what was edited."""
        sound, host = convert.to_sound(audio), ComfyHost()
        found = _found(sound, transcript, cues, speech, engine, host)
        edited = apply_edits(found, edits)
        track = edited.track
        host.warn(track.warnings)
        picture = timeline_picture(track, sound)
        left = timeline_for_page(cls.hidden.extra_pnginfo, found, edited, edits)
        return io.NodeOutput(keep(track), convert.to_image(picture), cue_text(track, cue_format(format)),
                             ui=with_files(None, **left))


def _found(sound: Sound, transcript: str, cues: str, speech: SpeechTrack | None, engine: str, host: ComfyHost) -> SpeechTrack:
    """Analyse a sound, or remember what was found: after an edit nobody wants to wait for the analysis again."""
    def listen() -> SpeechTrack:
        return analyze(sound, transcript=transcript, cues=cues, speech=speech, engine=engine, host=host)

    if speech is not None:
        return listen()
    key = ("speech_track", array_sha256(sound.samples), sound.rate_hz, sound.warnings, transcript, cues, engine)
    return shared().get(key, listen)
