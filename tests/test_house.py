"""The house rules, read back from the code: who may know whom, and what may stand where."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from pipelines.sources import load_function, source_names
from pipelines.sources.write_access import writable_sources
from tests.planted.bugs import BUGS

ROOT = Path(__file__).parent.parent
PIPELINES = ROOT / "pipelines"
WRITE_ONCE = "pipelines.http.write_once"
TOP = {
    *("pyproject.toml", "pipelines", "dbt_project", "tests", "Makefile", ".dlt", "docs", ".ci"),
    *("README.md", "LICENSE", "CHANGELOG.md", ".gitignore"),
}


def imports(path: Path) -> set[str]:
    """Every module of ours that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {name for name in found if name.startswith("pipelines")}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize("source", source_names())
def test_a_source_knows_neither_another_source_nor_a_verb(source):
    others = {f"pipelines.sources.{name}" for name in {*source_names()} - {source}}
    for path in (PIPELINES / "sources" / source).glob("*.py"):
        for name in imports(path):
            assert not any(name.startswith(other) for other in others), path
            assert name.split(".")[1] in ("sources", "http", "files", "failures", "redact"), path


def test_nothing_outside_a_source_names_one():
    """A new source touches its own folders: no verb, no mart, no macro, no Makefile."""
    files = [path for path in PIPELINES.rglob("*.py") if "sources" not in path.parts]
    files += [*(ROOT / "dbt_project" / "macros").glob("*.sql")]
    files += [*(ROOT / "dbt_project" / "models" / "marts").rglob("*.sql"), ROOT / "Makefile"]
    files += [*(ROOT / "dbt_project" / "models" / "intermediate").rglob("*.sql")]

    for path in files:
        for source in source_names():
            assert f"{source}" not in path.read_text().lower(), path


def test_no_model_asks_for_the_time_or_for_anything_outside_the_warehouse():
    """What is built depends on what is in the warehouse alone: `built` relies on it."""
    asked = re.compile(
        r"\b(now|today|get_current_\w+|random|uuid|getenv|env_var|read_\w+)\("
        r"|\b(current_(date|time|timestamp)|run_started_at|invocation_id)\b"
    )
    for path in (ROOT / "dbt_project").rglob("*.sql"):
        said = re.sub(r"--.*|\{#.*?#\}|'[^']*'", "", path.read_text())
        assert not asked.search(said), path


def test_production_code_has_no_test_mode():
    for path in PIPELINES.rglob("*.py"):
        text = path.read_text().lower()
        assert "sandbox" not in text and "pytest" not in text, path


def test_the_top_level_is_the_agreed_one():
    files = tracked()
    if not files:
        pytest.skip("not a git checkout: there is no list of files to compare")

    assert {name.split("/")[0] for name in files} <= TOP


def test_the_lock_names_no_address():
    lock = (ROOT / ".ci" / "requirements.lock").read_text()

    assert "--hash=sha256:" in lock
    assert "://" not in lock and "--index" not in lock


@pytest.mark.parametrize("source", source_names())
def test_every_source_offers_what_the_verbs_need(source):
    """The functions of docs/adding-a-source.md, and a place in the dbt project."""
    assert "@dlt.source(" in (PIPELINES / "sources" / source / "__init__.py").read_text()
    for name in ("source", "connect", "tenant"):
        assert load_function(source, name)
    assert load_function(source, "probes", "check")
    if source in writable_sources():
        assert load_function(source, "write_probes", "check")
        assert load_function(source, "connect", "writer")
        assert load_function(source, "tenant", "writer")
    assert (ROOT / "dbt_project" / "models" / "staging" / source).is_dir()
    settings = (ROOT / "dbt_project" / "dbt_project.yml").read_text()
    [sources] = re.findall(r"^  sources: \[(.*)\]$", settings, re.M)
    assert source in sources.split(", "), "nothing of it would be published"


def test_only_writers_send_what_changes_something():
    users = {path for path in PIPELINES.rglob("*.py") if WRITE_ONCE in imports(path)}

    assert users == {PIPELINES / "sources" / name / "writer.py" for name in writable_sources()}


def test_every_planted_bug_still_fits_the_code():
    assert [] == [bug.name for bug in BUGS if bug.old not in (ROOT / bug.file).read_text()]
