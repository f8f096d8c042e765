"""TextGrids as Praat, the Montreal aligner, TIMIT and people write them."""

import pytest
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.media.text_file import read_text_file
from talking_avatar.pipeline_core.speech import exchange
from talking_avatar.pipeline_core.types import Phone, SpeechTrack, VisemeCue, Word

TRACK = SpeechTrack(
    1.234567, "aligned", "x",
    phones=(Phone("", 0, 0.2), Phone("m", 0.2, 0.301), Phone("aɪ", 0.301, 0.6), Phone("", 0.6, 1.234567)),
    visemes=(VisemeCue("sil", 0, 0.2), VisemeCue("PP", 0.2, 0.301), VisemeCue("aa", 0.301, 0.6), VisemeCue("sil", 0.6, 1.234567)),
    words=(Word('say "my"', 0.2, 0.6),),
)  # fmt: skip


def grid(*tiers, short=False):
    """Write a TextGrid by hand: tiers are (name, [(start, end, label)])."""
    end = max(b for _, items in tiers for _, b, _ in items)
    if short:
        lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", f"{end}", "<exists>", f"{len(tiers)}"]
        for name, items in tiers:
            lines += ['"IntervalTier"', f'"{name}"', "0", f"{end}", f"{len(items)}"]
            lines += [line for a, b, label in items for line in (f"{a}", f"{b}", f'"{label}"')]
        return "\n".join(lines)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", f"xmax = {end} ", "tiers? <exists> ",
             f"size = {len(tiers)} ", "item []: "]
    for n, (name, items) in enumerate(tiers, 1):
        lines += [f"    item [{n}]:", '        class = "IntervalTier" ', f'        name = "{name}" ', "        xmin = 0 ",
                  f"        xmax = {end} ", f"        intervals: size = {len(items)} "]
        for i, (a, b, label) in enumerate(items, 1):
            lines += [f"        intervals [{i}]:", f"            xmin = {a} ", f"            xmax = {b} ", f'            text = "{label}" ']
    return "\n".join(lines)


def row(labels, step=0.1):
    return [(round(i * step, 3), round((i + 1) * step, 3), label) for i, label in enumerate(labels.split("|"))]


WORDS = ("words", row("|hello", 0.3))


def ipa(text):
    return [p.ipa for p in exchange.read_cues(text).phones]


def test_our_own_comes_back_with_its_times():
    back = exchange.read_cues(exchange.textgrid(TRACK))
    assert (back.phones, back.words, back.format) == (TRACK.phones, TRACK.words, "textgrid")
    assert back.text == 'say "my"'


def test_the_visemes_serve_where_there_are_no_sounds():
    lines = exchange.textgrid(TRACK).replace('"phones"', '"remarks"').replace('"m"', '"a remark"').replace('"aɪ"', '"nice"')
    assert ipa(lines) == ["", "p", "ɑ", ""]


@pytest.mark.parametrize("short", [False, True], ids=["long", "short"])
@pytest.mark.parametrize(("labels", "wanted"), [
    ("sil|HH|AH0|L|OW1|sp", ["", "h", "ʌ", "l", "oʊ", ""]), ("|h|ə|l|oʊ|", ["", "h", "ə", "l", "oʊ", ""]),
    ("h#|hv|ax|l|ow|epi", ["", "ɦ", "ə", "l", "oʊ", ""]), ("SIL|HH_B|AH0_I|L_I|OW1_E|spn", ["", "h", "ʌ", "l", "oʊ", ""]),
    ("<p:>|y|ʏ|ø|tʰ|ɪ̯", ["", "y", "ʏ", "ø", "tʰ", "ɪ̯"]), ("|Y|UW1|NG|ER0|", ["", "j", "u", "ŋ", "ɝ", ""])],
    ids=["arpabet", "ipa", "timit", "kaldi", "ipa y", "arpabet y"])  # fmt: skip
def test_either_form_in_either_alphabet(labels, wanted, short):
    cues = exchange.read_cues(grid(("phones", row(labels)), WORDS, short=short))
    assert [p.ipa for p in cues.phones] == wanted and cues.text == "hello"
    assert [p.end_s for p in cues.phones] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


@pytest.mark.parametrize(("name", "other"), [("Speaker 1 - phones", "Speaker 1 - words"), ("phone", "word"), ("MAU", "ORT-MAU"),
                                             ("tier2", "tier1"), ("", "")])  # fmt: skip
def test_tiers_are_known_by_name_or_by_what_they_hold(name, other):
    sounds, words = (name, row("|h|ə|l|oʊ|")), (other, row("|hello|out|there|all|"))
    for tiers in ((sounds, words), (words, sounds)):
        cues = exchange.read_cues(grid(*tiers))
        assert [p.ipa for p in cues.phones] == ["", "h", "ə", "l", "oʊ", ""] and cues.text == "hello out there all"


def test_words_alone_are_a_transcript_with_times():
    cues = exchange.read_cues(grid(("words", row("|this|is|it|"))))
    assert cues.phones == () and cues.text == "this is it" and cues.words[0] == Word("this", 0.1, 0.2)


def test_the_closures_of_timit_belong_to_their_stops_and_other_pairs_stay_two():
    assert ipa(grid(("phn", row("h#|pcl|p|aa|tcl|t|h#")))) == ["", "p", "ɑ", "t", ""]
    assert ipa(grid(("phones", row("|P|P|AA1|")))) == ["", "p", "p", "ɑ", ""]


def test_labels_that_are_no_sounds_are_silence_and_told():
    cues = exchange.read_cues(grid(("phones", row("HH|AH0|L|OW1|HH|AH0|L|OW1|???"))))
    assert cues.phones[-1].ipa == "" and "???" in cues.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_encodings_of_praat(tmp_path, encoding):
    text = grid(("phones", row("|h|ə|l|oʊ|")))
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "a.TextGrid").write_bytes((mark + text).replace("\n", "\r\n").encode(encoding))
    assert ipa(read_text_file(tmp_path / "a.TextGrid", "TextGrid")) == ["", "h", "ə", "l", "oʊ", ""]


def test_points_are_passed_over():
    text = grid(("phones", row("|h|ə|l|oʊ|")), short=True).replace("<exists>\n1", '<exists>\n2\n"TextTier"\n"bell"\n0\n1\n2\n0.1\n"a"\n0.2\n"b"')
    assert ipa(text) == ["", "h", "ə", "l", "oʊ", ""]


HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n'


@pytest.mark.parametrize("bad", [
    HEAD, HEAD + "<absent>\n", HEAD + "<exists>\n1\n", HEAD + '<exists>\n999999\n"IntervalTier"\n',
    HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n99999999\n0\n1\n"a"', HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n1\n-1\n1\n"a"',
    HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n1\n1\n0\n"a"', HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n1\n0\n1e400\n"a"',
    HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n1\n0\n1\n5', HEAD + '<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n1\n0\n1\n"a', HEAD + '"' * 50_001,
    HEAD + '<exists>\n1\n"IntervalTier"\n"remarks"\n0\n1\n1\n0\n1\n""', HEAD + "<exists>\n1\n" + '"x" ' * 50_000,
], ids=range(13))  # fmt: skip
def test_broken_and_hostile_grids_are_refused(bad):
    with pytest.raises(InputError, match="cues cannot be used") as error:
        exchange.read_cues(bad)
    assert error.value.hint and len(error.value.message) < 300
