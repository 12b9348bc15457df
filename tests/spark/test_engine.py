"""The settings of Spark, and what is said where it cannot be used."""

from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from pipelines.failures import Misconfigured
from pipelines.redact import remove_secrets
from pipelines.spark.engine import read_engine
from tests.support.product import Rollcall
from tests.support.spark_cluster import find_free_port

TOKEN = "dapi-0123456789"


@pytest.fixture
def bare(tmp_path, capsys, monkeypatch) -> Rollcall:
    """Return Rollcall without any source."""
    return Rollcall(None, tmp_path / "access.duckdb", tmp_path, {}, capsys, monkeypatch)


@pytest.mark.parametrize(
    ("on", "store", "said"),
    [
        ("host:15002", "/tmp", "TRANSFORM__ON: it is not the address of a Spark Connect server"),
        ("sc://host;token=x", "/tmp", "TRANSFORM__ON: it is not the address"),
        ("sc://host", "", "TRANSFORM__STORE: TRANSFORM__ON is set, and Spark needs a folder"),
        ("sc://host", "store", "TRANSFORM__STORE: it is not the path of a folder"),
        ("sc://host", "s3://bucket/rollcall", "TRANSFORM__STORE: it is not the path of a folder"),
        ("sc://host", "/tmp/[a-z]", "TRANSFORM__STORE: it is not the path of a folder"),
        ("sc://host", "/nowhere", "TRANSFORM__STORE: there is no folder /nowhere"),
    ],
)
def test_wrong_settings_are_one_sentence(bare, on, store, said):
    """A setting that cannot be right is named before anything is read, with what to set."""
    result = bare.run("transform", "--check", TRANSFORM__ON=on, TRANSFORM__STORE=store)

    assert 2 == result.code
    assert result.err.startswith(said)
    assert "next: set TRANSFORM__" in result.err


def test_a_misspelt_setting_is_refused(bare):
    """An unknown name beside TRANSFORM__ON is an error, as everywhere."""
    result = bare.run("status", TRANSFORM__STORES="/tmp")

    assert 2 == result.code and "did you mean store?" in result.err


def test_without_spark_there_is_nothing_to_check(bare):
    """`transform --check` names the setting that it is about."""
    result = bare.run("transform", "--check")

    assert 2 == result.code
    assert "TRANSFORM__ON: the models are built in this process" in result.err


def test_the_missing_client_is_named(bare, monkeypatch):
    """Without the client, what to install is said, and no traceback."""
    monkeypatch.setitem(sys.modules, "pyspark", None)

    result = bare.run("transform", "--check", TRANSFORM__ON="sc://host", TRANSFORM__STORE="/tmp")

    assert 2 == result.code
    assert "the client of Spark is not installed" in result.err
    assert f"run `{sys.executable} -m pip install 'rollcall[spark]'`" in result.err


def test_a_token_is_never_printed(monkeypatch):
    """A token is hidden from all output as soon as the setting is read, a harmless word is not."""
    on = f"sc://host:15002/;use_ssl=true;token={TOKEN};x-cluster=secret-one"
    monkeypatch.setenv("TRANSFORM__ON", on)
    monkeypatch.setenv("TRANSFORM__STORE", "/tmp")

    with suppress(Misconfigured):  # where the client is not installed
        assert "sc://host:15002" == read_engine().address

    assert "<secret> true <secret>" == remove_secrets(f"{TOKEN} true secret-one")


def test_a_sync_with_a_wrong_setting_reads_nothing(rollcall, published):
    """A sync looks at the settings of Spark before it reads a source."""
    result = rollcall.has(published).run("sync", TRANSFORM__ON="sc://host")

    assert 2 == result.code and "TRANSFORM__STORE" in result.err
    assert [] == rollcall.sandbox.pingone.seen


def test_a_sync_without_an_answer_reads_nothing(rollcall, published):
    """If Spark does not answer, a sync says so in one sentence before it reads a source."""
    pytest.importorskip("pyspark", reason="the client of Spark is not installed")
    rollcall.has(published)
    before = rollcall.warehouse.stat()
    address = f"sc://127.0.0.1:{find_free_port()}"
    settings = {"TRANSFORM__ON": f"{address}/;token={TOKEN}", "TRANSFORM__STORE": "/tmp"}

    result = rollcall.run("sync", **settings)

    assert 6 == result.code
    assert f"transform: {address}: Spark does not answer: " in result.err
    assert "Traceback" not in result.err and TOKEN not in result.err
    assert before.st_ino == rollcall.warehouse.stat().st_ino
    assert [] == rollcall.sandbox.pingone.seen
