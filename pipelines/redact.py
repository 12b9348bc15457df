"""Remove credentials, mail addresses and control characters from text before it is printed.

Credentials are found by value, because a list of field names is never complete.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    import logging

MAIL = re.compile(r"[^\s\"'<>@]{1,64}@[^\s\"'<>@]{1,255}\.[^\s\"'<>@]+")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

_hidden: set[str] = set()


def hide(*secrets: str) -> None:
    """Never print these values again, nor their encodings in forms and URLs."""
    for secret in secrets:
        if len(secret) > 3:
            _hidden.update((secret, quote(secret, safe=""), quote_plus(secret)))


def redact_text(text: object, longest: int = 300) -> str:
    """Return foreign text as one printable line, without secrets and mail addresses."""
    line = MAIL.sub("<mail>", remove_secrets(str(text)))
    line = UNPRINTABLE.sub(" ", line).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"


def remove_secrets(text: str) -> str:
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "<secret>")
    return text


def redact_logs() -> None:
    """Remove hidden values from the log records of all libraries, from now on."""
    import logging  # slow to import, and `--help` logs nothing

    make_record = logging.getLogRecordFactory()

    def redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        record.msg, record.args = remove_secrets(record.getMessage()), ()
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = remove_secrets(text)
        return record

    logging.setLogRecordFactory(redacted)
