"""Says which code made a campaign, so that somebody else can fetch the same code and compare."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from pipelines import __version__
from pipelines.warehouse import PROJECT_FOLDER
from pipelines.warehouse.version import digest_project

HOME = Path(__file__).parents[2]  # the package
LOCK = HOME.parent / ".ci" / "requirements.lock"  # a source tree has it, an installed wheel has not
SUFFIXES = (".py", ".html", ".css", ".js", ".toml")


@cache
def read_code_facts() -> dict[str, Any]:
    """Return the version, the digests of code, models and lock file, and the installed libraries.

    The digest of the lock file is null where the code was installed without one.
    """
    libraries = {str(one.metadata["Name"]).lower(): one.version for one in distributions()}
    return {
        "rollcall": __version__,
        "code_sha256": _digest_code(),
        "models_sha256": digest_project(),
        "lock_sha256": hashlib.sha256(LOCK.read_bytes()).hexdigest() if LOCK.is_file() else None,
        "python": platform.python_version(),
        "libraries": dict(sorted(libraries.items())),
    }


def _digest_code() -> str:
    """Return the SHA-256 over name and content of every file of the package, sorted by name."""
    digest = hashlib.sha256()
    for path in sorted(HOME.rglob("*")):
        if path.suffix in SUFFIXES and PROJECT_FOLDER not in path.parents and path.is_file():
            digest.update(f"{path.relative_to(HOME).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()
