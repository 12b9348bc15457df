"""A comment keeps the letters that its reviewer wrote, or the file is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pipelines.review.columns import HEADERS
from tests.review.test_review import changed
from tests.support.filled_in import came, decided, text
from tests.support.product import Rollcall

WORDS = {
    "cp1251": ("Зоя Громова", "больше не нужно"),
    "koi8_r": ("Зоя Громова", "больше не нужно"),
    "cp866": ("Зоя Громова", "больше не нужно"),
    "mac_cyrillic": ("Зоя Громова", "больше не нужно"),
    "cp1250": ("Łukasz Żółć", "już niepotrzebne, łączę"),
    "cp1253": ("Ζωή Γρηγορίου", "δεν χρειάζεται"),
    "cp1254": ("Ayşe Yıldız", "artık gerekmiyor, şube değişti"),
    "cp1255": ("זואי לוי", "לא נחוץ"),
    "cp1256": ("زوي علي", "لم تعد هناك حاجة"),
    "cp1257": ("Žanna Bērziņa", "vairs nevajag, pāriet"),
    "cp932": ("田中 花子", "もう必要ありません"),
    "gb18030": ("王小明", "不再需要"),
    "cp949": ("김민수", "더 이상 필요 없음"),
    "mac_roman": ("Zoë Müller", "hört auf – überflüssig"),
    "cp850": ("Zoë Müller", "hört auf, überflüssig"),
}


@pytest.fixture
def person(review: Rollcall, opened) -> Iterator[object]:
    """Return a function that gives the person of all items this name."""

    def rename(name: str) -> list[dict[str, str]]:
        changed(review, f"update review_items set full_name = '{name}'")
        return [row | {"Person": name} for row in opened.rows]

    return rename


def without(*names: str) -> list[str]:
    return [header for header in HEADERS if header not in names]


@pytest.mark.parametrize("encoding", WORDS)
def test_labels_prove_the_code_page_of_comments(review, person, encoding):
    """A comment in another code page is read as written if the names prove the code page."""
    name, words = WORDS[encoding]
    rows = decided(person(name), "revoke", words)
    data = text(rows, delimiter=";").encode(encoding, "replace")

    result = review.run("review", "import", "q4", came(review.home, data))

    assert 0 == result.code, result.err
    assert [(words,)] == [
        (row["comment"],) for row in review.rows("select distinct comment from review_decisions")
    ]


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "cp866"])
def test_a_code_page_that_nothing_proves_is_refused(review, person, encoding):
    """Rows with a comment in an unproved code page are refused with the remedy, and no others."""
    rows = decided(person("Zoe Miller"))
    words = "больше не нужно" if encoding != "cp1252" else "größer"
    rows[1] |= {"decision": "revoke", "comment": words}
    data = text(rows, without("Account", "Access")).encode(encoding, "replace")

    result = review.run("review", "import", "q4", came(review.home, data))

    assert 5 == result.code
    assert ["3"] == re.findall(r"kim\.csv row (\d+): comment: .*CSV UTF-8", result.err)


def test_letters_that_two_code_pages_share_are_not_guessed(review, person):
    """A comment that two possible code pages read differently is refused."""
    rows = decided(person("Jörg Weiß"))
    rows[1] |= {"decision": "revoke", "comment": "größer"}
    rows[2] |= {"decision": "revoke", "comment": "señor"}

    data = text(rows, without("Account", "Access")).encode("cp1252", "replace")
    result = review.run("review", "import", "q4", came(review.home, data))

    assert ["4"] == re.findall(r"kim\.csv row (\d+): comment: ", result.err)


@pytest.mark.parametrize(
    ("read", "told"), [("cp1252", "as utf-8 in cp1252"), ("cp1251", "as utf-8 in cp1251")]
)
def test_a_refusal_names_the_encoding_that_was_taken(review, person, read, told):
    """Labels opened in a wrong encoding are refused, and the refusal names the encoding."""
    rows = person("Зоя Громова")
    wrong = "Зоя Громова".encode().decode(read, "ignore")
    rows = decided([row | {"Person": wrong} for row in rows])

    result = review.run("review", "import", "q4", came(review.home, rows))

    assert 5 == result.code
    assert len(rows) == result.err.count(told)
    assert "saved as UTF-8" in result.err
