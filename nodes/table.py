"""A table becomes one clip for each of its rows."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipeline_core.lines_table import read_lines
from ..pipeline_core.media.text_file import read_text_file
from . import sockets
from .choices import problem_with
from .input_files import expect_table, fingerprint, table_choices

WRITTEN = "the table below"
SAMPLE = """name,text,emotion
welcome,"Hello, and welcome.",happy
hours,We are open from nine to five.,
goodbye,Goodbye. See you soon.,happy"""


class LinesTable(io.ComfyNode):
    """TA_LinesTable."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LinesTable",
            display_name="Lines Table",
            category=sockets.CATEGORY,
            description="Reads a table of names and lines. The nodes behind it run once for each row: one clip each.",
            inputs=[
                io.Combo.Input("file", options=[WRITTEN, *table_choices()], default=WRITTEN,
                               tooltip="A .csv file of ComfyUI's input folder, or the table below."),
                io.String.Input("table", multiline=True, default=SAMPLE, placeholder="name,text,emotion",
                                tooltip="A header, then a row for each clip: text is what is said; name and emotion may be missing. "
                                        "Commas, semicolons or tabs."),
                io.String.Input("folder", default="talking_avatar/lines",
                                tooltip="Where the clips go inside ComfyUI's output folder."),
            ],
            outputs=[
                io.String.Output(display_name="text", is_output_list=True, tooltip="What is said. For text of Text to Speech."),
                io.String.Output(display_name="file_name", is_output_list=True,
                                 tooltip="Folder and name. For filename_prefix of Video Mux."),
                io.String.Output(display_name="keyframes", is_output_list=True,
                                 tooltip="The mood. For keyframes of Motion Generator."),
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> str | bool:
        """Say which file is missing before anything runs."""
        return True if file in (None, WRITTEN) else problem_with(expect_table, file)

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, table: str = "", folder: str = "") -> str:
        """Run again when the file changes."""
        return "" if file in (None, WRITTEN) else fingerprint(file)

    @classmethod
    def execute(cls, file: str, table: str, folder: str) -> io.NodeOutput:
        """Read the table."""
        rows = read_lines(table if file == WRITTEN else read_text_file(expect_table(file), "table of lines"))
        place = folder.strip().strip("/\\")
        return io.NodeOutput([row.text for row in rows], [f"{place}/{row.name}" if place else row.name for row in rows],
                             [row.keyframes for row in rows])
