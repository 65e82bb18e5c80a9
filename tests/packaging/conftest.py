"""What several tests of the package look at, built once."""

from __future__ import annotations

import pytest
from building import Built, build, copy_of_the_checkout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The source distribution, and the wheel made of it."""
    folder = tmp_path_factory.mktemp("built")
    return build(copy_of_the_checkout(folder), folder / "dist")
