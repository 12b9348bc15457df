"""docs/deploy/, proven as far as one machine can."""

from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
