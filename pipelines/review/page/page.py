"""Write a reviewer's page: one HTML file on which they decide, and that saves a decision file.

The file contains everything, and works from disk and without a network. Its content security policy
allows only the style and the script whose digests it names, forbids to load or send anything, and
to make markup of a text. What differs between reviewers is only the JSON in the element `data`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import orjson

from pipelines import __version__
from pipelines.files.text_stream import open_new_file
from pipelines.review.columns import IDENTITY_COLUMNS
from pipelines.review.incoming.decision_file import OPTIONAL
from pipelines.review.incoming.rules import MAX_COMMENT_CHARACTERS, MAX_SECONDS, NEEDS_COMMENT
from pipelines.review.page.items import NAMES
from pipelines.sql import fetch_dicts
from pipelines.warehouse.review_tables import DECISIONS

MAX_PAGE_ITEMS = 20_000  # more than that no browser of a phone can hold
HEADER = ("item_id", "decision", *OPTIONAL, *IDENTITY_COLUMNS, "seal")  # of the file it saves
SCRIPTS = ("items.js", "answers.js", "drawing.js", "listing.js", "saving.js", "acting.js")
HERE = Path(__file__).parent
DATA = "\ue000data\ue000"  # a placeholder that no text of the shell contains


class PageWriter:
    """Writes the pages of one campaign. They share a shell, which is made once."""

    def __init__(self, about: dict[str, Any], opening: str) -> None:
        """`about` is the manifest's text about the campaign; `opening` is its random text."""
        self._about = about
        self._opening = opening
        self._start, self._end = _render_shell().split(DATA)

    def write(self, path: Path, mail: str, items: Sequence[str]) -> None:
        """Write the page of a reviewer; `items` are JSON arrays in the order of NAMES."""
        about = orjson.dumps(self._describe(path.stem, mail)).decode().replace("<", "\\u003c")
        with open_new_file(path) as file:
            file.write(f'{self._start}{{"about":{about},"items":[\n'.encode())
            file.write(",\n".join(items).encode())
            file.write(f"\n]}}{self._end}".encode())

    def _describe(self, stem: str, mail: str) -> dict[str, Any]:
        about, campaign = self._about, self._about["campaign"]
        definition = about["definition"]
        # Answers are kept in the browser under this name: those of another opening have another.
        edition = hashlib.sha256(f"{campaign}|{self._opening}|{mail}".encode()).hexdigest()[:20]
        return {
            "campaign": campaign,
            "title": about["title"],
            "due": about["due_on"],
            "contact": definition.get("contact") or definition.get("fallback"),
            "reviewer": mail,
            "opened": about["opened_at"],
            "asOf": about["data_as_of"],
            "edition": edition,
            "file": f"{campaign}-{stem}-decisions.csv",
            "fields": NAMES,
            "header": HEADER,
            "decisions": DECISIONS,
            "needsComment": NEEDS_COMMENT,
            "maxComment": MAX_COMMENT_CHARACTERS,
            "maxSeconds": MAX_SECONDS,
        }


def read_opening(connection: duckdb.DuckDBPyConnection, campaign: str) -> str:
    """Return a text that only this opening of the campaign has."""
    found = connection.execute("from review_campaigns where campaign = ?", [campaign])
    [row] = fetch_dicts(found)
    return f"{row.get('opening') or row['opened_at']}"  # earlier versions had no `opening`


def _render_shell() -> str:
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html").render(
        version=__version__,
        style=style,
        style_digest=_digest(style),
        script=script,
        script_digest=_digest(script),
        data=DATA,
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
