"""The house rules, checked against the code: which package imports which, and what may be where."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.settings import SECTIONS
from pipelines.sources import DECLARED, load_function, source_names
from pipelines.sources.write_access import writable_sources
from tests.planted.bugs import BUGS

ROOT = Path(__file__).parent.parent
PIPELINES = ROOT / "pipelines"
TOP = {
    *("pyproject.toml", "pipelines", "dbt_project", "tests", "Makefile", ".dlt", "docs", ".ci"),
    *("README.md", "CONTRIBUTING.md", "LICENSE", "CHANGELOG.md", ".gitignore"),
}

GROUND = {
    *("clock", "failures", "project", "redact", "secret_files", "settings", "sql", "sql_text"),
    "words",
}
DATA = {"warehouse", "policy", "sources", "files", *GROUND}
# Package -> the packages that it may import; a vendor's folder is a package of its own
MAY_IMPORT = {
    "__main__": {"cli", "monitoring", "files", *GROUND},
    "cli": {
        *("monitoring", "unattended", "sync", "review", "write_back", "push", "export", "report"),
        *("spark", *DATA),
    },
    "monitoring": {"sync", *DATA},
    "unattended": {"sync", "write_back", "push", "http", *DATA},
    "sync": {"write_back", "push", "http", *DATA},
    "push": DATA,
    "review": DATA,
    "write_back": DATA | {"http"},
    "export": DATA,
    "report": DATA,
    "warehouse": {"policy", "spark", "files", *GROUND},
    "spark": {"files", *GROUND},
    "policy": {"files", "failures", "settings", "sql"},
    **{
        f"sources.{name}": {"sources", "http", "files", *GROUND}
        for name in (*source_names(), DECLARED)
    },
    "sources": {"http", "files", *GROUND},
    "http": {"files", *GROUND},
    "files": {"failures", "settings"},
    "settings": {"failures", "secret_files"},
    "secret_files": {"failures", "redact"},
    "project": {"failures"},
    "sql_text": {"failures", "redact", "sql"},
    **{name: set() for name in ("clock", "failures", "redact", "sql", "words")},
}


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(PIPELINES.rglob("*.py"))}


def imported_names(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every module of ours that a file imports, lazily too, and the name taken from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        found = []
        if isinstance(node, ast.Import):
            found = [(name.name, "") for name in node.names]
        if isinstance(node, ast.ImportFrom):
            found = [("." * node.level + (node.module or ""), name.name) for name in node.names]
        yield from (pair for pair in found if pair[0].split(".")[0] in ("pipelines", ""))


def imported_modules(path: Path) -> set[str]:
    """Return the modules of ours that a file imports. The version in `pipelines` is for all."""
    names = {(module, f"{module}.{name}") for module, name in imported_names(path)}
    return {full if full in MODULES else module for module, full in names} - {"pipelines"}


def package_of(module: str) -> str:
    parts = module.split(".")[1:]
    is_folder = parts[0] == "sources" and parts[1:2] and parts[1] in (*source_names(), DECLARED)
    return ".".join(parts[:2] if is_folder else parts[:1])


GRAPH = {name: imported_modules(path) for name, path in MODULES.items() if name != "pipelines"}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package):
    """Verbs do not import each other, no source imports another, and all may import the basics."""
    for module, imported in GRAPH.items():
        if package_of(module) == package:
            others = {name: package_of(name) for name in imported}
            allowed = MAY_IMPORT[package] | {package}
            assert {} == {n: p for n, p in others.items() if p not in allowed}, module


def test_every_module_is_in_the_table():
    """Every module belongs to a package of the table."""
    assert {package_of(module) for module in GRAPH} == {*MAY_IMPORT}


def test_modules_and_packages_are_free_of_circles():
    """Neither modules nor packages import each other in a circle."""
    TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names the circle
    packages: dict[str, set[str]] = {}
    for module, imported in GRAPH.items():
        others = {package_of(name) for name in imported} - {package_of(module)}
        packages.setdefault(package_of(module), set()).update(others)
    TopologicalSorter(packages).prepare()


def test_only_a_writer_of_a_source_may_write_to_a_vendor():
    """Only a source's writer imports the code that sends writes."""
    importers = {name for name, found in GRAPH.items() if "pipelines.http.write_once" in found}

    assert importers <= {f"pipelines.sources.{name}.writer" for name in source_names()}


def test_a_sync_knows_of_write_back_only_how_to_collect_journals():
    """A sync uses nothing of write-back but the collection of journals."""
    for module, imported in GRAPH.items():
        if package_of(module) == "sync":
            used = {name for name in imported if package_of(name) == "write_back"}
            assert used <= {"pipelines.write_back.collect"}, module


