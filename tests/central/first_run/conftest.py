"""An empty database, copied from one that was made once."""

import shutil
from pathlib import Path

import pytest

from central.kernel.db import Database
from central.kernel.schema import upgrade


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    upgrade(Database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def empty(empty_template: Path, tmp_path: Path) -> Database:
    shutil.copy(empty_template, tmp_path / "empty.db")
    return Database(f"sqlite:///{tmp_path / 'empty.db'}")
