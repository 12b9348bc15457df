"""A source may sign in in several ways: one must be complete, and no other one begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.failures import Misconfigured
from pipelines.sources import registry, write_access

OKTA = {
    "API_TOKEN": "a-token",
    "CLIENT_ID": "0oaApp",
    "PRIVATE_KEY": "/keys/okta.pem",
    "KEY_ID": "k1",
}
ROOT = Path(__file__).parents[2]
APP = ("CLIENT_ID", "PRIVATE_KEY", "KEY_ID")
WRITER = (("api_token",), ("client_id", "client_secret"))


@pytest.fixture(autouse=True)
def settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def configure(settings, prefix: str, **values: str) -> None:
    for name, value in values.items():
        settings.setenv(f"{prefix}__{name}", value)


def read_refusal(call, *arguments) -> str:
    with pytest.raises(Misconfigured) as refused:
        call(*arguments)
    return f"{refused.value} {refused.value.next}"


@pytest.mark.parametrize("names", [("API_TOKEN",), APP])
def test_one_complete_way_configures_a_source(settings, names):
    """Each way of signing in configures the source by itself."""
    configure(settings, "SOURCES__OKTA", DOMAIN="acme.okta.com")
    assert [] == registry.configured_sources()

    configure(settings, "SOURCES__OKTA", **{name: OKTA[name] for name in names})
    assert ["okta"] == registry.configured_sources()


@pytest.mark.parametrize("missing", APP)
def test_a_way_that_is_begun_names_what_it_lacks(settings, missing):
    """Half a way is refused with the settings that it lacks."""
    begun = {name: OKTA[name] for name in APP if name != missing}
    configure(settings, "SOURCES__OKTA", DOMAIN="acme.okta.com", **begun)

    said = read_refusal(registry.configured_sources)

    assert f"SOURCES__OKTA__{missing} must be set" in said
    assert "API_TOKEN" not in said


def test_a_credential_without_its_domain_is_refused(settings):
    """A complete credential without another required setting is refused with its name."""
    configure(settings, "SOURCES__OKTA", API_TOKEN="a-token")

    assert "SOURCES__OKTA__DOMAIN must be set" in read_refusal(registry.configured_sources)


@pytest.mark.parametrize("others", [("CLIENT_ID",), APP], ids=["begun", "complete"])
def test_two_ways_are_refused_by_the_names_of_both(settings, others):
    """One way beside another one, begun or complete, is refused with the settings of both."""
    both = {name: OKTA[name] for name in ("API_TOKEN", *others)}
    configure(settings, "SOURCES__OKTA", DOMAIN="acme.okta.com", **both)

    said = read_refusal(registry.configured_sources)

    assert "two credentials" in said
    assert all(f"SOURCES__OKTA__{name}" in said for name in both)
    assert "a-token" not in said


def test_messages_list_every_way(settings):
    """Where nothing is configured, the messages list the settings of every way."""
    for said in (
        read_refusal(registry.choose_sources, []),
        read_refusal(registry.choose_sources, ["okta"]),
    ):
        assert "SOURCES__OKTA__API_TOKEN, or SOURCES__OKTA__CLIENT_ID and" in said


def test_a_source_without_secrets_is_no_crash(settings):
    """A source that has no secret is never configured, and breaks no message."""
    settings.setattr("pipelines.sources.okta.CREDENTIALS", ())
    settings.setattr(
        "pipelines.sources.registry.list_credentials",
        lambda source, known=registry.list_credentials: [] if source == "okta" else known(source),
    )

    assert "no source is configured" in read_refusal(registry.choose_sources, [])


# ---- writers


@pytest.fixture
def either(settings):
    """Let PingOne's writer sign in in two ways."""
    settings.setattr("pipelines.sources.pingone.writer.CREDENTIALS", WRITER, raising=False)
    return settings


def test_a_writer_has_ways_of_its_own(either):
    """A writer's ways are those that it declares; without any, the message lists them."""
    assert not write_access.has_write_credential("pingone")
    said = read_refusal(write_access.connect_writer, "pingone")
    assert "PROVISION__PINGONE__API_TOKEN, or PROVISION__PINGONE__CLIENT_ID and" in said

    configure(either, "PROVISION__PINGONE", API_TOKEN="a-token")
    assert write_access.has_write_credential("pingone")


def test_half_a_write_credential_is_refused(either):
    """Half a write credential is refused by name, also where it is only looked for."""
    configure(either, "PROVISION__PINGONE", CLIENT_ID="x")

    for call in (write_access.has_write_credential, write_access.connect_writer):
        assert "PROVISION__PINGONE__CLIENT_SECRET is not set" in read_refusal(call, "pingone")


def test_two_write_credentials_are_refused(either):
    """Two write credentials are refused by the names of both."""
    configure(either, "PROVISION__PINGONE", CLIENT_ID="x", API_TOKEN="y")

    said = read_refusal(write_access.has_write_credential, "pingone")

    assert "PROVISION__PINGONE__API_TOKEN; PROVISION__PINGONE__CLIENT_ID" in said


def test_the_credential_of_a_sync_is_not_taken_for_writing(either):
    """A part of a write credential never comes from the settings of the sync."""
    configure(either, "SOURCES__PINGONE", CLIENT_ID="x", CLIENT_SECRET="y", API_TOKEN="z")

    assert not write_access.has_write_credential("pingone")


def test_false_in_a_file_is_no_default(tmp_path):
    """`false` in a settings file is a setting, where true is the default."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text("[sources.okta]\nadmin_roles = false\n")
    code = "from pipelines.sources import registry; print(registry.source_scope('okta'))"
    printed = subprocess.check_output(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )

    assert b"admin_roles=false" == printed.strip()
