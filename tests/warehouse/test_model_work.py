"""CONTRIBUTING.md, "Change a model": its lines work as they stand, on a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.warehouse import PROJECT_FOLDER

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_model_is_built_and_looked_at_in_a_copy(published, tmp_path):
    """The lines build a model with its tests in a copy, show its rows, and leave the original."""
    [section] = re.findall("## Change a model\n(.*?)\n## ", PAGE, re.DOTALL)
    [lines] = re.findall("```sh\n(.*?)```", section, re.DOTALL)
    shutil.copytree(PROJECT_FOLDER, tmp_path / "dbt_project")
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    original = tmp_path / "data" / "demo" / "access.duckdb"
    original.parent.mkdir(parents=True)
    original.write_bytes(published.data)
    original.chmod(0o400)
    begun = original.stat().st_mtime_ns

    done = subprocess.run(
        ["bash", "-e", "-c", lines],
        cwd=tmp_path,
        env=os.environ | {"DBT_USE_COLORS": "0"},
        capture_output=True,
        text=True,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search("OK created .*int_peer_group_access", done.stdout), done.stdout
    assert re.search("PASS .*access_review", done.stdout), done.stdout
    assert "| department Finance" in done.stdout
    assert (begun, published.data) == (original.stat().st_mtime_ns, original.read_bytes())
