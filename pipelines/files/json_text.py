"""JSON in and out, exactly.

orjson is fast but turns an integer beyond 64 bits into a float and refuses half a surrogate pair:
one would change an id, the other would let one bad name stop a sync. Such bodies, which are rare,
go through the standard library instead.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

DIGITS_ALIKE = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
LONG_INTEGER = b"0" * 19  # in a text whose digits are all alike: ten times as fast as a pattern
HALF_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """A body that is not JSON."""


def parse(body: bytes) -> Any:
    """The value of a JSON text; a lone surrogate becomes U+FFFD. Raises NotJson."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if LONG_INTEGER not in body.translate(DIGITS_ALIKE):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if b"\\ud" not in body.lower():
                raise NotJson(str(error)) from None
    try:
        return _whole(json.loads(body, parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def dump(value: Any) -> bytes:
    """A value as JSON text in UTF-8, keys in the order they came."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def to_text_id(value: Any) -> str | None:
    """An id as text in one spelling: 7, 7.0 and "7" are one, "007" is another. None if empty."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float | str):
        return str(value).strip() or None
    return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return HALF_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
