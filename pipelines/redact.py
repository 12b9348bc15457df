"""What may be said aloud: no credential, no mail address, no control characters.

Credentials are hidden by value, wherever they turn up, because a name-based list is never complete.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import quote, quote_plus

MAIL = re.compile(r"[^\s\"'<>@]{1,64}@[^\s\"'<>@]{1,255}\.[^\s\"'<>@]+")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")

_hidden: set[str] = set()


def hide(*secrets: str) -> None:
    """Never say these again, nor as they look in a form or an address."""
    for secret in secrets:
        if len(secret) > 3:
            _hidden.update((secret, quote(secret, safe=""), quote_plus(secret)))


def redact_text(text: object, longest: int = 300) -> str:
    """One printable line of somebody else's text, without secrets and mail addresses."""
    said = remove_secrets(str(text))
    said = UNPRINTABLE.sub(" ", MAIL.sub("<mail>", said)).strip()
    return said if len(said) <= longest else said[: longest - 1] + "…"


def remove_secrets(text: str) -> str:
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "<secret>")
    return text


def install() -> None:
    """From here on no log record of any library says a hidden value, at any level."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        made.msg, made.args = remove_secrets(made.getMessage()), ()
        if made.exc_info:
            text = logging.Formatter().formatException(made.exc_info)
            made.exc_text = remove_secrets(text)
        return made

    logging.setLogRecordFactory(record)
