"""Okta's credentials: an API token, or a service app with a key, and DPoP where the app asks."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pipelines.failures import Misconfigured
from pipelines.redact import remove_secrets
from pipelines.sources.okta.service_app import find_algorithm, load_private_key
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import status
from tests.support.okta_org import Org, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import SERVICE, key

SCOPES = ("okta.users.read", "okta.groups.read", "okta.logs.read", "okta.roles.read")
PKCS8 = key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PKCS1 = key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
TOKEN = "/oauth2/v1/token"


def public_text(private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    found = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


def add_app(org: Org, *, dpop: bool, scopes: tuple[str, ...] = (*SCOPES, "okta.apps.read")) -> None:
    """Sign in as the service app from now on."""
    org.okta.add_client(SERVICE, {"k1": public_text(key())}, scopes, dpop=dpop)
    org.okta.assignments[SERVICE] = [{"id": "cra1", "type": "SUPER_ADMIN"}]
    org.okta.touch()
    org.set(api_token=None, client_id=SERVICE, private_key=PKCS8, key_id="k1")


def calls(asked: list[Request], path: str = "/api/v1/") -> list[Request]:
    return [request for request in asked if request.path.startswith(path)]


# ---- which credential signs


def test_an_api_token_is_sent_as_ssws(org):
    """An API token goes along as SSWS, with a content type and a name of the client."""
    [first, *_] = org.read_all().asked

    assert f"SSWS {org.okta.token}" == first.headers["authorization"]
    assert "application/json" == first.headers["content-type"]
    assert "rollcall" == first.headers["user-agent"]


@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
def test_a_service_app_reads_what_an_api_token_reads(org, dpop):
    """A service app with or without DPoP delivers the rows that an API token delivers."""
    expected = org.read_all().rows
    add_app(org, dpop=dpop)

    taken = org.read_all()

    assert (0, expected) == (taken.code, taken.rows)
    scheme = "DPoP " if dpop else "Bearer "
    schemes = {request.headers["authorization"][: len(scheme)] for request in calls(taken.asked)}
    assert {scheme} == schemes
    assert (3 if dpop else 1) == len(calls(taken.asked, TOKEN))  # refused, with its nonce, granted


def test_every_attempt_has_a_proof_of_its_own(org):
    """No DPoP proof or assertion is sent twice, also when a request is repeated."""
    add_app(org, dpop=True)
    broken = Fault(strikes("groups"), status(503), times=2)

    taken = org.read_all(broken)

    assert 0 == taken.code
    proofs = [request.headers["dpop"] for request in calls(taken.asked)]
    assertions = [request.form["client_assertion"] for request in calls(taken.asked, TOKEN)]
    assert 1 == max(Counter(proofs + assertions).values())


def test_a_nonce_that_changes_is_followed_without_a_new_token(org):
    """A new nonce of the API repeats the call once, and fetches no other token."""
    add_app(org, dpop=True)

    def changed(request: Request, _: Response | None) -> Response:
        org.okta.api_nonces.current = "another-nonce"
        return org.okta.handle(request)

    taken = org.read_all(Fault(strikes("users"), changed, before=True))

    assert 0 == taken.code
    assert 3 == len(calls(taken.asked, TOKEN))
    nonces = [
        jwt.decode(request.headers["dpop"], options={"verify_signature": False}).get("nonce")
        for request in calls(taken.asked, "/api/v1/users")
    ]
    assert {"another-nonce"} == {*nonces[1:]} and "another-nonce" != nonces[0]


def test_a_token_that_is_refused_is_fetched_once_more(org):
    """An access token that Okta has forgotten is replaced in the middle of a read."""
    add_app(org, dpop=True)

    def forgotten(request: Request, _: Response | None) -> Response:
        org.okta.expire_tokens()
        return org.okta.handle(request)

    taken = org.read_all(Fault(strikes("users"), forgotten, before=True))

    assert (0, 4) == (taken.code, len(calls(taken.asked, TOKEN)))


# ---- refusals


def test_a_revoked_token_names_its_setting(org):
    """A revoked API token fails with exit code 3, and names setting and place."""
    org.okta.api_tokens.clear()

    failure = org.read_all().failure

    assert (3, True) == (failure.code, "SOURCES__OKTA__API_TOKEN" in failure.next)
    assert "E0000011" in failure.why


@pytest.mark.parametrize("ungranted", ["refused", "dropped"])
def test_a_scope_that_was_not_granted_is_named(org, ungranted):
    """A scope that Okta refuses, or drops without an error, ends the read and is named."""
    org.okta.switches.ungranted_scope = ungranted
    add_app(org, dpop=False, scopes=SCOPES[:-1])

    failure = org.read_all().failure

    assert (3, True) == (failure.code, "okta.roles.read" in failure.why + failure.next)
    assert "Okta API Scopes" in failure.next


def test_fewer_settings_ask_for_fewer_scopes(org):
    """Without admin roles and applications their scopes are not asked for."""
    add_app(org, dpop=False, scopes=SCOPES[:-1])
    org.set(admin_roles="false", applications="none")

    taken = org.read_all()

    assert 0 == taken.code
    [request] = calls(taken.asked, TOKEN)
    assert {*SCOPES[:-1]} == {*request.form["scope"].split()}


def test_a_wrong_key_names_the_settings_and_hides_the_key(org, capfd):
    """A key that the app does not know fails with its settings, and is not said."""
    add_app(org, dpop=False)
    org.okta.clients[SERVICE].keys["k1"] = public_text(rsa.generate_private_key(65537, 2048))

    taken = org.read_all()

    assert (3, True) == (taken.code, "SOURCES__OKTA__PRIVATE_KEY" in taken.failure.next)
    [request] = calls(taken.asked, TOKEN)
    said = f"{taken.failure} {taken.failure.next} {capfd.readouterr()}"
    assert request.form["client_assertion"] not in said and PKCS8.splitlines()[3] not in said


def test_a_token_of_another_kind_is_refused(org):
    """A token type that nobody asked for is refused."""
    add_app(org, dpop=False)
    body = {"token_type": "MAC", "access_token": "x.y.z", "expires_in": 3600, "scope": ""}

    failure = org.read_all(Fault(lambda request: request.path == TOKEN, status(200, body))).failure

    assert (3, True) == (failure.code, "type MAC" in failure.why)


def test_a_proof_that_is_never_accepted_ends_it(org):
    """An org that asks for one nonce after another is asked three times, and fails."""
    add_app(org, dpop=True)

    def moody(request: Request, _: Response) -> Response:
        org.okta.token_nonces.current += "x"
        return org.okta.handle(request)

    failing = Fault(lambda request: request.path == TOKEN, moody, times=99, before=True)
    taken = org.read_all(failing)

    assert (3, 3) == (taken.code, len(calls(taken.asked, TOKEN)))


# ---- keys


@pytest.mark.parametrize("form", ["PKCS#8", "PKCS#1", "one line", "file", "file in home", "blanks"])
def test_a_key_is_read_in_every_spelling(tmp_path, monkeypatch, form):
    """A key is PEM in both forms, on one line with \\n, or the path of a file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.pem").write_text(PKCS8)
    text = {
        "PKCS#8": PKCS8,
        "PKCS#1": PKCS1,
        "one line": PKCS8.replace("\n", "\\n"),
        "file": str(tmp_path / "key.pem"),
        "file in home": "~/key.pem",
        "blanks": f"\n  {PKCS8}\n ",
    }[form]

    assert key().private_numbers() == load_private_key("KEY", text).private_numbers()
    assert PKCS8.splitlines()[2] not in remove_secrets(f"oops {PKCS8}")


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "neither a key in PEM"),
        ("/nowhere/key.pem", "no such file"),
        ('{"kty": "RSA"}', "JWK"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "no private key"),
        (public_text(key()), "no private key"),
        (
            key()
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
            .decode(),
            "encrypted",
        ),
        (
            ed25519.Ed25519PrivateKey.generate()
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode(),
            "Ed25519",
        ),
    ],
    ids=["empty", "no file", "JWK", "damaged", "public", "encrypted", "Ed25519"],
)
def test_a_key_that_cannot_be_used_is_refused_unsaid(text, words):
    """A key that cannot be used is refused with its setting, and not repeated."""
    with pytest.raises(Misconfigured) as refused:
        load_private_key("SOURCES__OKTA__PRIVATE_KEY", text)

    said = f"{refused.value} {refused.value.next}"
    assert words in said and "SOURCES__OKTA__PRIVATE_KEY" in said
    assert not text or max(text.splitlines(), key=len) not in said or text.startswith("/")


