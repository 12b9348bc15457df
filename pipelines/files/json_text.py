"""Parse and write JSON without changing a value.

orjson is fast, but it turns an integer beyond 64 bits into a float, which would change an id.
orjson also refuses a lone surrogate, so one bad name would stop a sync. A body that has either is
rare, and is parsed by the standard library's json instead.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# Every digit becomes 0, because a search for zeros is ten times as fast as a regular expression.
DIGITS_TO_ZEROS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
LONG_INTEGER = b"0" * 19
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The body is not JSON."""


def parse(body: bytes) -> Any:
    """Return the value of a JSON text; U+FFFD replaces a lone surrogate. Raises NotJson."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if LONG_INTEGER not in body.translate(DIGITS_TO_ZEROS):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if b"\\ud" not in body.lower():
                raise NotJson(str(error)) from None
    try:
        return _replace_surrogates(json.loads(body, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def read_text_field(body: bytes, name: str) -> str:
    """Return the text of a field of a JSON object; empty if there is none."""
    try:
        found = parse(body)
    except NotJson:
        return ""
    return str(found.get(name) or "") if isinstance(found, dict) else ""


def dump(value: Any) -> bytes:
    """Return a value as JSON text in UTF-8; the order of the keys is kept."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def to_text_id(value: Any) -> str | None:
    """Return an id as text, None if it is empty. 7, 7.0 and "7" are the same id; "007" is not."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float | str):
        return str(value).strip() or None
    return None


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _replace_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return value
