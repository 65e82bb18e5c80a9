"""The firmware that tests of the test tools talk to, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testing.firmware import build_talker


@pytest.fixture(scope="session")
def talker(tmp_path_factory: pytest.TempPathFactory, cross_tools: None) -> Path:
    return build_talker(tmp_path_factory.mktemp("talker"))