def test_an_elliptic_key_signs_with_its_curve(org):
    """A service app may have an elliptic key; its proofs are still RSA."""
    curve = ec.generate_private_key(ec.SECP384R1())
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    add_app(org, dpop=True)
    org.okta.clients[SERVICE].keys["k1"] = public_text(curve)
    org.set(private_key=pem)

    assert 0 == org.read_all().code
    assert "ES384" == find_algorithm(curve)


def test_an_assertion_says_who_for_whom_and_until_when(org):
    """An assertion is of the client for the token endpoint, and ends within the hour."""
    add_app(org, dpop=False)
    [request] = calls(org.read_all().asked, TOKEN)

    given = request.form["client_assertion"]
    claims = jwt.decode(given, options={"verify_signature": False})
    assert (SERVICE, SERVICE) == (claims["iss"], claims["sub"])
    assert f"{org.server.url}{TOKEN}" == claims["aud"]
    assert 0 < claims["exp"] - time.time() <= 3600
    assert ("RS256", "k1") == tuple(jwt.get_unverified_header(given)[one] for one in ("alg", "kid"))


def test_neither_key_nor_token_is_stored(org):
    """Neither the key nor a token is in the warehouse or in the files of a read."""
    add_app(org, dpop=True)
    org.read()

    secrets = [*org.okta.access_tokens, PKCS8.splitlines()[2]]
    files = [path for path in Path(org.home).rglob("*") if path.is_file()]
    assert files and not any(
        secret.encode() in path.read_bytes() for path in files for secret in secrets
    )
