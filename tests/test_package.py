"""The wheel: what is in it, and that it runs from any directory, without the source tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.sandbox import Sandbox
from tests.support.product import FAST
from tests.test_house import ROOT, tracked

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
[INSTALL] = [block for block in BLOCKS if "pip wheel" in block]
LEFT_BEHIND = (  # what people and tools leave in a work tree
    ".dlt/secrets.toml",
    "data/access.duckdb",
    "dbt_project/access.duckdb",
    "dbt_project/target/manifest.json",
    "pipelines/access.duckdb.wal",
    "pipelines/report/review.csv",
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a source tree of our own, with the files that a build reads."""
    tree = tmp_path / "source"
    for name in ("pipelines", "dbt_project", "tests", "docs", ".dlt"):
        ignored = shutil.ignore_patterns("__pycache__", "*.duckdb*", "target", "fixtures")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    return tree


def build(tree: Path, kind: str) -> Path:
    """Build a `wheel` or an `sdist` without a network, and return its path."""
    code = f"import hatchling.build; print(hatchling.build.build_{kind}('dist'))"
    name = subprocess.check_output([sys.executable, "-c", code], cwd=tree, text=True)
    return tree / "dist" / name.splitlines()[-1]


def test_the_wheel_has_the_product_and_nothing_else(source):
    """Every file of `pipelines` and `dbt_project` is packed; tests, data and secrets never are."""
    for name in LEFT_BEHIND:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("personal data")
    with zipfile.ZipFile(build(source, "wheel")) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    with tarfile.open(build(source, "sdist")) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}

    product = {name.replace("pipelines/dbt_project/", "dbt_project/") for name in packed}
    assert set() == {*LEFT_BEHIND} & (product | sources)
    assert {"pipelines", "dbt_project"} == {name.split("/")[0] for name in product}
    around = {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"}
    assert product | around == sources
    if files := tracked():
        assert product == {one for one in files if one.startswith(("pipelines/", "dbt_project/"))}


@pytest.mark.long
def test_the_installed_wheel_runs_anywhere(source, tmp_path):
    """README's lines install the wheel. It syncs, exports and reports for a project elsewhere, and
    writes nothing into the installed package."""
    opt, project, home, elsewhere = (tmp_path / name for name in ("opt", "project", "home", "cwd"))
    for folder in (project, home, elsewhere):
        folder.mkdir()
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "HOME": str(home)}
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "SOURCES__", "ROLLCALL_"))
    }
    python = opt / ".venv" / "bin" / "python"
    for line in INSTALL.splitlines():
        line = line.replace("/opt/rollcall", str(opt)).replace("python3", sys.executable)
        subprocess.run(["sh", "-ec", line], cwd=source, env=clean | offline, check=True)
        if line.endswith(".venv"):  # what is installed here stands for what pip would download
            [packages] = (opt / ".venv").glob("lib/*/site-packages")
            shutil.rmtree(packages / "setuptools", ignore_errors=True)  # Python 3.11 has an old one
            for old in packages.glob("setuptools-*"):
                shutil.rmtree(old)
            (packages / "here.pth").write_text(f"{Path(duckdb.__file__).parents[1]}\n")
    shutil.rmtree(source)
    package = packages / "pipelines"
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*")}
    for path in (package, *before):
        path.chmod(path.stat().st_mode & ~0o222)

    def run(*arguments: str, **settings: str) -> str:
        ended = subprocess.run(
            [opt / ".venv" / "bin" / "rollcall", *arguments],
            cwd=elsewhere,
            env=clean | offline | {"ROLLCALL_PROJECT_DIR": str(project)} | settings,
            capture_output=True,
            text=True,
        )
        assert 0 == ended.returncode, ended.stderr
        return ended.stdout

    found = subprocess.check_output(
        [python, "-c", "import pipelines; print(pipelines.__file__)"], cwd=elsewhere, env=clean
    )
    assert str(package / "__init__.py") == found.decode().strip()
    with Sandbox() as sandbox:
        run("sync", **sandbox.environment(), **FAST)
    assert "pingone" in run("status")
    run("report")
    assert run("export")
    review = next((project / "data" / "exports").glob("*/access_review.csv"))
    assert len(review.read_text().splitlines()) > 50
    assert (project / "data" / "report.html").exists()
    assert before == {path: path.stat().st_mtime_ns for path in package.rglob("*")}
    assert [] == [*elsewhere.iterdir()]