@pytest.mark.parametrize("module", MODULES)
def test_every_import_of_ours_resolves(module):
    """Every import resolves. Few tests run lazy imports, which would otherwise fail for a user."""
    for name, attribute in imported_names(MODULES[module]):
        found = importlib.import_module(name)
        assert not attribute or hasattr(found, attribute) or find_spec(f"{name}.{attribute}")


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=str)
def test_help_needs_none_of_the_slow_libraries(arguments):
    """--help imports neither dlt, dbt, DuckDB nor sqlglot."""
    run = f"sys.argv[1:] = {arguments}; main()" if arguments else ""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print({'dlt', 'dbt', 'duckdb', 'sqlglot'} & {*sys.modules}))\n"
        f"from pipelines.__main__ import main\n{run}"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)

    assert "set()" == printed.splitlines()[-1]


def test_files_are_short_and_folders_are_small():
    """Every file of the product has fewer than 300 lines, every folder at most 15 modules."""
    lines = {name: path.read_text().count("\n") for name, path in MODULES.items()}
    assert {} == {name: count for name, count in lines.items() if count >= 300}

    folders = [path.parent for path in MODULES.values() if path.name != "__init__.py"]
    assert set() == {folder for folder in folders if folders.count(folder) > 15}


def test_nothing_outside_a_source_names_one():
    """A new source needs its own folders only: no verb, mart, macro or Makefile names it."""
    files = [path for path in PIPELINES.rglob("*.py") if "sources" not in path.parts]
    files += [*(ROOT / "dbt_project" / "macros").glob("*.sql")]
    files += [*(ROOT / "dbt_project" / "models" / "marts").rglob("*.sql"), ROOT / "Makefile"]
    files += [*(ROOT / "dbt_project" / "models" / "intermediate").rglob("*.sql")]

    for path in files:
        for source in source_names():
            assert f"{source}" not in path.read_text().lower(), path


def test_models_depend_on_the_warehouse_alone():
    """No model asks for the time or reads a file: `dbt_unchanged` relies on that."""
    outside = re.compile(
        r"\b(now|today|get_current_\w+|random|uuid|getenv|env_var|read_\w+)\("
        r"|\b(current_(date|time|timestamp)|run_started_at|invocation_id)\b"
    )
    for path in (ROOT / "dbt_project").rglob("*.sql"):
        sql = re.sub(r"--.*|\{#.*?#\}|'[^']*'", "", path.read_text())
        assert not outside.search(sql), path


def test_production_code_has_no_test_mode():
    """The product does not know its tests."""
    for path in PIPELINES.rglob("*.py"):
        text = path.read_text().lower()
        assert "sandbox" not in text and "pytest" not in text, path


def test_the_top_level_is_the_agreed_one():
    """The repository's top level has only the agreed files and folders."""
    files = tracked()
    if not files:
        pytest.skip("not a git checkout: there is no list of files to compare")

    assert {name.split("/")[0] for name in files} <= TOP


def test_the_lock_names_no_address():
    """The lock file has digests, and no address of a package index."""
    lock = (ROOT / ".ci" / "requirements.lock").read_text()

    assert "--hash=sha256:" in lock
    assert "://" not in lock and "--index" not in lock


@pytest.mark.parametrize("source", source_names())
def test_every_source_offers_what_the_verbs_need(source):
    """Every source has the functions of docs/adding-a-source.md and a folder in the dbt project."""
    assert "@dlt.source(" in (PIPELINES / "sources" / source / "__init__.py").read_text()
    for name in ("source", "connect", "tenant"):
        assert load_function(source, name)
    assert load_function(source, "probes", "check")
    assert load_function(source, "needed_fields", "needed_fields")
    if source in writable_sources():
        assert load_function(source, "write_probes", "check")
        assert load_function(source, "connect", "writer")
        assert load_function(source, "tenant", "writer")
    assert (ROOT / "dbt_project" / "models" / "staging" / source).is_dir()
    settings = (ROOT / "dbt_project" / "dbt_project.yml").read_text()
    [sources] = re.findall(r"^  sources: \[(.*)\]$", settings, re.M)
    assert source in sources.split(", "), "the source would not be published"


def test_every_planted_bug_still_fits_the_code():
    """Every planted bug replaces a text that the code still has."""
    assert [] == [bug.name for bug in BUGS if bug.old not in (ROOT / bug.file).read_text()]


def test_every_setting_that_is_read_is_known():
    """A setting that the code reads is one of `SECTIONS`, so that `check_names` lets it through."""
    read = re.compile(
        r"""(?:read_setting|read_number|config\.get|secrets\.get)\(\s*"(\w+)\.(\w+)\""""
    )
    found = {pair for path in PIPELINES.rglob("*.py") for pair in read.findall(path.read_text())}

    assert ("review", "owner") in found
    assert set() == {(section, name) for section, name in found if name not in SECTIONS[section]}
