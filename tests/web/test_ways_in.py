"""What dropped files mean, and what a menu offers behind a node."""

import pytest

pytestmark = [pytest.mark.browser]
PLAN = """async (files) => {
    const { plan } = await import('/lib/dropped.js');
    const found = plan(files.map(([name, type]) => ({ name, type })));
    return found && [found.face.name, found.isVideo, found.voice?.name ?? null, found.text?.name ?? null];
}"""
PHOTO, SOUND, TEXT, CLIP = ["me.jpg", "image/jpeg"], ["a.flac", ""], ["a.txt", "text/plain"], ["c.mov", "video/quicktime"]


@pytest.mark.parametrize(("files", "meaning"), [
    ([PHOTO, SOUND], ["me.jpg", False, "a.flac", None]),
    ([SOUND, TEXT, PHOTO], ["me.jpg", False, "a.flac", "a.txt"]),
    ([PHOTO, TEXT], ["me.jpg", False, None, "a.txt"]),
    ([CLIP, SOUND], ["c.mov", True, "a.flac", None]),
    ([["phone.heic", ""], SOUND], ["phone.heic", False, "a.flac", None]),
    ([PHOTO], None), ([SOUND], None), ([PHOTO, PHOTO, SOUND], None), ([PHOTO, SOUND, SOUND], None),
    ([PHOTO, SOUND, ["graph.json", "application/json"]], None), ([PHOTO, CLIP, SOUND], None), ([], None),
])
def test_a_face_with_a_voice_or_a_text_is_ours(bare, files, meaning):
    assert bare.evaluate(PLAN, files) == meaning


def test_a_refused_upload_is_said(bare):
    said = bare.evaluate("""async () => {
        const { upload } = await import('/lib/dropped.js');
        const api = { fetchApi: async () => ({ status: 413, statusText: 'Too large' }) };
        try { await upload(api, new File(['x'], 'me.jpg')); } catch (error) { return error.message; }
    }""")
    assert "me.jpg" in said and "413 Too large" in said


def test_a_menu_offers_what_fits_and_exists(bare):
    offered = bare.evaluate("""async () => {
        const { menuForNode } = await import('/lib/graph.js');
        const node = (type, ...outputs) => ({ type, outputs: outputs.map((type) => ({ type })) });
        const all = () => true;
        return [menuForNode(node('LoadImage', 'IMAGE', 'MASK'), all).map((each) => [each.type, each.from, each.to]),
                menuForNode(node('TA_Captions', 'TA_RENDER'), all).map((each) => each.type),
                menuForNode(node('LoadImage', 'IMAGE'), () => false), menuForNode({ type: 'Note' }, all)];
    }""")
    assert offered == [[["TA_TalkingAvatar", 0, "image"]], ["TA_PreviewRender", "TA_FramesToImages", "TA_VideoMux"], [], []]
