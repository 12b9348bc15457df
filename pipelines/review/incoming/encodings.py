"""Find the code page of a CSV file that is not Unicode, by the labels that come back in it.

Every code page reads a comment without an error, so a wrong guess would be kept as evidence.
But the same file has labels (person, account, access) in the same code page, and we know what these
labels said. A comment is refused if two code pages fit the labels and read the comment differently.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import islice

from pipelines.review.incoming.decision_file import (
    BLANKS,
    COLUMNS,
    LABELS,
    DecisionFile,
    Row,
    normalize_words,
)

CODE_PAGES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("cp874", "cp932", "gb18030", "cp949", "big5", "cp950", "euc_jp"),
    *("mac_roman", "mac_latin2", "mac_cyrillic", "mac_greek", "mac_turkish"),
    *("cp437", "cp850", "cp852", "cp858", "cp866", "koi8_r", "koi8_u"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9", "iso8859_15"),
)
COMMON_MISTAKES = ("cp1252", "latin_1", "cp1251", "cp437", "cp850", "mac_roman")
MAX_LABELS = 2_000  # that are compared; a file repeats its labels
SAVE_AS = "save the file as .xlsx or as CSV UTF-8"

ITEM, DECISION, COMMENT = (COLUMNS.index(name) for name in ("item_id", "decision", "comment"))
LABEL_PLACES = [COLUMNS.index(name) for name in LABELS]


def prove_encoding(file: DecisionFile, sent: dict[str, tuple[str, ...]]) -> DecisionFile:
    """Return the file with its texts decoded by the code page that fits its labels.

    `sent` has the labels of each item as they were sent. The texts of `file` have one character for
    each byte. A row is marked as wrong if the labels do not prove the letters of its comment.
    """
    pairs = {
        (row.texts[place], label)
        for row in file.rows
        for place, label in zip(LABEL_PLACES, sent.get(row.texts[ITEM] or "", ()), strict=False)
        if not (row.texts[place] or "").isascii() and not label.isascii()
    }
    some = [*islice(pairs, MAX_LABELS)]
    agreeing = {name: sum(_agrees(raw, label, name) for raw, label in some) for name in CODE_PAGES}
    most = max(agreeing.values())
    proven = [name for name, count in agreeing.items() if count == most > 0]
    rows = [_decode_row(row, proven) for row in file.rows]
    return replace(file, rows=rows, encoding=proven[0] if proven else "an unknown code page")


@lru_cache
def find_misreading(seen: str, sent: str) -> str:
    """Return, in words, the wrong encoding that turns the sent label into the seen one.

    Return an empty text if no known encoding does.
    """
    for one in ("utf-8", *CODE_PAGES):
        for other in COMMON_MISTAKES if one == "utf-8" else (one, *COMMON_MISTAKES):
            text = sent.encode(one, "replace").decode(other, "ignore")
            if text != sent and normalize_words(text) == normalize_words(seen):
                return f"as {one} in {other}" if one != other else f"in {one}, which lacks letters"
    return ""


def _agrees(raw: str, label: str, encoding: str) -> bool:
    """Return whether bytes are this label in a code page that has one of its non-ASCII letters."""
    expected = normalize_words(label.encode(encoding, "replace").decode(encoding))
    return not expected.isascii() and normalize_words(_decode(raw, encoding) or "") == expected


def _decode(raw: str, encoding: str) -> str | None:
    """Return the text of these bytes, or None if the code page does not have them."""
    try:
        text = raw.encode("latin_1").decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if any("\x7f" <= letter < "\xa0" for letter in text) else text.strip(BLANKS)


def _decode_row(row: Row, proven: list[str]) -> Row:
    if all(text is None or text.isascii() for text in row.texts):
        return row
    texts = [
        text if text is None or text.isascii() else _decode(text, (proven or CODE_PAGES)[0]) or text
        for text in row.texts
    ]
    comment = row.texts[COMMENT] or ""
    meanings = {_decode(comment, name) for name in proven} - {None}
    if row.wrong or comment.isascii() or not row.texts[DECISION]:
        return row._replace(texts=tuple(texts))
    if len(meanings) == 1:
        texts[COMMENT] = meanings.pop()
        return row._replace(texts=tuple(texts))
    wrong = "comment: the file is not in UTF-8, and nothing proves which letters it has"
    return row._replace(texts=tuple(texts), wrong=wrong, remedy=SAVE_AS)
