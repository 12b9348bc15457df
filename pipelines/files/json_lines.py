"""Append records to a file of JSON lines; each line is on disk before the caller goes on.

A line is canonical JSON (keys sorted, no blanks, UTF-8). A line that has the same values but other
bytes was therefore edited. A process that dies while it writes leaves at most an unfinished last
line. The step that an unfinished line announces has not begun, so the next writer removes the line.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pipelines.failures import Locked, Refused, storage_failure
from pipelines.files.lock import exclusive, exclusive_by_name
from pipelines.files.text_stream import sync_to_disk

Record = dict[str, Any]
NEXT_DISK = "check the disk, or set CHANGES__FOLDER"


def to_canonical(value: Any) -> bytes:
    """Return a value as one line of canonical JSON, with its newline."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def hash_record(record: Record, without: str) -> str:
    """Return the SHA-256 of a record's canonical JSON without the field that holds the hash."""
    bare = {name: value for name, value in record.items() if name != without}
    return hashlib.sha256(to_canonical(bare)).hexdigest()


def append_record(path: Path, make: Callable[[bytes], Record]) -> Record:
    """Append the record that `make` builds from the file's last line, and wait until it is on disk.

    `make` gets an empty line if the file has none. Other processes wait until the record is
    written. Raises StorageFailed.
    """
    try:
        is_new = not path.exists()
        with exclusive(path) as handle:
            record = make(_last_line(handle))
            _write(handle, to_canonical(record))
        if is_new:
            sync_to_disk(path.parent)
    except OSError as error:
        raise storage_failure(path, error, NEXT_DISK) from None
    return record


def read_records(path: Path) -> list[Record]:
    """Return the records of all complete lines. Raises Refused for a line that was edited."""
    found = []
    for number, line in enumerate(read_lines(path), 1):
        record = parse_record(line)
        if record is None:
            raise Refused(f"{path} line {number}", "it was edited", "restore the file")
        found.append(record)
    return found


def read_lines(path: Path) -> list[bytes]:
    """Return all complete lines without their newlines; none if there is no file."""
    try:
        return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    except OSError as error:
        raise storage_failure(path, error, NEXT_DISK) from None


def parse_record(line: bytes) -> Record | None:
    """Return the record of a line, or None if it is not in the form in which we write records."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and to_canonical(record) == line + b"\n" else None


@contextmanager
def hold_folder(folder: Path, what: str) -> Iterator[None]:
    """Make the folder if it is missing, and keep other processes out until the block ends.

    Raises Locked if another process is working in the folder.
    """
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            stack.enter_context(exclusive_by_name(folder / ".lock"))
        except BlockingIOError as error:
            why = f"another {what} is running: {error.strerror}"
            raise Locked(str(folder), why, "wait until it ends") from None
        except OSError as error:
            raise storage_failure(folder, error, NEXT_DISK) from None
        yield


def _last_line(handle: int) -> bytes:
    """Return the last complete line without its newline, and remove an unfinished one after it."""
    size = os.fstat(handle).st_size
    end = _line_start(handle, size)
    if end < size:
        os.ftruncate(handle, end)
    if end == 0:
        return b""
    start = _line_start(handle, end - 1)
    return os.pread(handle, end - 1 - start, start)


def _line_start(handle: int, end: int) -> int:
    """Return the offset of the first byte of the line that reaches up to the offset `end`."""
    while end > 0:
        start = max(0, end - (1 << 16))
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)
