"""The models' queries, compiled once."""

from __future__ import annotations

import pytest

from tests.support.compiled import Compiled, compile_models
from tests.support.product import Published


@pytest.fixture(scope="session")
def compiled(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_models(published, tmp_path_factory.mktemp("compiled"))
