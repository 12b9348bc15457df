"""`make install`: a new environment takes the place of the last one when it is complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.test_house import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a source tree that asks pip for nothing: the libraries are those of the tests."""
    tree = tmp_path / "rollcall"
    (tree / ".ci").mkdir(parents=True)
    for name in ("pipelines", "dbt_project"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "Makefile", ".ci/install.py"):
        shutil.copy(ROOT / name, tree / name)
    (tree / ".ci" / "requirements.lock").write_text("# nothing\n")
    return tree


def make(tree: Path, verb: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the Makefile without a network."""
    libraries = str(Path(duckdb.__file__).parents[1])
    settings = {"PYTHONPATH": libraries, "PIP_NO_INDEX": "1"}
    # as a person calls make, although `make test` may run this test
    clean = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", verb, f"PYTHON={sys.executable}"],
        cwd=tree,
        env=clean | settings,
        capture_output=True,
        text=True,
    )


def test_a_verb_needs_only_the_command(tree):
    """A newer lock file is no reason to install, and a missing network is none to fail."""
    command = tree / ".venv" / "bin" / "rollcall"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho it runs: $*\n")
    command.chmod(0o755)
    (tree / ".ci" / "requirements.lock").write_text("no-such-package==1\n")
    done = make(tree, "status")

    assert (0, "it runs: status\n") == (done.returncode, done.stdout), done.stderr
    assert not (tree / ".venvs").exists()


@pytest.mark.long
def test_an_install_that_fails_leaves_the_last_one(tree):
    """An earlier folder `.venv` becomes a link; a failed install changes nothing, in one sentence;
    the next one that succeeds keeps the environment before it, and no other."""
    link, lock = tree / ".venv", tree / ".ci" / "requirements.lock"
    (link / "bin").mkdir(parents=True)
    installed = make(tree, "install")
    assert 0 == installed.returncode, installed.stderr
    assert link.is_symlink() and (tree / ".venvs" / "earlier" / "bin").is_dir()
    first = link.resolve()

    lock.write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    failed = make(tree, "install")
    assert 2 == failed.returncode
    said, *_ = failed.stderr.splitlines()
    assert said.startswith("the dependencies could not be installed, and .venv is as it was: ")
    assert "no-such-package" in said
    assert first == link.resolve()
    ran = make(tree, "status")
    assert "nothing is published there yet" in ran.stderr and 2 == ran.returncode

    lock.write_text("# nothing else\n")
    assert 0 == make(tree, "install").returncode
    second = link.resolve()
    folders = {path for path in (tree / ".venvs").iterdir() if path.is_dir()}
    assert first != second and {first, second} == folders
    assert "nothing is published there yet" in make(tree, "status").stderr

    shutil.rmtree(second)
    assert "nothing is published there yet" in make(tree, "status").stderr, "it is made again"
