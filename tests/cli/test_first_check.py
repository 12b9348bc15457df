"""`check` for somebody who has never run Rollcall: what is missing, each right, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.server import Fault
from tests.support import faults
from tests.support.product import Rollcall
from tests.support.troubles import SOURCES, without

WEB_PAGE = faults.status(200, b"<!doctype html><html>Sign in</html>")


def check(rollcall: Rollcall, *names: str, **settings: str) -> list[dict[str, Any]]:
    return rollcall.run("check", *names, "--json", **settings).document["findings"]


def strike(rollcall: Rollcall, source: str, effect: faults.Effect) -> Fault:
    """Answer every request of a source with this effect."""
    fault = Fault(lambda request: True, effect, times=10_000)
    getattr(rollcall.sandbox, source).faults = [fault]
    return fault


def test_nothing_configured_is_no_mistake(rollcall):
    """Without a setting each source is `not configured`, with its settings, and the code is 2."""
    rollcall.environment = {"WAREHOUSE": str(rollcall.warehouse)}

    result = rollcall.run("check")

    assert (2, "") == (result.code, result.err)
    assert "fail" not in result.out and "warn" not in result.out
    for source in SOURCES:
        assert f"skip {source}: settings: not configured" in result.out
        assert f"run `rollcall init {source}`, or set SOURCES__{source.upper()}__" in result.out
    assert "no source is configured" in rollcall.run("check", "--quiet").out


def test_one_source_is_checked_and_the_others_are_named(rollcall):
    """A company with one source sees that source checked, and how to configure the others."""
    rollcall.environment = {
        name: value
        for name, value in rollcall.environment.items()
        if "CHARTHOP" in name or name == "WAREHOUSE"
    }

    result = rollcall.run("check")

    assert 0 == result.code and "ok   charthop: persons" in result.out
    assert 3 == result.out.count("settings: not configured")


def test_half_a_source_does_not_hide_the_others(rollcall):
    """A source without one of its settings fails by name, and the other sources are checked."""
    del rollcall.environment["SOURCES__PINGONE__ENVIRONMENT_ID"]

    findings = check(rollcall)

    [failed] = [one for one in findings if one["verdict"] == "fail"]
    assert ("pingone", 2, "no sync starts") == tuple(
        failed[key] for key in ("source", "code", "effect")
    )
    assert "SOURCES__PINGONE__ENVIRONMENT_ID" in failed["next"]
    assert {"charthop", "haloitsm", "okta"} <= {
        one["source"] for one in findings if one["verdict"] == "ok"
    }


def test_every_right_is_named_with_its_use(rollcall):
    """Every list that a sync reads names the right that shows it, and what is read there."""
    findings = [one for one in check(rollcall) if one["source"] in SOURCES]

    without_right = {one["what"] for one in findings if not one["right"]}
    assert {"organisation", "sign-in"} == without_right
    assert all(one["purpose"] for one in findings if one["right"])
    rights = " ".join(one["right"] for one in findings if one["source"] == "pingone")
    for name in ("dir:read:user", "dir:read:groupMembership", "audit:read:activity"):
        assert name in rights


def test_a_feed_that_is_hidden_is_a_warning(rollcall):
    """Without audit:read:activity every sync reads everything; `check` says so, and passes."""
    rollcall.sandbox.company.pingone.switches.missing_permissions = {"audit:read:activity"}

    result = rollcall.run("check", "pingone")

    assert 0 == result.code
    assert "warn pingone: audit feed: cannot be read, so every sync reads everything" in result.out
    assert "next: give the credential the permission audit:read:activity" in result.out


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (without("contact.workEmail"), "no account finds its person by mail address"),
        (faults.status(200, {"data": []}), "the list is empty"),
    ],
    ids=["no work mail", "nobody"],
)
def test_persons_that_match_nobody_are_no_ok(rollcall, effect, words):
    """Persons without work mail, and no persons, are a warning with the right to give."""
    rollcall.sandbox.charthop.faults = [Fault(faults.strikes("charthop", "first"), effect, times=9)]

    [persons] = [one for one in check(rollcall, "charthop") if one["what"] == "persons"]

    assert "warn" == persons["verdict"] and words in persons["why"]
    assert "work email" in persons["next"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (faults.status(401), "then run `rollcall check"),
        (faults.status(404), "check SOURCES__"),
        (WEB_PAGE, "it must be the address of the API"),
        (faults.status(503), "run the same command again later"),
    ],
    ids=["401", "404", "login page", "503"],
)
def test_one_call_makes_the_others_pointless(rollcall, monkeypatch, source, effect, words):
    """A failure of the first call is told once, with its remedy; the other checks are skipped."""
    faults.quick(monkeypatch)
    fault = strike(rollcall, source, effect)

    findings = check(rollcall, source)

    [failed] = [one for one in findings if one["verdict"] == "fail"]
    [skipped] = [one for one in findings if one["verdict"] == "skip"]
    assert words in failed["next"] and failed["effect"]
    assert "not tried" in skipped["why"] and fault.fired <= 8
    paths = {path for _, path, *_ in getattr(rollcall.sandbox, source).log}
    assert 1 == len(paths), "one call decides"


def test_each_missing_right_is_told(rollcall):
    """A missing right does not hide the next one: both are found in one run."""
    rollcall.sandbox.company.pingone.switches.missing_permissions = {
        "dir:read:population",
        "permissions:read:roles",
    }

    failed = {one["what"] for one in check(rollcall, "pingone") if one["verdict"] == "fail"}

    assert {"populations", "roles"} == failed


def test_half_a_write_credential_concerns_plans_only(rollcall):
    """A write credential that lacks a part is told as such: the source can be read all the same."""
    findings = check(rollcall, "pingone", PROVISION__PINGONE__CLIENT_ID="writer-0123456789")

    [failed] = [one for one in findings if one["verdict"] == "fail"]
    assert (2, "no plan can be applied there") == (failed["code"], failed["effect"])
    assert "PROVISION__PINGONE__CLIENT_SECRET" in failed["next"]
    assert {"users", "audit feed"} <= {one["what"] for one in findings if one["verdict"] == "ok"}
