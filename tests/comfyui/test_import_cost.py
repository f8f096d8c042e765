"""Loading the pack by ComfyUI's own loader: what it imports, keeps, writes and changes.

The time it takes is printed by `run.py bench --import`; tests never assert time.
"""

import pytest
from talking_avatar.cli.comfy_install import find_comfyui
from talking_avatar.cli.console import ROOT
from talking_avatar.cli.import_cost import measure

pytestmark = pytest.mark.comfyui
HEAVY = {"cv2", "numba", "llvmlite", "scipy.signal", "scipy.interpolate", "onnxruntime", "skimage", "dlib"}
MOST_MB = 30

BAD_PACK = '''
import locale, logging, os, random, signal, socket, sys, threading, warnings
import numba
import numpy
import torch

kept = b"x" * 50_000_000
socket.socket().close()
with open(os.path.join(os.path.dirname(__file__), "written.txt"), "w") as file:
    file.write("x")
os.mkdir(os.path.join(os.path.dirname(__file__), "made"))
logging.basicConfig(level=logging.DEBUG, handlers=[logging.NullHandler()], force=True)
logging.getLogger("other").setLevel(logging.ERROR)
logging.disable(logging.DEBUG)
warnings.simplefilter("ignore")
warnings.showwarning = print
os.environ["PLANTED"] = "1"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8")
random.seed(1)
numpy.random.seed(1)
numpy.seterr(all="ignore")
torch.manual_seed(1)
torch.set_num_threads(torch.get_num_threads() + 1)
torch.set_grad_enabled(False)
torch.set_float32_matmul_precision("medium")
threading.Thread(target=threading.Event().wait, daemon=True, name="planted").start()
socket.setdefaulttimeout(7)
sys.path.insert(0, "/planted")
sys.meta_path.append(object())
sys.excepthook = print
sys.setrecursionlimit(4321)
os.chdir("/")
NODE_CLASS_MAPPINGS = {}
'''


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    install = find_comfyui()

    def of(pack):
        base = tmp_path_factory.mktemp("base")
        for name in ("custom_nodes", "models", "input", "output", "user", "temp"):
            (base / name).mkdir()
        return measure(install.python, install.tree, pack, base)

    return of


@pytest.fixture(scope="module")
def ours(load):
    return load(ROOT)


@pytest.fixture(scope="module")
def bad(load, tmp_path_factory):
    """The control: a pack that does everything a pack should not do."""
    folder = tmp_path_factory.mktemp("packs") / "bad"
    folder.mkdir()
    (folder / "__init__.py").write_text(BAD_PACK)
    return load(folder)


def test_it_loads(ours, bad):
    assert ours["loaded"] and bad["loaded"]
    assert any(name.endswith(".nodes.output") for name in ours["modules"])


def test_no_package_is_imported_that_comfyui_does_not_import(ours, bad):
    assert ours["packages"] == []
    assert HEAVY & set(ours["modules"]) == set()
    assert "numba" in bad["packages"] and "numba" in HEAVY & set(bad["modules"])


def test_memory_hardly_grows(ours, bad):
    assert ours["memory_mb"] <= MOST_MB < bad["memory_mb"]


def test_no_socket_is_opened(ours, bad):
    assert ours["network"] == []
    assert bad["network"] != []


def test_no_file_is_written(ours, bad):
    assert ours["files"] == []
    assert {"written.txt", "made"} == {event.rsplit("/", 1)[-1] for event in bad["files"] if "/packs" in event}


def test_nothing_that_is_shared_is_changed(ours, bad):
    assert ours["state"] == []


@pytest.mark.parametrize("what", [
    "logging: root", "logging: handlers and levels", "logging: disabled below", "warnings: filters", "warnings: shown by",
    "environment: PLANTED", "signals", "locale", "random", "threads", "socket time limit", "working folder", "sys.path",
    "import hooks", "other hooks", "limits", "numpy: random", "numpy: errors and printing", "torch: random",
    "torch: threads", "torch: defaults", "torch: precision",
])
def test_the_comparison_notices(bad, what):
    assert any(change.startswith(what + ":") for change in bad["state"]), bad["state"]
