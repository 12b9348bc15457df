"""Kind `files`: how old an export is, whether it is still being written, and whether it is new."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime

import pytest

from pipelines.sources.declared.files import copies
from tests.support.declared import EXPENSES, HEADER, ROWS
from tests.support.exports import ROWS as USERS


def test_the_data_is_as_old_as_its_file(exports):
    """The time of a file is the time of the data; of several, that of the oldest."""
    exports.declare('path = "users.csv"')
    path = exports.write("users.csv", hours=7)

    assert datetime.fromtimestamp(path.stat().st_mtime, UTC) == exports.read().as_of


def test_a_clock_that_is_ahead_makes_no_future(exports):
    """A file from a machine whose clock is ahead is of now."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", hours=-3)

    tables = exports.read()
    assert tables.read_at == tables.as_of


@pytest.mark.parametrize("hours", [25, 23])
def test_an_old_file_is_stale(exports, hours):
    """A file that is older than `max_age_hours` is not read."""
    exports.declare('path = "users.csv"\nmax_age_hours = 24')
    exports.write("users.csv", hours=hours)

    if hours < 24:
        exports.read()
        return
    code, text = exports.refusal()
    assert (4, True) == (code, "it is 25 hours old, more than max_age_hours (24)" in text), text


def test_a_backup_is_refused(exports):
    """A file that is older than that of the last read shows access as it was."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", hours=5)
    exports.remember(exports.read())
    exports.write("users.csv", hours=9)

    code, text = exports.refusal()
    assert (5, True) == (code, "the last complete read had a file of" in text), text


def test_the_newest_file_may_not_be_gone(exports):
    """If the newest export is deleted, the one before it is no newer state."""
    exports.declare('path = "*.csv"\ntake = "newest"')
    exports.write("1.csv", hours=9)
    exports.write("2.csv", hours=5).with_name("2.csv")
    exports.remember(exports.read())
    (exports.home / "2.csv").unlink()

    code, text = exports.refusal()
    assert (5, True) == (code, "1.csv: it is of" in text), text
    exports.write("3.csv", hours=4)
    exports.read()


def test_one_of_several_files_may_not_be_a_backup(exports):
    """Of files that are read together, each is as new as before; another one may come."""
    exports.declare('path = "*.csv"\ntake = "all"')
    exports.write("1.csv", hours=9)
    exports.write("2.csv", hours=5)
    exports.remember(exports.read())
    exports.write("3.csv", hours=99)
    exports.read()
    exports.write("1.csv", hours=10)

    code, text = exports.refusal()
    assert (5, True) == (code, "1.csv: it is of" in text), text


def test_the_same_file_again_is_nothing_new(exports):
    """The same content of the same time is read, and a note says that nothing came."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", hours=2)
    first = exports.read()
    assert [] == first.counters.notes
    exports.remember(first)

    [note] = exports.read().counters.notes
    assert note.startswith("nothing new: the same files as before, of 2")
    exports.write("users.csv", hours=1)
    assert [] == exports.read().counters.notes


def test_a_file_that_is_being_written_is_waited_for(exports, monkeypatch):
    """The read waits until size and time of a file stay the same."""
    monkeypatch.setattr(copies, "SECONDS_BETWEEN", 0.4)
    exports.declare('path = "users.csv"')
    path = exports.write("users.csv", "User,Name,Role\n", hours=0)

    def finish() -> None:
        for line in ("1,Ada,Approver\n", "2,Bob,Submitter\n"):
            with path.open("a") as file:
                file.write(line)
            time.sleep(0.3)

    writer = threading.Thread(target=finish)
    writer.start()
    found = exports.rows()
    writer.join()

    assert 2 == len(found)


def test_a_file_that_keeps_changing_is_not_read(exports, monkeypatch):
    """After some seconds, a file that grows is told as one that is still being written."""
    monkeypatch.setattr(copies, "SECONDS_BETWEEN", 0.1)
    monkeypatch.setattr(copies, "LOOKS", 3)
    exports.declare('path = "users.csv"')
    path, is_over = exports.write("users.csv", hours=0), threading.Event()

    def grow() -> None:
        while not is_over.wait(0.02):
            with path.open("a") as file:
                file.write("3,Cyd,A\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        code, text = exports.refusal()
    finally:
        is_over.set()
        writer.join()

    assert (4, True) == (code, "users.csv: it is still being written" in text), text


def test_what_changes_during_the_copy_is_copied_again(exports, monkeypatch):
    """A file with an old time whose size changes while it is copied is half a file."""
    exports.declare('path = "users.csv"')
    path = exports.write("users.csv", hours=2)
    real, copied = copies._copy, []

    def change_first(*arguments):
        copied.append(real(*arguments))
        if len(copied) == 1:
            exports.write("users.csv", USERS + "3,Cyd,A\n", hours=2)
            os.utime(path, (1, path.stat().st_mtime))
        return copied[-1]

    monkeypatch.setattr(copies, "_copy", change_first)

    assert 3 == len(exports.rows())


@pytest.mark.long
def test_a_sync_keeps_the_age_of_a_file(company):
    """The published state is as old as the export, and the same export again says so."""
    company.declare("expenses", "max_age_hours = 50\n" + EXPENSES)
    path = company.write("expenses.csv", HEADER + ROWS)
    moment = time.time() - 40 * 3600
    os.utime(path, (moment, moment))
    company.rollcall.sync()
    before = company.rollcall.rows("select grant_id, first_seen_at from grants order by all")
    as_of = datetime.fromtimestamp(moment, UTC).replace(microsecond=0)

    again = company.rollcall.sync("--json").document
    line = company.rollcall.sync().out

    [source] = again["sources"]
    assert [f"nothing new: the same files as before, of {as_of:%Y-%m-%d %H:%M} UTC"] == source[
        "notes"
    ]
    assert "; expenses: nothing new: the same files as before" in line
    grants = company.rollcall.rows("select grant_id, first_seen_at from grants order by all")
    assert before == grants
    known = {
        one.replace(microsecond=0) for one in company.rollcall.column("select data_as_of from runs")
    }
    assert {as_of} == known
    assert 4 == company.rollcall.run("status", "--check").code
    os.utime(path, (moment - 11 * 3600, moment - 11 * 3600))
    assert 4 == company.rollcall.run("sync").code
