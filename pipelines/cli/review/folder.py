"""The folder in which campaigns have their packets and files."""

from __future__ import annotations

import argparse
from pathlib import Path


def packet_folder(arguments: argparse.Namespace) -> Path:
    """Return --out if it is given, else the setting REVIEW__FILES."""
    from pipelines import settings

    return arguments.out or Path(settings.read_setting("review.files", "data/reviews")).expanduser()
