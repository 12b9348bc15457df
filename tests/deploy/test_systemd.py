"""The units of docs/deploy/systemd/, judged by systemd itself."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy import DEPLOY

UNITS = DEPLOY / "systemd"
HIGHEST_EXPOSURE = 1.5  # of 10

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze (Debian: systemd) is not installed"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the root of a machine that has the units and a program to start."""
    shutil.copytree(UNITS, tmp_path / "etc" / "systemd" / "system")
    program = tmp_path / "opt" / "rollcall" / ".venv" / "bin" / "rollcall"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    return tmp_path


def analyze(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def find_complaints(root: Path) -> str:
    """Return what `systemd-analyze verify` says of the units, where the program is in `root`."""
    folder = root / "etc" / "systemd" / "system"
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace("=/opt/", f"={root}/opt/"))
    units = [str(path) for path in folder.iterdir() if path.is_file()]
    own_and_others = f"{folder}:"  # the colon adds the units of this machine
    done = analyze("verify", *units, SYSTEMD_UNIT_PATH=own_and_others)
    ours = [line for line in done.stdout.splitlines() if "rollcall" in line]
    return "\n".join(ours) or ("" if done.returncode == 0 else done.stdout)


def test_systemd_accepts_the_units(root):
    """`systemd-analyze verify` finds nothing wrong in the units, and would find a misspelt name."""
    assert "" == find_complaints(root)

    common = root / "etc" / "systemd" / "system" / "rollcall-.service.d" / "hardening.conf"
    common.write_text(common.read_text().replace("ProtectHome", "ProtectHouse"))
    assert "'ProtectHouse'" in find_complaints(root)


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_the_services_are_hardened(root, unit):
    """systemd rates the exposure of every service as low."""
    limit = f"--threshold={HIGHEST_EXPOSURE * 10:.0f}"

    done = analyze("security", "--offline=true", f"--root={root}", limit, unit)

    assert 0 == done.returncode, done.stdout
    assert "OK" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", ["rollcall-sync", "rollcall-push"])
def test_a_timer_makes_up_for_a_missed_run(name):
    """A machine that was off runs the sync when it is back, at a second of its own."""
    timer = configparser.ConfigParser()
    timer.optionxform = str
    timer.read(UNITS / f"{name}.timer")

    assert "true" == timer["Timer"]["Persistent"] and timer["Timer"]["RandomizedDelaySec"]
    assert 0 == analyze("calendar", timer["Timer"]["OnCalendar"]).returncode
    assert (UNITS / f"{name}.service").exists()


def test_a_watch_is_not_started_again_in_vain():
    """A watch starts again after a failure, except after those that trying again cannot mend."""
    text = (UNITS / "rollcall-watch.service").read_text()

    assert "Restart=on-failure\nRestartPreventExitStatus=2 3 6\n" in text
