"""Install the pinned dependencies into `.venv`; whatever fails, the last environment stays in use.

A new environment is made aside, in `.venvs`, and `.venv` is a link that one rename turns to it. The
environment before it stays until the next install, because a running command may use it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".venv"
FOLDER = ROOT / ".venvs"
LOCK_FILE = ROOT / ".ci" / "requirements.lock"


def main() -> str:
    """Install what has changed. Return why that failed, or nothing."""
    if not (3, 11) <= sys.version_info < (3, 15):
        return f"Rollcall needs Python 3.11 to 3.14, and {sys.executable} is another one"
    inputs = (LOCK_FILE.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode())
    environment = FOLDER / hashlib.sha256(b"\0".join(inputs)).hexdigest()[:12]
    try:
        FOLDER.mkdir(exist_ok=True)
        with (FOLDER / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (environment / "complete").exists():
                make_environment(environment)
            if LINK.resolve() != environment:
                turn_link(environment)
    except (OSError, subprocess.CalledProcessError, KeyboardInterrupt) as error:
        printed = str(getattr(error, "stderr", "")).strip().splitlines()
        why = printed[-1:] or [str(error) or "interrupted"]
        state = "is as it was" if LINK.exists() else "is not there yet"
        return f"the dependencies could not be installed, and .venv {state}: {why[0]}"
    return ""


def make_environment(environment: Path) -> None:
    """Make an environment, and mark it as complete."""
    python = str(environment / "bin" / "python")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for step in (
        (sys.executable, "-m", "venv", "--clear", str(environment)),
        (*pip, "--require-hashes", "-r", str(LOCK_FILE)),
        (*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)),
    ):
        subprocess.run(step, check=True, stderr=subprocess.PIPE, text=True)
    (environment / "complete").touch()


def turn_link(environment: Path) -> None:
    """Let `.venv` lead to this environment, and remove all but this one and the one before."""
    before = LINK.resolve()
    draft = ROOT / ".venv.new"
    draft.unlink(missing_ok=True)
    draft.symlink_to(environment.relative_to(ROOT))
    if LINK.is_dir() and not LINK.is_symlink():  # an earlier version of Rollcall made a folder
        shutil.rmtree(FOLDER / "earlier", ignore_errors=True)
        before = LINK.rename(FOLDER / "earlier")
    draft.replace(LINK)
    for other in FOLDER.iterdir():
        if other.is_dir() and other not in (environment, before):
            shutil.rmtree(other, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main() or 0)
