"""The seal on every row that goes to a reviewer: whoever alters the row cannot make it anew.

It is a keyed digest over what the row is about, so a decision that comes back is for exactly the
person, access and reviewer that it was asked of. The key is never in the warehouse, since whoever
can read that could forge a row.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

import dlt

from pipelines.failures import Misconfigured
from pipelines.files.text_stream import sync_to_disk, write_new_file
from pipelines.redact import hide
from pipelines.warehouse.publish import storage_failure

BLOCK = 64  # bytes that SHA-256 takes at a time
SHORTEST = 16  # characters of a key that somebody chose
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # digits as of RFC 4648, section 6


def read_key(warehouse: Path, make: bool = True) -> bytes:
    """The installation's key: the setting REVIEW__SEAL_KEY, else the file beside the warehouse,
    which is made if `make` allows it. Raises Misconfigured where it is missing or others can read
    it: a new key would make strangers of all files that are out."""
    given = str(dlt.secrets.get("review.seal_key") or "").strip()
    if given:
        if len(given) < SHORTEST:
            raise Misconfigured(
                "REVIEW__SEAL_KEY",
                f"it is shorter than {SHORTEST} characters",
                "make one with `openssl rand -hex 32`",
            )
        hide(given)
        return given.encode()
    path = key_path(warehouse)
    try:
        if make and not path.exists():
            _make(path)
        mode = path.stat().st_mode
        held = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Misconfigured(
            str(path),
            "the key that the reviewers' files are sealed with is not there",
            "restore it from where you keep copies, or set REVIEW__SEAL_KEY",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        failed = error if isinstance(error, OSError) else OSError("it is not a seal key")
        raise storage_failure(path, failed, "restore it, or set REVIEW__SEAL_KEY") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Misconfigured(
            str(path), "others can read the key that seals decisions", f"say: chmod 600 {path}"
        )
    if len(held) < SHORTEST:
        raise Misconfigured(str(path), "it is no seal key", "restore it, or set REVIEW__SEAL_KEY")
    hide(held)
    return held.encode()


def key_path(warehouse: Path) -> Path:
    """Where the key is kept unless the settings hold it."""
    return warehouse.with_name(f".{warehouse.name}.seal")


def seal_sql(*fields: str) -> str:
    """The seal of one row as SQL: 20 characters of base32, 100 bits of an HMAC with SHA-256 over
    the fields, each framed by its length in bytes (`5:q4-01,`). They are columns or texts without a
    null: campaign, item, account, entitlement, scope (empty where there is none), reviewer. The
    query needs the parameters that `pads` gives."""
    framed = ", ".join(f"strlen({name}), ':', {name}, ','" for name in fields)
    digest = f"sha256($outer || unhex(sha256($inner || encode(concat({framed})))))"
    # 100 bits, in two halves that fit a number; `translate` alone takes as long as both digests
    halves = (
        f"('0x' || substr({digest}, 1, 13))::bigint >> 2",
        f"('0x' || substr({digest}, 13, 13))::bigint",
    )
    digits = (
        f"substr('{BASE32}', ({half} >> {place} & 31) + 1, 1)"
        for half in halves
        for place in range(45, -1, -5)
    )
    return f"concat({', '.join(digits)})"


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two keys that HMAC makes of one (RFC 2104, section 2)."""
    block = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in block),
        "outer": bytes(byte ^ 0x5C for byte in block),
    }


def _make(path: Path) -> None:
    """A new key, whole or not at all; of two that make one at once, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        write_new_file(draft, secrets.token_hex(32) + "\n")
        sync_to_disk(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
