"""docs/deploy/README.md: its links, its files and its commands."""

from __future__ import annotations

import re
import shlex
import subprocess

from pipelines.__main__ import _parser
from tests.deploy import DEPLOY

ROOT = DEPLOY.parents[1]
PAGE = (DEPLOY / "README.md").read_text()
LINES = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).splitlines()


def test_every_link_of_the_page_leads_somewhere():
    """The page links to files, and to headings of itself and of others."""
    for name, heading in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", PAGE):
        path = DEPLOY / name if name else DEPLOY / "README.md"
        assert path.exists(), name
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M) if heading else []
        slugs = [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings]
        assert not heading or heading in slugs, heading


def test_every_file_of_a_command_is_there():
    """Every file of the repository that a command names is there."""
    named = {word for line in LINES for word in shlex.split(line) if word.startswith("docs/")}

    assert 6 <= len(named)
    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_the_commands_of_rollcall_are_known():
    """The verbs and flags in the commands of the page are Rollcall's."""
    calls = [line.split("rollcall ")[-1] for line in LINES if "/bin/rollcall" in line]
    calls += [line.split(" rollcall ")[-1] for line in LINES if line.startswith("podman run")]

    for call in calls:
        _parser().parse_args(shlex.split(call))
    assert 2 == len(calls)


def test_the_files_are_copied_to_their_places(tmp_path):
    """The commands that copy the units and the rules of logrotate do so."""
    units = tmp_path / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    (tmp_path / "etc" / "logrotate.d").mkdir()
    copies = [line for line in LINES if line.startswith("sudo cp ")]

    for line in copies:
        here = line.removeprefix("sudo ").replace(" /etc/", f" {tmp_path}/etc/")
        subprocess.run(shlex.split(here), cwd=ROOT, check=True)

    assert (units / "rollcall-.service.d" / "hardening.conf").exists()
    assert (units / "rollcall-sync.timer").exists()
    assert (tmp_path / "etc" / "logrotate.d" / "rollcall").is_file()
