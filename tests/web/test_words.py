"""The views speak the page's language: every text of web/**/*.js is looked up, and every language has it."""

import json
import re

import pytest
from talking_avatar.cli.console import ROOT

WEB = ROOT / "web"
LANGUAGES = ("zh", "ja", "es", "de", "fr")
OWN_SCRIPT = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")}
STRING = r'"((?:[^"\\]|\\.)*)"'
LOOKED_UP = re.compile(rf"\btr\({STRING}[,)]")
NAMED = re.compile(r"\btr\(([A-Z][A-Z_]+)[)\[]")
"""A constant, or a table of constants, is looked up."""
PLAIN = re.compile(r"""(?:title|placeholder|alt|content|"aria-label"|"aria-roledescription"|textContent)['"]?\s*[:=]\s*["`][A-Z]"""
                   r"""|\.say\(["`]\w|new Error\(["`]|fillText\(["`]|\b(?:el|button)\((?:[^(]|\([^)]*\))*[},] "[A-Z][a-z ]+"\)""")
"""A text that is shown as it stands in the source."""
PLAIN_HERE = {
    "lib/graph.js": {"content: "}, "lib/expression/controls.js": {"title: "},  # tables that are looked up where they are shown
}


def sources():
    return {str(path.relative_to(WEB).as_posix()): path.read_text(encoding="utf-8") for path in sorted(WEB.rglob("*.js"))}


def strings(text):
    return [json.loads(f'"{found}"') for found in re.findall(STRING, text)]


def texts(code):
    """Every English text that the sources look up."""
    found = {json.loads(f'"{text}"') for source in code.values() for text in LOOKED_UP.findall(source)}
    everything = "\n".join(code.values())
    for name in {name for source in code.values() for name in NAMED.findall(source)}:
        for definition in re.findall(rf"const {name} = (.*?);\n", everything, re.S):
            found |= set(strings(re.sub(r"//.*", "", definition)))
    found |= {text for pair in re.findall(rf"\b(?:sides|one)\({STRING}|\btitle: {STRING}", code["lib/expression/controls.js"]) for text in pair if text}
    found |= set(re.findall(rf"content: {STRING}", code["lib/graph.js"]))
    found |= set(re.findall(r"(\w+): \"#", re.search(r"EMOTIONS = \{(.*?)\};", code["lib/timeline/sounds.js"], re.S)[1]))
    presets = json.loads((WEB / "lib" / "expression" / "presets.json").read_text(encoding="utf-8"))["presets"]
    return found | {preset["title"] for preset in presets} | {"R", "L"}


def table(language):
    return json.loads((WEB / "lib" / "words" / f"{language}.json").read_text(encoding="utf-8"))


def plain(code):
    """Texts that are shown without being looked up."""
    return [f"{name}: {line.strip()}" for name, source in code.items() for line in source.splitlines()
            if PLAIN.search(line) and not line.lstrip().startswith(("//", "/*", "*")) and not any(sign in line for sign in PLAIN_HERE.get(name, ()))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text(language):
    english, other = texts(sources()), table(language)
    assert english - set(other) == set(), "texts that it lacks"
    assert set(other) - english == set(), "texts that no view shows"
    parts = re.compile(r"\{\w+\}")
    assert [text for text, said in other.items() if sorted(parts.findall(text)) != sorted(parts.findall(said))] == []
    assert [text for text, said in other.items() if not said.strip()] == []
    long = {text: said for text, said in other.items() if " " in text.strip("+ ") and len(text) > 7}
    assert [text for text, said in long.items() if said == text] == []
    if language in OWN_SCRIPT:
        assert [text for text, said in long.items() if not OWN_SCRIPT[language].search(said)] == []


def test_no_text_is_shown_without_being_looked_up():
    assert plain(sources()) == []


def test_what_is_missing_is_noticed():
    code = sources()
    code["new.js"] = 'const SAYS = { a: "Some words" };\nview.say(tr(SAYS[kind]));\nview.say(tr("Other \\u00b7 words", { a }));'
    assert {"Some words", "Other \u00b7 words"} <= texts(code) - set(table("de")) and plain({"new.js": code["new.js"]}) == []
    shown = ['el("p", { title: "Open it" })', "made.title = `Key ${k}`", 'throw new Error("It is gone.")', 'view.say("Wait.")',
             'el("button", { onclick: () => run(1) }, "Remove all")']
    assert len(plain({"new.js": "\n".join(shown)})) == len(shown)


@pytest.mark.browser
def test_views_are_built_in_the_language(bare):
    """Everything that is seen, heard by a screen reader, or pointed at, has Japanese letters or is no text."""
    seen = bare.evaluate("""async () => {
        const { speak } = await import('/lib/words.js');
        await speak('xx');
        await speak('ja');
        const { Editor } = await import('/lib/expression/editor.js');
        const { loadPresets } = await import('/lib/expression/presets.js');
        const { PictureView } = await import('/lib/picture_view.js');
        const { LiveView } = await import('/lib/live/view.js');
        const { Timeline } = await import('/lib/timeline/view.js');
        const { Player } = await import('/lib/player.js');
        const { moodPalette, visemePalette } = await import('/lib/timeline/palette.js');
        const editor = new Editor({ clipboard: { text: '' }, onChange: () => {} }), pictures = new PictureView(() => {}), live = new LiveView();
        editor.setPresets(await loadPresets());
        pictures.show({ clip: '/x.mp4', picture: '/x.png' }, '');
        live.show(async () => new ArrayBuffer(0), null, '/x.wav');
        const timeline = new Timeline({ player: new Player(), onText: () => {}, onLarge: () => {} });
        const windows = [moodPalette({ emotion: 'happy', strength: 1 }), visemePalette({ viseme: 'PP', ipa: 'm', onSound: () => {} })];
        const texts = [];
        for (const root of [editor.element, pictures.element, live.element, timeline.element, ...windows])
            for (const each of [root, ...root.querySelectorAll('*')]) {
                for (const name of ['title', 'aria-label', 'aria-roledescription', 'placeholder', 'alt']) texts.push(each.getAttribute(name));
                if (!each.children.length) texts.push(each.textContent);
            }
        return texts.filter(Boolean);
    }""")
    technical = re.compile(r"[a-z]+[A-Z]\w*|\w+_deg\.\d|\w{1,3}|[a-z]( [a-z])*|sh ch j|[\d:./ ]+")
    left = {text for text in seen if re.search("[A-Za-z]", text) and not OWN_SCRIPT["ja"].search(text)}
    assert {text for text in left if not all(technical.fullmatch(part) for part in re.split(", |: ", text))} == set()
    assert len(seen) > 250
