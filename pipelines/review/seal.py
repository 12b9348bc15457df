"""The seal of a reviewer's row: nobody without the key can alter the row and seal it again.

A seal is a keyed digest over the person, access and reviewer of a row, so a returned decision is
for exactly the row that was sent. The key is never in the warehouse, because then every reader of
the warehouse could forge a row.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import dlt

from pipelines.failures import Misconfigured, storage_failure
from pipelines.files.text_stream import sync_to_disk, write_new_file
from pipelines.redact import hide
from pipelines.warehouse.publish import NEXT_DISK

BLOCK_BYTES = 64  # the block size of SHA-256
MIN_KEY_CHARACTERS = 16
BASE32_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # RFC 4648, section 6
RESTORE = "restore the file from a backup, or set REVIEW__SEAL_KEY"


def read_key(warehouse: Path, make: bool = True) -> bytes:
    """Return the installation's key: REVIEW__SEAL_KEY, or else the file beside the warehouse.

    A missing file is made if `make` is true. Without `make` a missing file raises Misconfigured,
    because a new key would refuse every file that a reviewer has not returned yet. Raises
    Misconfigured if others can read the file.
    """
    given = str(dlt.secrets.get("review.seal_key") or "").strip()
    if given:
        if len(given) < MIN_KEY_CHARACTERS:
            raise Misconfigured(
                "REVIEW__SEAL_KEY",
                f"the key is shorter than {MIN_KEY_CHARACTERS} characters",
                "make one with `openssl rand -hex 32`",
            )
        hide(given)
        return given.encode()
    path = key_path(warehouse)
    try:
        if make and not path.exists():
            _make_key(path)
        mode = path.stat().st_mode
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Misconfigured(
            str(path), "the key that seals the reviewers' files is not there", RESTORE
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        failed = error if isinstance(error, OSError) else OSError("this is not a seal key")
        raise storage_failure(path, failed, RESTORE) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Misconfigured(
            str(path), "others can read the key that seals decisions", f"run `chmod 600 {path}`"
        )
    if len(key) < MIN_KEY_CHARACTERS:
        raise Misconfigured(str(path), "this is not a seal key", RESTORE)
    hide(key)
    return key.encode()


def key_path(warehouse: Path) -> Path:
    """Return the path of the key's file, which is used if the settings have no key."""
    return warehouse.with_name(f".{warehouse.name}.seal")


def note_opening(warehouse: Path, campaign: str, opening: str) -> None:
    """Write into a file beside the key that a campaign was opened, unless the file says so already.

    `opening` is the random text of this opening. The note survives if an older warehouse is
    restored, while reviewers may still have files of the opening that was lost.
    """
    path = _openings_path(warehouse)
    if [opening, campaign] in [words[:2] for words in _read_openings(path)]:
        return
    try:
        with path.open("a", encoding="ascii") as file:
            file.write(f"{opening} {campaign} {datetime.now(UTC):%Y-%m-%d}\n")
        path.chmod(0o600)
        sync_to_disk(path)
    except OSError as error:
        raise storage_failure(path, error, NEXT_DISK) from None


def find_earlier_opening(warehouse: Path, campaign: str) -> str | None:
    """Return the day on which this campaign was last opened here, or None."""
    noted = _read_openings(_openings_path(warehouse))
    return next((day for _, name, day in reversed(noted) if name == campaign), None)


def _read_openings(path: Path) -> list[list[str]]:
    """Return opening, campaign and day of each note. A line that was cut off is skipped."""
    text = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
    return [words for line in text.splitlines() if len(words := line.split()) == 3]


def _openings_path(warehouse: Path) -> Path:
    return warehouse.with_name(f".{warehouse.name}.openings")


def seal_sql(*fields: str) -> str:
    """Return the SQL of one row's seal.

    The seal is the first 100 bits of an HMAC with SHA-256, as 20 base32 characters. The HMAC is
    over the fields, each framed by its length in bytes (`5:q4-01,`). The fields are columns or
    texts, never null: campaign, item (whose id belongs to one opening), account, entitlement, scope
    (empty if there is none), reviewer. The query needs the parameters of `hmac_pads`.

    The form of a seal can never change: an upgrade would then refuse the files of open campaigns.
    """
    framed = ", ".join(f"strlen({name}), ':', {name}, ','" for name in fields)
    digest = f"sha256($outer || unhex(sha256($inner || encode(concat({framed})))))"
    # Two halves of 50 bits, because each must fit a bigint. `translate` over hex digits would take
    # as long as both digests.
    halves = (
        f"('0x' || substr({digest}, 1, 13))::bigint >> 2",
        f"('0x' || substr({digest}, 13, 13))::bigint",
    )
    digits = (
        f"substr('{BASE32_DIGITS}', ({half} >> {place} & 31) + 1, 1)"
        for half in halves
        for place in range(45, -1, -5)
    )
    return f"concat({', '.join(digits)})"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """Return the two keys that HMAC derives from one (RFC 2104, section 2)."""
    block = (key if len(key) <= BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(
        BLOCK_BYTES, b"\0"
    )
    return {
        "inner": bytes(byte ^ 0x36 for byte in block),
        "outer": bytes(byte ^ 0x5C for byte in block),
    }


def _make_key(path: Path) -> None:
    """Write a new key atomically. If two processes do so at once, the first key wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        write_new_file(draft, secrets.token_hex(32) + "\n")
        sync_to_disk(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
