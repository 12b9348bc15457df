"""`make planted`: plant one bug at a time in a copy of the code, and see a test fail.

Each bug replaces a text in a file, and names the tests that must notice. A bug that no longer fits
the code, or that no test notices, fails the run.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.planted.bug import Bug
from tests.planted.bugs import BUGS
from tests.sandbox import Sandbox
from tests.support.product import first_sync

ROOT = Path(__file__).parents[2]


def of_a_sync() -> set[str]:
    """Return the files that a sync reads. Bugs in other files are tested on a sound warehouse."""
    code = (
        "import sys, pipelines.__main__, pipelines.sync.run, pipelines.sources.charthop,"
        " pipelines.sources.haloitsm, pipelines.sources.okta, pipelines.sources.pingone;"
        " print(*(m.__file__ for n, m in sys.modules.items()"
        " if n.startswith('pipelines')))"
    )
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    return {str(Path(name).relative_to(ROOT)) for name in said.split()}


def noticed(bug: Bug, published: dict[str, str]) -> str:
    """Return `red` if a test notices the bug, else the problem."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".venv", ".venvs", "data", ".git", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        file = copy / bug.file
        text = file.read_text()
        if bug.old not in text:
            return "the code no longer has the text to replace"
        file.write_text(text.replace(bug.old, bug.new))
        done = subprocess.run(
            f"{sys.executable} -m pytest -q -x -n0 -p no:cacheprovider {bug.tests}",
            shell=True,
            cwd=copy,
            env=os.environ
            | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "ROLLCALL_LONG": "1"}
            | published,
            capture_output=True,
            text=True,
        )
    return {0: "GREEN: no test noticed", 1: "red"}.get(done.returncode, done.stdout[-300:])


def main() -> int:
    chosen = [
        bug for bug in BUGS if not sys.argv[1:] or any(word in bug.name for word in sys.argv[1:])
    ]
    results, synced = {}, of_a_sync()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        ready = Path(folder) / "published"
        with Sandbox() as sandbox:
            ready.write_bytes(pickle.dumps(first_sync(Path(folder), sandbox)))

        def planted(bug: Bug) -> str:
            touched = bug.file in synced or not bug.file.startswith("pipelines/")
            return noticed(bug, {} if touched else {"ROLLCALL_PUBLISHED": str(ready)})

        for bug, result in zip(chosen, pool.map(planted, chosen), strict=True):
            results[bug.name] = result
            print(f"{bug.name}: {result}", flush=True)
    missed = [name for name, result in results.items() if result != "red"]
    print(f"{len(results) - len(missed)} of {len(results)} planted bugs were noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
