"""The seal of a reviewer's row depends on every field of the row and on one key."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.failures import Misconfigured
from pipelines.review import seal
from tests.support.filled_in import sealed

ROW = ("2026-q4", "2026-q4-0a1b", "idp:user:1", "idp:role:2:assigned", "", "kim@acme.com")
SCOPED = (*ROW[:4], "idp:environment:3", ROW[5])


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    monkeypatch.delenv("REVIEW__SEAL_KEY", raising=False)
    return tmp_path / "data" / "access.duckdb"


def made(key: bytes, *rows: tuple[str, ...]) -> list[str]:
    names = [f"field_{number}" for number in range(len(ROW))]
    with duckdb.connect() as connection:
        connection.execute(f"create table rows ({', '.join(f'{name} text' for name in names)})")
        connection.executemany("insert into rows values (?, ?, ?, ?, ?, ?)", rows)
        return [
            one
            for (one,) in connection.execute(
                f"select {seal.seal_sql(*names)} from rows order by rowid", seal.hmac_pads(key)
            ).fetchall()
        ]


def test_every_field_counts_for_itself():
    """Every field changes the seal, and no text can move from one field to the next."""
    rows = {ROW, SCOPED}
    for place in range(len(ROW)):
        rows.add((*ROW[:place], ROW[place] + "x", *ROW[place + 1 :]))
    for place in range(len(SCOPED) - 1):  # the same letters, split elsewhere
        one, other = SCOPED[place] + SCOPED[place + 1][:1], SCOPED[place + 1][1:]
        rows.add((*SCOPED[:place], one, other, *SCOPED[place + 2 :]))

    assert len(rows) == len({*made(b"k" * 32, *rows)})
    assert made(b"k" * 32, ROW) != made(b"other" * 8, ROW)


@pytest.mark.parametrize("key", [b"k" * 16, b"k" * 64, b"k" * 65], ids=len)
def test_a_seal_is_an_hmac(key):
    """The seal that SQL makes equals Python's HMAC."""
    rows = [ROW, SCOPED, ("", "", "", "", "", ""), ("é", "🦊", "a\nb", "'", '"', "\x01")]

    assert [sealed(key, *row) for row in rows] == made(key, *rows)


def test_the_key_is_made_once_for_its_owner_only(warehouse):
    """The key is generated once, in a file that only its owner can read."""
    key = seal.read_key(warehouse)

    assert key == seal.read_key(warehouse) and len(key) >= 32
    assert 0o600 == seal.key_path(warehouse).stat().st_mode & 0o777
    assert [seal.key_path(warehouse)] == list(warehouse.parent.iterdir()), "a draft is left"


def test_a_key_that_is_lost_or_open_to_others_is_told(warehouse):
    """A missing key, or one that others can read, is refused."""
    with pytest.raises(Misconfigured, match="not there"):
        seal.read_key(warehouse, make=False)
    seal.read_key(warehouse)
    seal.key_path(warehouse).chmod(0o640)
    with pytest.raises(Misconfigured, match="others can read"):
        seal.read_key(warehouse)


def test_the_setting_wins_and_must_be_long(warehouse, monkeypatch):
    """The setting replaces the key file, and must be long enough."""
    monkeypatch.setenv("REVIEW__SEAL_KEY", "s" * 40)
    assert b"s" * 40 == seal.read_key(warehouse)
    assert not seal.key_path(warehouse).exists()
    monkeypatch.setenv("REVIEW__SEAL_KEY", "short")
    with pytest.raises(Misconfigured, match="shorter"):
        seal.read_key(warehouse)
