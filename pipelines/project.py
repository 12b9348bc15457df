"""Enter the project directory, which has the settings, the rules and the data of one company."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipelines.failures import Misconfigured

FLAG = "--project-dir"
VARIABLE = "ROLLCALL_PROJECT_DIR"


def add_project_dir(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Add the flag to a parser; `default` is the value of a missing flag."""
    about = f"the directory of .dlt/, reviews/, push/ and data/; else {VARIABLE}, else this one"
    parser.add_argument(FLAG, metavar="DIR", default=default, help=about)


def enter_project(given: str | None) -> None:
    """Make the project directory the working directory, because every relative path begins there.

    The directory is `given`, else ROLLCALL_PROJECT_DIR; without both, the working directory stays.
    Raises Misconfigured for a directory that cannot be entered.
    """
    folder = os.environ.get(VARIABLE) or None if given is None else given
    if folder is None:
        return
    try:
        os.chdir(folder)
    except (OSError, ValueError) as error:
        spelling = f"{VARIABLE}={folder}" if given is None else f"{FLAG} {folder}"
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise Misconfigured(spelling, why, "name the directory that has .dlt/") from None
    os.environ[VARIABLE] = str(Path.cwd())  # for child processes, which start in this directory
