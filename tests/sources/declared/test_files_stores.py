"""Kind `files`: exports in an object store and on an SFTP server, which are real servers here."""

from __future__ import annotations

import pytest
import requests

from pipelines.failures import Misconfigured
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.files import stores
from tests.support.exports import NAME, ROWS

KEYS = {"access_key_id": "AKIAROLLCALL", "secret_access_key": "geheim-geheim"}
BOTH = ["Ada", "Bob"]


@pytest.fixture(scope="module")
def s3():
    """Return the address of an S3 store with an empty bucket."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    requests.put(f"{url}/exports").raise_for_status()
    yield url
    server.stop()


def test_an_object_of_s3_is_read(exports, s3):
    """The newest object that matches is copied; its time is the time of the data."""
    path = "s3://exports/out/users-*.csv"
    exports.declare(f'path = "{path}"\ntake = "newest"\nendpoint_url = "{s3}"', **KEYS)
    requests.put(f"{s3}/exports/out/users-1.csv", ROWS.encode()).raise_for_status()
    requests.put(f"{s3}/exports/out/users-2.csv.part", b"x").raise_for_status()

    assert BOTH == [row["Name"] for row in exports.rows()]
    tables = exports.read()
    assert 0 <= (tables.read_at - tables.as_of).total_seconds() < 60
    assert tables.counters.requests
    assert f"{path} at {s3}" == tables.system.declaration.describe_tenant({})
    [found] = exports.probe()
    assert found.startswith("users-1.csv: 0 hours old")


def test_an_object_that_is_missing_is_told(exports, s3):
    """Neither a missing object nor a missing bucket is an empty list."""
    for path, said in (
        ("exports/none.csv", "there is no such file"),
        ("nobucket/users.csv", "there is no such file"),
    ):
        exports.declare(f'path = "s3://{path}"\nendpoint_url = "{s3}"', **KEYS)

        code, text = exports.refusal()
        assert (4, True) == (code, said in text), text


def test_a_wrong_key_of_s3_is_denied(exports, s3):
    """A refused key is told as one, without the key."""
    exports.declare(f'path = "s3://exports/users.csv"\nendpoint_url = "{s3}"', **KEYS)
    requests.post(f"{s3}/moto-api/reset-auth", b"0").raise_for_status()
    try:
        code, text = exports.refusal()
    finally:
        requests.post(f"{s3}/moto-api/reset-auth", b"inf").raise_for_status()

    assert (3, False) == (code, "geheim" in text), text
    assert "the right to list and read" in text


def test_a_store_that_does_not_answer_is_unreadable(exports, monkeypatch):
    """No answer is no empty store."""
    pytest.importorskip("s3fs")
    monkeypatch.setattr(stores, "MAX_ATTEMPTS", 1)
    exports.declare('path = "s3://b/users.csv"\nendpoint_url = "http://127.0.0.1:9"', **KEYS)

    code, text = exports.refusal()
    assert (4, False) == (code, "geheim" in text), text
    assert "could not connect" in text


def test_a_secret_that_is_missing_is_named(exports):
    """Each store says which secrets it needs; a machine with a role needs none."""
    exports.declare('path = "s3://b/users.csv"', access_key_id="AKIA1")

    code, text = exports.refusal()
    assert (2, True) == (code, "SOURCES__EXPENSES__SECRET_ACCESS_KEY" in text), text
    exports.declare('path = "s3://b/users.csv"\nidentity = "machine"')
    assert {} == System(NAME).secret_names


def test_a_package_that_is_missing_is_named(exports, monkeypatch):
    """A store of an extra says which extra to install."""
    monkeypatch.setattr(stores, "find_spec", lambda name: None)
    exports.declare('path = "s3://b/users.csv"', **KEYS)

    code, text = exports.refusal()
    assert (2, True) == (code, "-m pip install 'rollcall[s3]'`" in text), text


@pytest.fixture
def sftp(tmp_path):
    """Return the address and the fingerprint of an SFTP server, which serves the folder `out`."""
    pytest.importorskip("paramiko")
    from tests.support.sftp import serve_sftp

    (tmp_path / "out").mkdir()
    with serve_sftp(tmp_path / "out") as found:
        yield found


def test_a_file_of_a_server_is_read(exports, sftp):
    """A file comes over SFTP from the server with the named key, with its time."""
    address, key = sftp
    exports.declare(
        f'path = "sftp://{address}/users-*.csv"\ntake = "newest"\nhost_key = "{key}"',
        password="geheim-7",
    )
    exports.write("out/users-1.csv", hours=3)
    exports.write("out/users-2.csv", "x", hours=4)

    tables = exports.read()
    assert BOTH == [row["Name"] for row in exports.rows()]
    assert 3 == round((tables.read_at - tables.as_of).total_seconds() / 3600)
    tenant = tables.system.declaration.describe_tenant({})
    assert f"sftp://{address.partition('@')[2]}/users-*.csv" == tenant


@pytest.mark.parametrize(
    ("password", "key", "said"),
    [("wrong-7", "", "authentication"), ("geheim-7", "SHA256:other", "another key")],
)
def test_another_server_or_password_is_denied(exports, sftp, password, key, said):
    """A server with another key does not even get the password."""
    address, own = sftp
    exports.declare(
        f'path = "sftp://{address}/users.csv"\nhost_key = "{key or own}"', password=password
    )
    exports.write("out/users.csv")

    code, text = exports.refusal()
    assert (3, True) == (code, said in text), text
    assert password not in text


def test_a_service_account_is_json(exports):
    """The key of a service account is its whole file."""
    pytest.importorskip("gcsfs")
    exports.declare('path = "gs://b/users.csv"', service_account="geheim-geheim")

    with pytest.raises(Misconfigured) as raised:
        exports.read()
    assert "it is not JSON" == raised.value.why
