import subprocess
import sys
import textwrap

import numpy as np
from talking_avatar.pipeline_core.compiled import compiled

KERNEL = """
from talking_avatar.pipeline_core.compiled import compiled
@compiled()
def inner(x):
    return x + 1
@compiled()
def outer(x):
    return inner(x) * 2
"""


def run_under(name, folder, root, result=8):
    """Call the kernel in a fresh process, as a module of the given package name."""
    code = textwrap.dedent(f"""
        import sys, types
        for package, path in ((("talking_avatar"), {str(root)!r}), ({name!r}, {str(folder)!r})):
            module = types.ModuleType(package); module.__path__ = [path]; sys.modules[package] = module
        from importlib import import_module
        kernel = import_module({name!r} + ".kernel").outer
        assert kernel(3) == {result}
        print(sum(kernel.stats.cache_hits.values()))
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_number_of_another_module_is_no_old_one(tmp_path, request):
    (tmp_path / "numbers.py").write_text("STEP = 1\n")
    (tmp_path / "kernel.py").write_text(KERNEL.replace("@compiled", "from first.numbers import STEP\n@compiled", 1).replace("x + 1", "x + STEP"))
    root = request.config.rootpath
    assert run_under("first", tmp_path, root) == 0
    (tmp_path / "numbers.py").write_text("STEP = 5\n")
    assert run_under("first", tmp_path, root, result=16) == 0


def test_code_cached_under_one_package_name_does_not_break_another(tmp_path, request):
    (tmp_path / "kernel.py").write_text(KERNEL)
    root = request.config.rootpath
    assert run_under("first", tmp_path, root) == 0
    assert run_under("first", tmp_path, root) == 1, "the cache works at all"
    assert run_under("second_x_pack", tmp_path, root) == 0


def test_works_where_nothing_can_be_cached():
    """Functions without a source file have no place for a cache."""
    space = {"compiled": compiled, "__name__": "nowhere"}
    exec("@compiled()\ndef twice(a):\n    return a * 2", space)
    assert np.array_equal(space["twice"](np.arange(3)), [0, 2, 4])
