"""Vendors' values arrive exactly, whatever they are, or the source fails."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.sandbox.server import Fault, Request, Response
from tests.support import oracle
from tests.support.faults import LISTS, fault, strikes, then
from tests.support.faults import good_days as good_days
from tests.support.faults import read as read
from tests.support.faults import served as served
from tests.sync.test_sync import published_grants

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
LONGEST = {"charthop": "persons", "haloitsm": "agents", "okta": "users", "pingone": "users"}

NAMES = [
    *(
        "Zoë",
        "Zoe\u0308",
        "Ｎora",
        "Ⅷ",
        "Нора",
        "Nοra",
        "李小龍",
        "محمد",
        "עברית",
        "नोरा",
        "O’Neil",
    ),
    *("👩‍👩‍👧‍👦", "\U0010ffff", "e" + "\u0301" * 500, "\u202egnp.exe", "a\u200bb", "a\u2028b"),
    *("\ufeffa", "<script>alert(1)</script>", "[a](javascript:x)", "=1+1", "@SUM(A1)", "-2+3"),
    *("{{ 7 * 7 }}", "'; drop table users; --", 'a"b\\c', "NULL", "\x1b[31mred\x1b[0m"),
    *("a\tb\nc\rd", "a\0b", "a\x7f", "x" * (1 << 16)),
]


def rows_of(source: str, body: Any) -> list[dict[str, Any]]:
    if source == "okta":
        return body
    if source == "pingone":
        return body["_embedded"]["users"]
    return body["data" if source == "charthop" else "results"]


@pytest.mark.long
def test_names_arrive_exactly_and_are_said_harmlessly(rollcall):
    """Names arrive exactly, and are printed without control characters."""
    users = rollcall.sandbox.company.pingone.users
    given = dict(zip(sorted(users), NAMES, strict=False))
    assert len(NAMES) == len(given)
    for key, name in given.items():
        users[key]["name"] = {"formatted": name}
    rollcall.sandbox.company.touch()

    said = rollcall.sync("pingone")

    published = {
        row["source_account_id"]: row["display_name"]
        for row in rollcall.rows("from accounts where account_id like 'pingone:user:%'")
    }
    assert given == {key: published[key] for key in given}
    said = said.out + said.err + rollcall.run("status").out
    assert not set("\x1b\0\x7f\u202e") & set(said)


ODD = {
    "enabled": ["false", "FALSE", 0, "no", "", None, [], {}, "0"],
    "email": ["", "  ", None, "no mail", "@", "a@b@c", ["x@example.com"], {"value": "x"}, 7],
    "lastSignOn": ["2026-01-01", {"at": "0001-01-01T00:00:00Z"}, {"at": 1700000000}, {"at": "x"}],
    "account": ["OK", [], {"status": "HIBERNATING"}, {"canAuthenticate": "maybe"}],
    "population": ["not an object", {"id": 7}, None],
    "name": ["only text", ["a", "b"]],
}


FALSE = ("false", "FALSE", 0, "no", "0")


def test_a_field_of_another_kind_hides_nobody_and_closes_nothing(rollcall):
    """A field of another type hides no account, and disables one only if it means false.

    Any other value leaves the account enabled or unknown.
    """
    company = rollcall.sandbox.company
    odd = [(name, value) for name, values in ODD.items() for value in values]
    given = dict(zip(sorted(company.pingone.users), odd, strict=False))
    assert len(odd) == len(given)

    def change(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded())
        for user in rows_of("pingone", body):
            name, value = given.get(user["id"], ("nothing", 0))
            user |= {name: value, name.upper(): "a key that differs by case only"}
        return Response(200, body)

    changed = Fault(strikes("pingone", "first"), change, times=99)
    rollcall.sandbox.pingone.faults = [changed]

    rollcall.sync("pingone")

    assert changed.fired
    truth = oracle.pingone(company.pingone).accounts
    published = {row["account_id"]: row for row in rollcall.rows("from accounts")}
    assert set(truth) == set(published)
    for key, (name, value) in given.items():
        row = published[f"pingone:user:{key}"]
        expected = {truth[row["account_id"]]}
        if name in ("enabled", "account"):
            expected.add("unknown")
        if name == "enabled" and value in FALSE:
            expected.add("disabled")
        assert row["status"] in expected, (name, value)
        assert row["email"] != "a key that differs by case only"


@pytest.mark.long
def test_nested_groups_give_what_they_reach(rollcall):
    """Groups that are nested deeply, in circles or in themselves give everything they reach."""
    tenant = rollcall.sandbox.company.pingone
    chain = [f"dddddddd-0000-4000-8000-{number:012d}" for number in range(60)]
    for key in chain:
        tenant.groups[key] = {"id": key, "name": f"Level {key[-2:]}"}
    tenant.nestings |= set(itertools.pairwise(chain))
    tenant.nestings |= {(chain[-1], chain[40]), (chain[20], chain[20]), (chain[0], chain[50])}
    user = sorted(tenant.users)[0]
    tenant.members |= {(user, chain[0]), (user, chain[45])}
    rollcall.sandbox.company.touch()

    rollcall.sync("pingone")

    assert oracle.pingone(tenant).grants() == published_grants(rollcall)


# ---- ids


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("key", [None, "", "  ", {}, [], True], ids=str)
def test_a_row_without_an_id_fails_its_source(read, source, key):
    """A row without an id fails its source."""

    def change(body: Any) -> Any:
        rows_of(source, body)[-1]["id"] = key
        return body

    taken = read(source, fault(source, "middle", then(change)))

    assert (4, True) == (taken.code, "a row lacks the required field `id`" in taken.failure.why)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("alike", [True, False], ids=["alike", "different"])
def test_a_row_on_two_pages_is_one_unless_they_differ(read, source, alike):
    """A row on two pages is read once; two different rows with one id fail the source."""
    expected = read.good_day(source)
    seen: list[dict[str, Any]] = []

    def repeat(body: Any) -> Any:
        rows = rows_of(source, body)
        if seen:
            rows.append(seen[0] if alike else seen[0] | {"title": "another"})
        seen.append(rows[0])
        rows.append(rows[0])  # and twice on its own page
        return body

    doubled = Fault(strikes(source, "first"), then(repeat), times=10_000)
    taken = read(source, doubled)

    if alike:
        assert (0, expected) == (taken.code, taken.rows)
    else:
        assert (4, True) == (taken.code, str(seen[0]["id"]) in taken.failure.why)


@pytest.mark.parametrize(
    "spelt, key",
    [
        (7, "7"),
        (7.0, "7"),
        ("7", "7"),
        (" 7 ", "7"),
        ("007", "007"),
        (2**63, str(2**63)),
        (10**20, str(10**20)),
        ("1e5", "1e5"),
        ("É", "É"),
        ("a\0b", "a\0b"),
    ],
    ids=ascii,
)
def test_an_id_has_one_spelling_whatever_its_type(read, spelt, key):
    """An id has one spelling, whether the vendor sends 7 or "7".

    HaloITSM may send 7 today and "7" tomorrow.
    """

    def change(body: Any) -> Any:
        for row in body["results"]:
            row["id"] = spelt if row["name"] == "Nora Lind" else row["id"]
        return body

    taken = read("haloitsm", Fault(strikes("haloitsm", "first"), then(change), times=99))

    assert 0 == taken.code, taken.failure
    assert key in taken.rows["agents"]


# ---- payloads


@pytest.mark.parametrize("source", SOURCES)
def test_a_payload_is_kept_whole(read, source):
    """A payload is kept byte for byte: wide, long, odd or large."""
    odd = {
        "wide": {f"custom {number}": number for number in range(5000)},
        "long": "x" * (1 << 20),
        "deep": json.loads("[" * 100 + "]" * 100),
        "integer": 123456789012345678901234567890,
        "numbers": [0.1, -0.0, 1e300, 2**63 - 1],
        "text": "a\0b \u202e \ud7ff \uffff 👩‍👩‍👧‍👦",
        "Id": "not the id",
        "": "no name",
    }

    def change(body: Any) -> Any:
        for row in rows_of(source, body)[:1]:
            row |= odd
        return body

    changed = Fault(strikes(source, "first"), then(change), times=99)
    taken = read(source, changed)

    assert 0 == taken.code, taken.failure
    kept = [row for row in taken.rows[LONGEST[source]].values() if "wide" in row]
    assert 2 <= len(kept)
    assert all(odd == {name: row[name] for name in odd} for row in kept)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("depth", [250, 500, 1000, 5000])
def test_nesting_is_kept_or_told(read, source, depth):
    """A nested value is kept, or fails the source with a clear reason if it is too deep."""
    nested = b"[" * depth + b"]" * depth

    def change(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded())
        for row in rows_of(source, body)[:1]:
            row["nested"] = "@"
        return Response(200, json.dumps(body).encode().replace(b'"@"', nested), honest.headers)

    taken = read(source, Fault(strikes(source, "first"), change, times=99))

    assert (0 if depth <= 500 else taken.code) == taken.code
    assert taken.code in (0, 4)
    if taken.failure:
        assert LISTS[source].rsplit("/", 1)[1] in taken.failure.what


@pytest.mark.parametrize("source", SOURCES)
def test_half_a_character_is_replaced_and_stops_nothing(read, source):
    """Half of a surrogate pair is replaced, and fails nothing."""

    def change(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded())
        for row in rows_of(source, body)[:1]:
            row["said"] = "@"
        said = json.dumps(body).encode().replace(b'"@"', b'"\\ud83d half"')
        return Response(200, said, honest.headers)

    taken = read(source, Fault(strikes(source, "first"), change, times=99))

    said = {row.get("said") for row in taken.rows[LONGEST[source]].values()}
    assert {"\ufffd half"} == said - {None}


@pytest.mark.parametrize("source", ["charthop", "haloitsm"])
def test_one_object_that_is_nested_too_deeply_is_told(read, source):
    """A single object that is nested too deeply fails the source with a clear reason."""
    nested = b"[" * 1000 + b"]" * 1000

    def change(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded()) | {"nested": "@"}
        return Response(200, json.dumps(body).encode().replace(b'"@"', nested), honest.headers)

    taken = read(source, fault(source, "child", change))

    assert (4, True) == (taken.code, "nested too deeply" in taken.failure.why)
