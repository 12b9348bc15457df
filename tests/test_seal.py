"""The seal on a reviewer's row: the same for the same row, another for any other, from one key."""

from __future__ import annotations

import duckdb
import pytest

from pipelines import seal
from pipelines.failures import Misconfigured

ROW = ("2026-q4", "2026-q4-0a1b", "idp:user:1", "idp:role:2:assigned", "", "kim@acme.com")
SCOPED = (*ROW[:4], "idp:environment:3", ROW[5])


@pytest.fixture
def warehouse(tmp_path, monkeypatch):
    monkeypatch.delenv("REVIEW__SEAL_KEY", raising=False)
    return tmp_path / "data" / "access.duckdb"


def test_every_field_counts_and_none_can_borrow_from_its_neighbour():
    key = b"k" * 32
    made = seal.of(key, *ROW)

    assert seal.LENGTH == len(made) and made == seal.of(key, *ROW)
    assert made == seal.of(key, *ROW[:4], None, ROW[5]), "no scope reads as an empty cell"
    assert made != seal.of(b"other" * 8, *ROW)
    for place in range(len(ROW)):
        assert made != seal.of(key, *ROW[:place], ROW[place] + "x", *ROW[place + 1 :])
    made = seal.of(key, *SCOPED)
    for place in range(len(SCOPED) - 1):  # the same letters, cut elsewhere
        one, other = SCOPED[place] + SCOPED[place + 1][:1], SCOPED[place + 1][1:]
        assert made != seal.of(key, *SCOPED[:place], one, other, *SCOPED[place + 2 :])


@pytest.mark.parametrize("key", [b"k" * 16, b"k" * 64, b"k" * 65], ids=len)
def test_duckdb_makes_the_same_seal(key):
    rows = [ROW, SCOPED, ("", "", "", "", "", ""), ("é", "🦊", "a\nb", "'", '"', "\x01")]
    names = [f"field_{number}" for number in range(len(ROW))]
    with duckdb.connect() as connection:
        connection.execute(f"create table sealed ({', '.join(f'{name} text' for name in names)})")
        connection.executemany("insert into sealed values (?, ?, ?, ?, ?, ?)", rows)
        made = connection.execute(
            f"select {seal.in_sql(*names)} from sealed order by rowid", seal.pads(key)
        ).fetchall()

    assert [(seal.of(key, *row),) for row in rows] == made


def test_the_key_is_made_once_for_its_owner_only(warehouse):
    made = seal.key(warehouse)

    assert made == seal.key(warehouse) and len(made) >= 32
    assert 0o600 == seal.beside(warehouse).stat().st_mode & 0o777
    assert [seal.beside(warehouse)] == list(warehouse.parent.iterdir()), "no draft is left"


def test_a_key_that_is_lost_or_open_to_others_is_told(warehouse):
    with pytest.raises(Misconfigured, match="not there"):
        seal.key(warehouse, make=False)
    seal.key(warehouse)
    seal.beside(warehouse).chmod(0o640)
    with pytest.raises(Misconfigured, match="others can read"):
        seal.key(warehouse)


def test_the_setting_wins_and_must_be_long(warehouse, monkeypatch):
    monkeypatch.setenv("REVIEW__SEAL_KEY", "s" * 40)
    assert b"s" * 40 == seal.key(warehouse)
    assert not seal.beside(warehouse).exists()
    monkeypatch.setenv("REVIEW__SEAL_KEY", "short")
    with pytest.raises(Misconfigured, match="shorter"):
        seal.key(warehouse)
