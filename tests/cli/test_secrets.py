"""Credentials go only to their own host and are never written; logs contain no names."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow.parquet as parquet
import pytest

from pipelines.redact import redact_text
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support import faults
from tests.support.faults import Reader, fault, link, status
from tests.support.faults import good_days as good_days
from tests.support.faults import read as read
from tests.support.faults import read_own as read_own
from tests.support.faults import served as served
from tests.support.product import Rollcall
from tests.support.wanted import busy, may_write, wants

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
CANARIES = (
    *("canary/charthop+token", "canary/halo+secret==", "canary/pingone&secret%"),
    "canary/okta=token",
)
LOUD = {"RUNTIME__LOG_LEVEL": "DEBUG", "RUNTIME__LOG_FORMAT": "JSON"}


class Nobody:
    """A host that no request should reach."""

    def handle(self, request: Request) -> Response:
        return Response(200, {"data": [], "access_token": "evil", "_embedded": {"users": []}})


@pytest.fixture
def stranger() -> Iterator[Server]:
    with Server(Nobody()) as server:
        yield server


def plant(rollcall: Rollcall) -> list[str]:
    """Set secrets that are easy to find, and return them in every spelling."""
    company = rollcall.sandbox.company
    token, halo, pingone, okta = CANARIES
    company.charthop.token = token
    company.haloitsm.client_secret = halo
    company.okta.add_api_token(okta, company.okta.owner)
    clients = company.pingone
    old, clients.client_secret = clients.client_secret, pingone
    for client in getattr(clients, "clients", {}).values():
        if client.secret == old:
            client.secret = pingone
    rollcall.environment |= {
        "SOURCES__CHARTHOP__API_TOKEN": token,
        "SOURCES__HALOITSM__CLIENT_SECRET": halo,
        "SOURCES__OKTA__API_TOKEN": okta,
        "SOURCES__PINGONE__CLIENT_SECRET": pingone,
    }
    pair = f"{company.pingone.client_id}:{pingone}".encode()
    spelt = [base64.b64encode(pair).decode(), *CANARIES]
    for secret in CANARIES:
        spelt += [quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]]
    return list(dict.fromkeys(spelt))


def given_out(rollcall: Rollcall) -> list[str]:
    """Return every token that was sent over the wire."""
    found = set()
    for source in SOURCES:
        for request in getattr(rollcall.sandbox, source).seen:
            found.add(request.headers.get("authorization", "").split(" ")[-1])
    return sorted(found - {""})


def readable(path: Path) -> Iterator[str]:
    """Return the contents of a file, decompressed if it is compressed."""
    raw = path.read_bytes()
    yield raw.decode("latin-1")
    yield raw.decode("utf-16-le", errors="replace")
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw).decode(errors="replace")
    elif raw[:4] == b"PAR1" and raw[-4:] == b"PAR1":
        yield str(parquet.read_table(path).to_pydict())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name).decode(errors="replace") for name in packed.namelist())
    elif raw[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
            for schema, table in tables:
                yield str(connection.execute(f'from "{schema}"."{table}"').fetchall())


def hits(words: list[str], home: Path, *said: str) -> list[str]:
    """Return which of the words are in files below home or in the output, and where."""
    texts = [(f"said {number}", text) for number, text in enumerate(said)]
    for path in home.rglob("*"):
        if path.is_file():
            texts += [(str(path), text) for text in (*readable(path), path.name)]
    return [f"{word} in {where}" for where, text in texts for word in words if word in text]


# ---- other hosts

SHAPES = {
    "another port": "http://127.0.0.1:{evil}/v1/x",
    "no scheme": "//127.0.0.1:{evil}/v1/x",
    "another name of here": "http://localhost:{evil}/v1/x",
    "same port, another name": "http://localhost:{home}/v1/x",
    "https": "https://127.0.0.1:{home}/v1/x",
    "a user": "http://someone@127.0.0.1:{evil}/v1/x",
    "home as the user": "http://127.0.0.1:{home}@127.0.0.1:{evil}/v1/x",
    "home, backslash, at": "http://127.0.0.1:{home}\\@127.0.0.1:{evil}/v1/x",
    "decimal address": "http://2130706433:{evil}/v1/x",
    "hexadecimal address": "http://0x7f000001:{evil}/v1/x",
    "other digits": "http://①②⑦.⓪.⓪.①:{evil}/v1/x",
    "six": "http://[::ffff:127.0.0.1]:{evil}/v1/x",
    "short address": "http://127.1:{evil}/v1/x",
    "zero": "http://0.0.0.0:{evil}/v1/x",
    "home as a part": "http://127.0.0.1.{home}.invalid:{evil}/v1/x",
    "a dot": "http://127.0.0.1.:{evil}/v1/x",
    "a blank": " \thttp://127.0.0.1:{evil}/v1/x",
    "a file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.1:{evil}/v1/x",
}


def refused(read: Reader, stranger: Server, source: str, trouble: Fault) -> None:
    """Read the source; it ends with code 4, and the stranger has received nothing."""
    taken = read(source, trouble)

    assert ([], 4) == (stranger.seen, taken.code)
    assert taken.failure.what and taken.failure.why and taken.failure.next
    assert "evil" not in str(taken.failure)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_link_to_elsewhere_is_not_followed(read, stranger, shape):
    """A `next` link to another host is not followed."""
    home, evil = (server.url.split(":")[-1] for server in (read.server("pingone"), stranger))
    foreign = SHAPES[shape].format(home=home, evil=evil)

    refused(read, stranger, "pingone", fault("pingone", "middle", link(lambda _: foreign), 9))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("position", faults.POSITIONS)
def test_a_redirect_to_elsewhere_is_not_followed(read, stranger, source, position):
    """A redirect to another host is not followed."""
    if source in faults.WITHOUT_TOKEN_ENDPOINT and position == "token":
        pytest.skip("the source has no token endpoint")
    codes = {"token": 307, "first": 302, "middle": 301, "last": 308, "child": 303}
    away = status(codes[position], location=f"{stranger.url}/v1/x")

    refused(read, stranger, source, fault(source, position, away, 9))


@pytest.mark.parametrize("source", ["charthop", "haloitsm"])
def test_a_cursor_that_is_an_address_is_only_a_cursor(read, stranger, source):
    """A cursor that looks like an address is never requested."""
    name = {"charthop": "next", "haloitsm": "next_page"}[source]
    foreign = faults.then(lambda body: body | {name: f"{stranger.url}/v1/x"})

    taken = read(source, fault(source, "first", foreign, 9))

    assert ([], source == "charthop") == (stranger.seen, taken.code == 4)


# ---- what is written and printed


def test_no_secret_is_written_or_said_when_all_goes_well(rollcall, published):
    """A successful sync writes and prints no secret and no name."""
    published.leave_parsed(rollcall.warehouse)
    secrets = plant(rollcall)
    process = rollcall.start("sync", **LOUD)
    out, err = process.communicate()

    assert 0 == process.returncode, err
    tokens = given_out(rollcall)
    assert 3 <= len(tokens)
    assert "requests" in out and "DEBUG" in err
    assert [] == hits(secrets + tokens, rollcall.home, out, err)
    nora = rollcall.sandbox.company.charthop.persons
    names = [f"{person['name']['last']}" for person in nora.values() if "name" in person]
    assert [] == hits([*names, rollcall.sandbox.company.domain], Path("/nowhere"), out, err)
    assert hits(["Lind"], rollcall.home), "the search finds nothing, not even names"


@pytest.mark.long
def test_what_a_library_logs_of_a_request_has_no_secret_in_it(rollcall, published):
    """A secret inside a vendor's cursor is not logged with the next request.

    A cursor may contain anything, and becomes a parameter of the next request.
    """
    published.leave_parsed(rollcall.warehouse)
    secrets = plant(rollcall)
    again = faults.then(lambda body: body | {"next": f"cursor-{CANARIES[0]}"})
    rollcall.sandbox.charthop.faults = [fault("charthop", "first", again)]
    process = rollcall.start("sync", "charthop", **LOUD)
    out, err = process.communicate()

    assert "cursor-<secret>" in err
    assert [] == hits(secrets, Path("/nowhere"), out, err)


def test_no_secret_is_in_what_a_killed_run_leaves(rollcall):
    """A killed run leaves no secret behind.

    Its work directory has packages, state and traces of the sources read so far.
    """
    secrets = plant(rollcall)
    started = []

    def kill(request: Request, honest: Response) -> Response:
        os.kill(started[0].pid, signal.SIGKILL)
        return honest

    killed = fault("pingone", "first", kill)
    rollcall.sandbox.pingone.faults = [killed]
    started.append(rollcall.start("sync", **LOUD))
    out, err = started[0].communicate()

    assert (1, -signal.SIGKILL) == (killed.fired, started[0].returncode)
    assert hits(["Lind"], rollcall.home), "the killed run left nothing to search"
    assert [] == hits(secrets + given_out(rollcall), rollcall.home, out, err)


def test_a_vendor_that_says_our_secrets_back_is_not_quoted(rollcall):
    """An error answer that repeats the credentials is not quoted.

    The vendor repeats the credentials unencoded, as in a form, and as in a header.
    """
    secrets = plant(rollcall)

    def echo(request: Request, _: Response) -> Response:
        said = [request.headers.get("authorization", ""), request.body.decode(), *CANARIES]
        return Response(400, " ".join(filter(None, said)).encode(), {"content-type": "text/plain"})

    echoes = [Fault(lambda request: True, echo, times=99) for _ in SOURCES]
    for source, echoing in zip(SOURCES, echoes, strict=True):
        getattr(rollcall.sandbox, source).faults = [echoing]
    for arguments in (("sync",), ("sync", "--json"), ("check",)):
        result = rollcall.run(*arguments, **LOUD)

        assert 3 <= result.code <= 4
        assert "<secret>" in result.out + result.err
        assert [] == hits(secrets, rollcall.home, result.out, result.err)
    assert all(echoing.fired for echoing in echoes)


def test_no_verb_says_or_keeps_a_secret(rollcall, published):
    """No command prints or keeps a secret.

    This includes the write credential, and a vendor that repeats it in an answer.
    """
    secrets = plant(rollcall)
    wants(may_write(rollcall.has(published)))
    name = "PROVISION__PINGONE__CLIENT_"
    writer = [rollcall.environment[name + part] for part in ("ID", "SECRET")]
    own = [writer[1], base64.b64encode(":".join(writer).encode()).decode()]

    def echo(request: Request, _: Response | None) -> Response:
        said = f"{request.headers.get('authorization')} {' '.join(own)}"
        return Response(400, {"code": "INVALID_REQUEST", "message": said})

    echoing = Fault(lambda request: request.method == "DELETE", echo, times=1)
    rollcall.sandbox.pingone.faults = [echoing]
    with busy(rollcall):
        said = [rollcall.run("plan", **LOUD)]
        [plan] = (rollcall.home / "data" / "changes").glob("*.plan.json")
        digest = json.loads(plan.read_text())["digest"]
        said += [
            rollcall.run(*arguments, **LOUD)
            for arguments in (
                ("apply", str(plan)),
                ("apply", str(plan), "--digest", digest),
                ("apply", str(plan), "--digest", digest, "--json"),
                ("audit", "verify"),
                ("review", "list"),
                ("status", "--json"),
                ("check",),
                ("export",),
            )
        ]

    assert 1 == echoing.fired
    assert all(result.out + result.err for result in said)
    assert [] == hits(
        secrets + own + given_out(rollcall),
        rollcall.home,
        *(result.out + result.err for result in said),
    )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["hung up", "web page", "foreign", "no id", "twice"])
def test_a_failure_names_no_person_and_leaves_no_secret(rollcall, monkeypatch, source, kind):
    """A failure names no person and leaves no secret, whatever the source answers."""
    faults.quick(monkeypatch)
    secrets = plant(rollcall)
    name, mail = "Nora Lind", "nora.lind@lanternfish.example"
    row = {"name": name, "email": mail, "name.full": name}
    twice = [row | {"id": 7, "title": title} for title in ("one", "two")]
    lists = {"no id": [row], "twice": twice}.get(kind, [])
    bodies = {
        "charthop": {"data": lists},
        "haloitsm": lists,
        "okta": lists,
        "pingone": {"_embedded": {"users": lists}},
    }
    effect = {
        "hung up": faults.hang_up,
        "web page": status(200, f"<html>{name} {mail}".encode()),
        "foreign": status(302, location=f"http://{mail}/?token={CANARIES[0]}"),
    }.get(kind, status(200, bodies[source]))
    struck = fault(source, "first", effect, times=99)
    getattr(rollcall.sandbox, source).faults = [struck]

    result = rollcall.run("sync", source, **LOUD)

    assert (4, True) == (result.code, bool(struck.fired))
    assert [] == hits([*secrets, name, mail], rollcall.home, result.out, result.err)


def test_a_long_word_is_made_plain_at_once():
    """A very long word is redacted at once.

    A pattern for mail addresses that tries every start of the word would take minutes.
    """
    said = redact_text("a" * (1 << 19) + " nora.lind@lanternfish.example", longest=1 << 20)

    assert said.endswith("aaa <mail>")
