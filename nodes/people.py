"""Several people: one sound becomes one for each speaker, and their renders become one."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ..pipeline_core.render.join import join
from ..pipeline_core.render.plan import RenderPlan
from ..pipeline_core.speech.speakers import read_faces, sounds_of_faces, turns_report
from ..pipeline_core.speech.visible_speakers import find_turns
from ..pipeline_core.types import FaceTrack
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost

SPEAKERS = 4
FACES = "0, 1, 2, 3"


class SplitSpeakers(io.ComfyNode):
    """TA_SplitSpeakers."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_SplitSpeakers",
            display_name="Split Speakers",
            category=sockets.CATEGORY,
            description="Makes one sound for each speaker out of one recording, by a table of turns or by whose lips move "
                        "in a video. All are as long as the recording and silent while others speak.",
            inputs=[
                io.Audio.Input("audio", tooltip="The recording with all voices."),
                sockets.Face.Input("face", optional=True,
                                   tooltip="From Detect Face, of the video that belongs to this sound: without a table, the "
                                           "faces whose lips move with the sound are the speakers. Any face_index will do."),
                io.String.Input("table", multiline=True, default="", optional=True,
                                placeholder="Who speaks when, with the numbers of Detect Face:\n0-2.5 0\n2.5-5 1\nor\n0: 0-2.5, 4-6",
                                tooltip="Turns: from, to, number of the face; or the face and its turns. Seconds or m:ss. Empty: "
                                        "as the video shows."),
                io.String.Input("faces", default=FACES, optional=True,
                                tooltip="Which face each output is the sound of, by its number in the picture of Detect Face."),
            ],
            outputs=[
                *(io.Audio.Output(display_name=f"audio_{n}", tooltip=f"What number {n} of faces says. For Audio to Visemes.")
                  for n in range(1, SPEAKERS + 1)),
                io.String.Output(display_name="report", tooltip="The turns as a table, with how sure they are: correct it "
                                                                "and paste it into table."),
            ],
        )

    @classmethod
    def validate_inputs(cls, faces: str | None = None) -> str | bool:
        """Refuse what are no numbers before anything runs."""
        return True if faces is None else problem_with(read_faces, faces)

    @classmethod
    def execute(cls, audio: Any, face: FaceTrack | None = None, table: str = "", faces: str = FACES) -> io.NodeOutput:
        """Split the sound."""
        sound, host = convert.to_sound(audio), ComfyHost()
        seen, numbers = find_turns(sound, table, face, host), read_faces(faces)
        host.warn(seen.warnings)
        spoken = [convert.to_audio(part) for part in sounds_of_faces(sound, seen.turns, numbers[:SPEAKERS])]
        silence = {**convert.to_audio(sound), "waveform": torch.zeros(1, *sound.samples.shape)}
        report = "\n".join([turns_report(seen.turns), *(f"# {warning}" for warning in seen.warnings)])
        return io.NodeOutput(*spoken, *[silence] * (SPEAKERS - len(spoken)), report)


class JoinRenders(io.ComfyNode):
    """TA_JoinRenders."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_JoinRenders",
            display_name="Join Renders",
            category=sockets.CATEGORY,
            description="Lets several people of one photo or video talk together. Each render changes its own person only.",
            inputs=[
                sockets.Render.Input("a", tooltip="From Mouth Renderer: the first person."),
                sockets.Render.Input("b", tooltip="The second person, of the same photo or video, size and frame rate."),
                sockets.Render.Input("c", optional=True, tooltip="A third person."),
                sockets.Render.Input("d", optional=True, tooltip="A fourth person."),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="All of them, with all of their sound. For Blend and Idle "
                                                                     "or Video Mux."),
            ],
        )

    @classmethod
    def execute(cls, a: RenderPlan, b: RenderPlan, c: RenderPlan | None = None, d: RenderPlan | None = None) -> io.NodeOutput:
        """Join the plans; nothing is drawn."""
        return io.NodeOutput(join([plan for plan in (a, b, c, d) if plan is not None]))
