"""`init` writes what a newcomer fills in, never over a file, and the line that cron runs."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from pipelines.policy.company_files import Rules, read_policy
from pipelines.sources import find_offer, source_names
from pipelines.sources.registry import list_credentials, source_options
from tests.support.product import Rollcall

WRITTEN = [".dlt/secrets.toml", "reviews/policy.toml"]


@pytest.fixture
def new(rollcall) -> Rollcall:
    """Return Rollcall in a folder without any setting."""
    rollcall.environment = {"WAREHOUSE": str(rollcall.warehouse)}
    return rollcall


def start(rollcall: Rollcall, *arguments: str, **settings: str) -> tuple[int, str]:
    """Run a command in a process of its own, which reads `.dlt/` anew."""
    process = rollcall.start(*arguments, **settings)
    out, err = process.communicate()
    return process.returncode, out + err


def find_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("sources", [(), ("charthop", "okta")], ids=str)
def test_new_files_are_private_and_accepted(new, sources):
    """The files are the owner's only, and `check` finds no mistake: nothing is configured yet."""
    result = new.run("init", *sources)

    assert (0, "") == (result.code, result.err)
    for name in WRITTEN:
        assert f"written: {name}" in result.out
        assert 0o600 == find_mode(new.home / name)
    assert 0o700 == find_mode(new.home / ".dlt")
    text = (new.home / ".dlt" / "secrets.toml").read_text()
    for source in source_names():
        assert (f"\n[sources.{source}]\n" in text) == (source in sources)
        assert (f"\n# [sources.{source}]\n" in text) == (not sources)
    code, said = start(new, "check")
    assert 2 == code and "fail" not in said and "warn" not in said
    assert len(source_names()) == said.count("settings: not configured")


@pytest.mark.long
def test_a_section_that_is_filled_in_is_synced(new, published):
    """Filled in with a tenant's settings, what `init` wrote is all that a sync needs."""
    published.leave_parsed(new.warehouse)
    new.run("init", "okta")
    path = new.home / ".dlt" / "secrets.toml"
    text = path.read_text()
    for name, value in new.sandbox.environment().items():
        if name.startswith("SOURCES__OKTA__"):
            line = f"{name.split('__')[-1].lower()} = "
            assert f'\n{line}""' in text, "every setting of the tenant has its line"
            text = text.replace(f'\n{line}""', f'\n{line}"{value}"')
    path.write_text(text)

    assert "ok   okta: users" in start(new, "check", "okta")[1]
    code, said = start(new, "sync", "--quiet")

    assert 0 == code, said
    assert 0 < new.column("select count(*) from accounts where source_name = 'okta'")[0]


def test_what_is_there_is_left_as_it_is(new):
    """A file that exists is not touched; its name is printed, and the sections to add."""
    mine = '[sources.okta]\ndomain = "acme.okta.com"\n'
    (new.home / ".dlt").mkdir()
    (new.home / ".dlt" / "secrets.toml").write_text(mine)

    result = new.run("init", "pingone")

    assert mine == (new.home / ".dlt" / "secrets.toml").read_text()
    assert "left as it is: .dlt/secrets.toml" in result.out
    assert "written: reviews/policy.toml" in result.out
    assert '[sources.pingone]\nenvironment_id = ""' in result.out
    again = new.run("init", "--json").document
    assert ([], WRITTEN) == (again["written"], again["left"])


def test_a_link_is_not_followed(new):
    """A link in a file's place stays a link, and nothing is written where the link leads."""
    (new.home / ".dlt").mkdir()
    (new.home / ".dlt" / "secrets.toml").symlink_to(new.home / "elsewhere.toml")

    result = new.run("init")

    assert 0 == result.code and "left as it is: .dlt/secrets.toml" in result.out
    assert not (new.home / "elsewhere.toml").exists()


@pytest.mark.parametrize("place", ["a file", "a link", "no folder can be made"])
def test_a_folder_that_cannot_be_is_named(new, place):
    """A file or a dead link in a folder's place, and a folder that cannot be made, exit with 6."""
    settings = {}
    if place == "a file":
        (new.home / "reviews").write_text("")
    elif place == "a link":
        (new.home / "reviews").symlink_to(new.home / "nowhere")
    else:
        settings["REVIEW__FOLDER"] = "/proc/reviews"

    result = new.run("init", **settings)

    assert 6 == result.code
    assert "/reviews: " in result.err and "next: make that folder" in result.err


def test_an_unknown_source_is_answered(new):
    """A mistyped source is named with the nearest one, and nothing is written."""
    result = new.run("init", "okat")

    assert (2, True) == (result.code, "did you mean okta?" in result.err)
    assert [] == [*new.home.iterdir()]


def test_the_rules_are_examples_that_hold(tmp_path):
    """Without its comment marks the new policy.toml is accepted, and has every section."""
    from pipelines.cli.init.policy_file import POLICY_TEXT

    text = re.sub(r"^# (?=\[|\w+ = )", "", POLICY_TEXT, flags=re.MULTILINE)
    (tmp_path / "policy.toml").write_text(text)

    assert read_policy(tmp_path)["separation_rules"]
    for name in Rules.model_fields:
        assert f"\n[{name}]" in text or f"\n[[{name}]]" in text


@pytest.mark.parametrize("source", source_names())
def test_each_setting_to_fill_in_is_described(source):
    """A source describes every setting that it needs, and none that it does not have."""
    about, options = find_offer(source, "SETTINGS"), source_options(source)
    needed = {name for name, option in options.items() if option.required}

    assert needed | {name for way in list_credentials(source) for name in way} <= {*about}
    assert {*about} <= {*options}


def test_the_line_for_cron_runs_as_printed(new, tmp_path):
    """A shell runs the printed line from any folder, as cron does, with the settings in the file.

    Cron reads `\\%` as a percent sign.
    """
    home = new.home / "acme 100% o'neil"
    home.mkdir()
    new.home = home
    line = start(new, "init", "okta")[1].splitlines()[-1]

    minute, *hours, command = line.split(maxsplit=5)
    assert "17" == minute and ["*"] * 4 == hours and "%" not in command.replace(r"\%", "")
    clean = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ.get("PYTHONPATH", str(Path.cwd()))}
    ended = subprocess.run(
        ["sh", "-c", command.replace(r"\%", "%")], cwd="/", env=clean, capture_output=True
    )

    assert (2, b"", b"") == (ended.returncode, ended.stdout, ended.stderr)
    assert "no source is configured" in (home / "rollcall.log").read_text()
