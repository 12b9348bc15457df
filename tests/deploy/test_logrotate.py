"""docs/deploy/logrotate, carried out by logrotate."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess

import pytest

from tests.deploy import DEPLOY

LOGROTATE = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")

pytestmark = pytest.mark.skipif(not LOGROTATE, reason="logrotate is not installed")


def test_the_log_is_rotated_and_readable_by_its_owner(tmp_path):
    """logrotate accepts the file as it stands, and rotates the log into one of the right mode."""
    log, rules = tmp_path / "rollcall.log", tmp_path / "rules"
    log.write_text("a line\n")
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = (DEPLOY / "logrotate").read_text()
    text = text.replace("/var/log/rollcall.log {", f"{log} {{")
    rules.write_text(text.replace(" rollcall adm", f" {user} {group}"))
    tmp_path.chmod(0o755)  # logrotate refuses a folder that others can write to
    rules.chmod(0o644)

    state = tmp_path / "state"
    done = subprocess.run(
        [str(LOGROTATE), "--force", "--state", str(state), str(rules)],
        capture_output=True,
        text=True,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert ("", "a line\n") == (log.read_text(), (tmp_path / "rollcall.log.1").read_text())
    assert 0o640 == log.stat().st_mode & 0o7777
