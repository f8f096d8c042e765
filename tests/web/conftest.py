"""A bare page that loads the pack's own modules, without ComfyUI."""

import mimetypes

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.tests.comfyui import canvas

HOST = "http://pack.test/"
START = "<!doctype html><meta charset=utf-8><style>body{margin:0;background:#222;color:#ddd}</style><body></body>"


@pytest.fixture(scope="session")
def chromium():
    """A browser that can draw in 3D."""
    with canvas.browser(drawing_3d=True) as opened:
        yield opened


@pytest.fixture
def bare(chromium):
    """A page at HOST: `await import('/lib/x.js')` finds web/lib/x.js; `page.files` adds further answers by path."""
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    page = context.new_page()
    page.set_default_timeout(canvas.PATIENCE_MS)
    page.files, page.console = {"": START.encode()}, []
    page.on("console", lambda m: page.console.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.console.append(str(e)))

    def answer(route):
        path = route.request.url.removeprefix(HOST).split("?")[0]
        file = ROOT / "web" / path
        if path in page.files or file.is_file():
            kind = "text/html" if not path else mimetypes.guess_type(path)[0] or "application/octet-stream"
            route.fulfill(body=page.files.get(path) or file.read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    page.goto(HOST)
    yield page
    context.close()
