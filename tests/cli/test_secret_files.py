"""Secrets in files: `NAME_FILE` names the file that holds the setting `NAME`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.test_secrets import plant
from tests.support.product import Rollcall
from tests.support.wanted import may_write

TOKEN = "SOURCES__CHARTHOP__API_TOKEN"
SECRETS = ("API_TOKEN", "CLIENT_SECRET", "CLIENT_ID")


def put_into_files(rollcall: Rollcall) -> dict[str, Path]:
    """Move every credential from the environment into a file, as a Secret of Kubernetes does."""
    folder = rollcall.home / "secrets"
    folder.mkdir(mode=0o700)
    files = {}
    for name in [name for name in rollcall.environment if name.endswith(SECRETS)]:
        files[name] = folder / name.lower()
        files[name].write_text(rollcall.environment.pop(name) + "\n")
        files[name].chmod(0o440)
        rollcall.environment[f"{name}_FILE"] = str(files[name])
    return files


@pytest.mark.long
def test_a_sync_takes_every_secret_from_a_file(rollcall):
    """With all credentials in files, a sync and `check` work as with variables."""
    plant(rollcall)
    assert 6 <= len(put_into_files(rollcall))

    rollcall.sync()

    checked = rollcall.run("check", "--json")
    assert 0 == checked.code, checked.out
    own = [one["verdict"] for one in checked.document["findings"] if one["source"] == "settings"]
    assert ["ok"] * len(own) == own and 6 <= len(own)


def test_write_credentials_come_from_files(rollcall):
    """Write credentials in files are found, and only the files' paths are in the environment."""
    rollcall.environment |= may_write(rollcall).environment
    secrets = [path.read_text().strip() for path in put_into_files(rollcall).values()]

    checked = rollcall.run("check", "pingone", "--json")

    assert "write: rights" in [one["what"] for one in checked.document["findings"]]
    assert not set(secrets) & set(rollcall.environment.values())


def test_a_file_wins_over_the_settings_files(rollcall):
    """A secret file replaces the value in `.dlt/secrets.toml`, as a variable does."""
    put_into_files(rollcall)
    toml = rollcall.home / ".dlt" / "secrets.toml"
    toml.parent.mkdir()
    toml.write_text('[sources.charthop]\napi_token = "an old one"\n')
    toml.chmod(0o600)

    checking = rollcall.start("check", "charthop")
    printed, errors = checking.communicate()

    assert 0 == checking.returncode, printed + errors


@pytest.mark.parametrize(
    ("content", "kept"),
    [("kept\n", "kept"), ("kept\r\n", "kept"), ("kept", "kept"), ("kept\n\n", "kept\n")],
    ids=["newline", "Windows", "none", "two newlines"],
)
def test_one_newline_at_the_end_is_removed(tmp_path, monkeypatch, content, kept):
    """The newline that editors and `echo` write is no part of a secret. A second one is."""
    import dlt

    from pipelines import settings as settings

    (tmp_path / "secret").write_bytes(content.encode())
    monkeypatch.setenv("REVIEW__SEAL_KEY_FILE", str(tmp_path / "secret"))

    assert kept == dlt.secrets.get("review.seal_key")
    monkeypatch.setenv("REVIEW__SEAL_KEY_FILE", "")
    assert None is dlt.secrets.get("review.seal_key")


def missing(path: Path) -> str:
    return "cannot be read: no such file or directory"


def empty(path: Path) -> str:
    path.write_text("\n")
    return "is empty"


def folder(path: Path) -> str:
    path.mkdir()
    return "is not a regular file"


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "is not a regular file"


def binary(path: Path) -> str:
    path.write_bytes(b"\xff\xfe\x00secret")
    return "is not UTF-8 text"


@pytest.mark.parametrize("trouble", [missing, empty, folder, pipe, binary])
@pytest.mark.parametrize("variable", [TOKEN, "NOTIFY__URLS", "HEALTHCHECK__URL"])
def test_a_file_that_cannot_be_read_is_named(rollcall, variable, trouble):
    """A file that is not there, empty or no text ends the command before any request (exit 2)."""
    rollcall.environment.pop(variable, None)
    path = rollcall.home / "secret"
    why = trouble(path)

    result = rollcall.run("sync", **{f"{variable}_FILE": str(path)})

    assert 2 == result.code
    assert f"{variable}_FILE: the file {path} {why}\n" in result.err
    assert "  next: correct " in result.err and not rollcall.sandbox.charthop.log


def test_a_secret_that_is_given_twice_is_refused(rollcall):
    """A variable beside its file is refused, because one of them would silently not be used."""
    path = rollcall.home / "secret"
    path.write_text("another token")

    result = rollcall.run("sync", **{f"{TOKEN}_FILE": str(path)})

    assert 2 == result.code and f"unset {TOKEN}" in result.err
    assert "another token" not in result.err


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [
        ("SOURCES__CHARTHOP__API_TOKN_FILE", "did you mean api_token?"),
        ("SOURCE__CHARTHOP__API_TOKEN_FILE", "did you mean sources?"),
        ("NOTIFY__URL_FILE", "did you mean urls?"),
        ("REVIEW__SEALKEY_FILE", "did you mean seal_key?"),
    ],
)
def test_a_misspelt_name_of_a_file_is_refused(rollcall, variable, remedy):
    """A misspelt name would silently leave the secret out."""
    path = rollcall.home / "secret"
    path.write_text("something")

    result = rollcall.run("sync", **{variable: str(path)})

    assert 2 == result.code and remedy in result.err and variable in result.err


def test_variables_of_other_programs_are_left_alone(rollcall):
    """A file variable without one of Rollcall's sections is another program's."""
    others = ("CLIENT_SECRET_FILE", "TIMEZONE_FILE", "MY__TOKEN_FILE")

    result = rollcall.run("check", "charthop", **dict.fromkeys(others, "/nowhere"))

    assert 0 == result.code, result.err


def test_check_warns_of_a_file_that_others_can_read(rollcall):
    """`check` warns of a secret that every user of the machine can read, not of the group's."""
    files = put_into_files(rollcall)
    files[TOKEN].chmod(0o644)

    findings = rollcall.run("check", "charthop", "--json").document["findings"]

    [found] = [one for one in findings if one["verdict"] == "warn" and one["source"] == "settings"]
    assert (str(files[TOKEN]), f"chmod 640 {files[TOKEN]}") == (found["what"], found["next"])


def test_a_secret_from_a_file_is_never_printed(rollcall):
    """A file under the wrong name is refused without its content."""
    path = rollcall.home / "secret"
    path.write_text("kept-in-a-file")

    result = rollcall.run("sync", SYNC__MAX_HOURS_FILE=str(path))

    assert 2 == result.code and "SYNC__MAX_HOURS" in result.err
    assert "kept-in-a-file" not in result.err
