"""`make pictures`: take the pictures of the report that docs/ shows.

With a folder as argument, take pictures of every screen to look at: three widths, light and dark.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from tests.sandbox import Sandbox
from tests.support.aged import age
from tests.support.pages import open_browser, take_picture, visit
from tests.support.product import first_sync

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
MAX_BYTES = 150_000
NORA = "#person=charthop%3Aperson%3A65f0aaaa0000000000000002"
STAFF = "#resource=pingone%3Agroup%3Acccccccc-0000-4000-8000-000000000001"
CAMPAIGN = """\
title = "Access review, fourth quarter"
due = {due}
fallback = "security@lanternfish.example"
"""
POLICY = """\
[[separation]]
id = "pay-and-approve"
title = "Nobody both enters and approves payments"
conditions = [
    {any = ["okta:group:00g00000000000000003:member"]},
    {any = ["charthop:group:65f0cccc0000000000000022:member"]},
]
"""


class Picture(NamedTuple):
    """A picture from an element on, of a page of this width and picture of this height."""

    place: str
    css: str
    width: int
    height: int
    dark: bool = False


PICTURES = {
    "report-now.png": Picture("", "", 1100, 650),
    "report-findings.png": Picture("", "#findings", 1100, 620),
    "report-matrix.png": Picture("", "#matrix", 1100, 930),
    "report-person.png": Picture(NORA, "#drawing-title", 1100, 560),
    "report-phone.png": Picture("", ".wrong", 390, 700, dark=True),
}
SCREENS = {"overview": "", "person": NORA, "resource": STAFF}


def make_page(home: Path) -> Path:
    """Sync the invented company, open a review, give both a past, and write the report."""
    sync = home / "sync"
    for folder in (home, sync):
        (folder / "reviews").mkdir(parents=True)
        (folder / "reviews" / "policy.toml").write_text(POLICY)
    due = datetime.now(UTC).date() + timedelta(days=15)
    (home / "reviews" / "q4.toml").write_text(CAMPAIGN.format(due=due))
    with Sandbox() as sandbox:
        published = first_sync(sync, sandbox)
    (home / "data").mkdir(mode=0o700)
    warehouse = home / "data" / "access.duckdb"
    warehouse.write_bytes(published.data)
    settings = {"PYTHONPATH": str(Path.cwd()), "REVIEW__SEAL_KEY": "0123456789abcdef"}

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "pipelines", *arguments, "--quiet"]
        subprocess.run(command, env=os.environ | settings, cwd=home, check=True)

    run("review", "open", "q4")
    warehouse.chmod(0o600)
    with duckdb.connect(str(warehouse)) as connection:
        age(connection)
    run("report", "--out", "report.html")
    return home / "report.html"


def main() -> None:
    """Take the pictures of the docs, or all of them into a folder."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as profile:
        page = make_page(Path(home))
        with open_browser(Path(profile)) as browser:
            if sys.argv[1:]:
                folder = Path(sys.argv[1])
                folder.mkdir(parents=True, exist_ok=True)
                for name, place in SCREENS.items():
                    for width in (390, 820, 1280):
                        for scheme in ("light", "dark"):
                            visit(browser, page, place, width=width, dark=scheme == "dark")
                            take_picture(browser, folder / f"{name}-{width}-{scheme}.png")
                return
            FOLDER.mkdir(exist_ok=True)
            for name, picture in PICTURES.items():
                visit(browser, page, picture.place, width=picture.width, dark=picture.dark)
                take_picture(browser, FOLDER / name, picture.css, picture.height)
                size = (FOLDER / name).stat().st_size
                print(f"docs/pictures/{name}: {size:,} bytes")
                assert size < MAX_BYTES, f"{name} is larger than {MAX_BYTES:,} bytes"


if __name__ == "__main__":
    main()
