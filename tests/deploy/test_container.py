"""The image of docs/deploy/, built and run with the commands of its page.

The base is made by mmdebstrap, because a registry may not be in reach.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.deploy import DEPLOY
from tests.sandbox import Sandbox

ROOT = DEPLOY.parents[1]
NEEDED = ("podman", "mmdebstrap", "crun", "unshare")
PACKAGES = "python3,python3-venv,ca-certificates"

# podman for the commands of the page: with a storage of its own, the machine's way to its package
# index, and no more than a user of a virtual machine may set.
PODMAN = """\
#!/bin/sh
verb=$1 && shift
case $verb in
build) set -- --network host --isolation chroot --build-arg BASE=localhost/base {volumes} "$@" ;;
run) set -- --network host --cgroups disabled \
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@" ;;
esac
exec {podman} --root {storage} --runroot {storage}-run --cgroup-manager cgroupfs "$verb" "$@"
"""
# crun knows no hybrid of both versions of cgroups.
ONE_VERSION = """\
if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    umount -R -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
"""
OF_THE_MACHINE = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/ssl/certs/ca-certificates.crt")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can make the base of an image"),
    *(
        pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed")
        for name in NEEDED
    ),
]


class Machine:
    """A copy of the repository on a machine with podman, where commands are run in a shell."""

    def __init__(self, home: Path) -> None:
        self.tree, self.storage = home / "tree", home / "storage"
        files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
        for name in files.rstrip("\0").split("\0"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.tree / name)
        volumes = [f"--volume {path}:{path}:ro" for path in OF_THE_MACHINE if Path(path).exists()]
        self.programs = home / "bin"
        self.programs.mkdir()
        podman = self.programs / "podman"
        podman.write_text(
            PODMAN.format(
                volumes=" ".join(volumes), storage=self.storage, podman=shutil.which("podman")
            )
        )
        podman.chmod(0o755)

    def run(self, line: str) -> str:
        """Run a line of shell at the top of the copy, and return its output. It must succeed."""
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", ONE_VERSION + line],
            cwd=self.tree,
            env=os.environ | {"PATH": f"{self.programs}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert 0 == done.returncode, f"{line}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    # Not pytest's own folder, because podman accepts 50 characters at most.
    with TemporaryDirectory(prefix="rollcall-") as folder:
        machine, base = Machine(Path(folder)), Path(folder) / "base.tar"
        machine.run(f"mmdebstrap --quiet --variant=minbase --include={PACKAGES} bookworm {base}")
        machine.run(f"podman import --quiet {base} localhost/base")
        yield machine
        machine.run("podman system reset --force")


def test_the_image_syncs_as_its_page_says(machine):
    """Every command of the page works: build, secret, and a sync with nothing but the volume to
    write to, as a user without rights."""
    page = (DEPLOY / "README.md").read_text()
    section = page[page.index("## A container") : page.index("## Kubernetes")]
    [block] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    build, secret, sync = block.splitlines()
    with Sandbox() as sandbox:
        configure(machine.tree, sandbox)
        machine.run(build)
        machine.run(secret)
        said = machine.run(sync.replace("--rm", "--rm --read-only-tmpfs=false --cap-drop all"))

    assert "published: /var/lib/rollcall/data/access.duckdb" in said
    volume = Path(machine.run("podman volume inspect rollcall --format '{{.Mountpoint}}'").strip())
    warehouse = volume / "data" / "access.duckdb"
    assert (10001, 0o400) == (warehouse.stat().st_uid, warehouse.stat().st_mode & 0o777)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) > 10 from accounts").fetchone() == (True,)
    look_into(machine, sandbox.company.charthop.token)


def configure(tree: Path, sandbox: Sandbox) -> None:
    """Leave only ChartHop in the settings of the page, and lead it to the sandbox."""
    file = tree / "docs" / "deploy" / "container.env"
    settings = sandbox.environment()
    kept = [line for line in file.read_text().splitlines() if "CHARTHOP" in line or "OWNER" in line]
    own = [
        f"{name}={settings[name]}" for name in settings if name.endswith(("P__BASE_URL", "ORG_ID"))
    ]
    file.write_text("\n".join([*kept, *own]) + "\n")
    (tree / "charthop_api_token").write_text(settings["SOURCES__CHARTHOP__API_TOKEN"] + "\n")


def look_into(machine: Machine, token: str) -> None:
    """Check that the image has a numeric user, no tool to build with, and no secret."""
    image = "podman image inspect rollcall"
    assert "10001:10001" == machine.run(image + " --format '{{.User}}'").strip()
    look = "for tool in pip cc gcc make git; do command -v $tool; done; ls -d"
    look += " /opt/rollcall/bin/pip /opt/rollcall/lib/python3*/site-packages/tests || true"
    found = machine.run(f"podman run --rm --read-only --entrypoint /bin/sh rollcall -c '{look}'")
    assert 2 == found.count("No such file") == len(found.splitlines()), found
    assert token not in machine.run(f"podman history --no-trunc rollcall; {image}")
