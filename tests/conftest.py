"""Options and fixtures that several test folders share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--images", metavar="DIR", help="folder with the development images: DIR/VERSION/PATH")
    parser.addoption("--official-runner", metavar="DIR", help="mlcommons/tiny's benchmark/runner, as it is")
    parser.addoption(
        "--runner-python",
        metavar="PYTHON",
        default=sys.executable,
        help="a Python with pyserial, pyyaml, numpy, scikit-learn, matplotlib and pyusb for it",
    )
    parser.addoption("--llvm-mca", action="store_true", help="llvm-mca is installed: ask the real one too")
    parser.addoption(
        "--shared", metavar="DIR", help="folder with the public reference data (data/mlperf_tiny)"
    )


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept in the user's own cache, or comes from there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def development_image(request: pytest.FixtureRequest) -> Callable[[str, str], Path]:
    """``development_image(version, path)``: a published image; the test is skipped without --images."""
    folder = request.config.getoption("--images")

    def find(version: str, path: str) -> Path:
        if folder is None:
            pytest.skip("needs a development image: give --images DIR")
        found = Path(folder) / version / path
        assert found.is_file(), f"{found} is not there: --images must hold VERSION/PATH"
        return found

    return find


@pytest.fixture(scope="session")
def llvm_mca(request: pytest.FixtureRequest) -> None:
    """The test asks the real llvm-mca; skipped without --llvm-mca."""
    if not request.config.getoption("--llvm-mca"):
        pytest.skip("needs llvm-mca (Debian: llvm-19): give --llvm-mca where it is installed")


@pytest.fixture(scope="session")
def reference_data(request: pytest.FixtureRequest) -> Path:
    """The benchmark's public reference data (models, inputs, golden); skipped without --shared."""
    folder = request.config.getoption("--shared")
    if folder is None:
        pytest.skip("needs the public reference data: give --shared DIR")
    data = Path(folder) / "data" / "mlperf_tiny"
    assert data.is_dir(), f"{data} is not there"
    return data


@pytest.fixture(scope="session")
def shared_data(reference_data: Path) -> Callable[[str], Path]:
    """``shared_data("golden/board_vww01_m-results.csv")``: one file of the reference data."""

    def find(path: str) -> Path:
        found = reference_data / path
        assert found.exists(), f"{found} is not there"
        return found

    return find


@pytest.fixture(scope="session")
def cross_tools() -> None:
    """The Arm cross compiler and binutils; a test that needs them fails without them."""
    _need("arm-none-eabi-gcc", "gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi")


@pytest.fixture(scope="session")
def qemu() -> str:
    """Path of qemu-system-arm; a test that needs it fails without it."""
    return _need("qemu-system-arm", "qemu-system-arm")


@pytest.fixture(scope="session")
def gdb() -> str:
    """Path of gdb-multiarch; a test that needs it fails without it."""
    return _need("gdb-multiarch", "gdb-multiarch")


def _need(command: str, packages: str) -> str:
    path = shutil.which(command)
    if path is None:
        pytest.fail(f"{command} is missing: `make test` installs it, or run `apt-get install {packages}`")
    return path
