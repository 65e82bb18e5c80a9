"""What is built: one wheel a platform with everything that a user needs, quietly, compiler or not."""

from __future__ import annotations

import io
import re
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from building import ROOT, Built, build, copy_of_the_checkout
from elftools.elf.elffile import ELFFile

PACKAGES = ("boardless", "emulator", "peripherals", "benches")
DATA = {".toml", ".csv", ".json", ".elf", ".tflite", ".bin", ".s"}
FIRMWARE_SOURCES = {".c", ".h", ".s", ".S", ".ld", ".toml", ".tflite", ".py"}
LIBRARY = "emulator/engine/_native.so"
WARNING = re.compile(r"warn|deprecat|absent from|^\s*(\*{3}|!!)", re.IGNORECASE)
PROGRESS = re.compile(r"^(copying|adding|creating|removing|hard linking|reading) ")


@pytest.fixture(scope="module")
def names(built: Built) -> set[str]:
    return set(built.wheel().namelist())


def files_in(folder: Path, wanted: Callable[[Path], bool]) -> set[str]:
    return {
        str(path.relative_to(folder.parent))
        for path in folder.rglob("*")
        if wanted(path) and path.is_file() and "__pycache__" not in path.parts
    }


def test_the_build_warns_of_nothing(built: Built) -> None:
    lines = [line for line in built.output.splitlines() if not PROGRESS.match(line)]
    assert any(line.startswith("running build_ext") for line in lines)
    assert [line for line in lines if WARNING.search(line)] == []


def test_one_wheel_for_every_python_of_the_platform(built: Built) -> None:
    assert re.fullmatch(r"boardless-[\d.]+-py3-none-(linux|macosx)_\w+\.whl", built.file("*.whl").name)
    fields = built.told("WHEEL")
    assert fields["root-is-purelib"] == ["false"]
    assert [tag.rpartition("-")[0] for tag in fields["tag"]] == ["py3-none"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at an ELF file")
def test_the_library_asks_nothing_of_python(built: Built) -> None:
    library = ELFFile(io.BytesIO(built.wheel().read(LIBRARY)))
    needed = [tag.needed for tag in library.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")]
    assert all(name.startswith(("libc.", "ld-", "libm.")) for name in needed), needed
    symbols = library.get_section_by_name(".dynsym").iter_symbols()
    assert [symbol.name for symbol in symbols if symbol.name.lstrip("_").startswith("Py")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_and_data_file(names: set[str], package: str) -> None:
    missing = files_in(ROOT / package, lambda path: path.suffix in {".py", *DATA}) - names
    assert not missing, "a kind of data that setup.py does not name"


@pytest.mark.parametrize("package", PACKAGES)
def test_users_type_checkers_find_the_annotations(names: set[str], package: str) -> None:
    assert f"{package}/py.typed" in names


def test_firmware_sources(names: set[str]) -> None:
    expected = {
        f"benches/{name}"
        for name in files_in(ROOT / "firmware", lambda path: path.suffix in FIRMWARE_SOURCES)
    }
    assert expected
    assert not expected - names


def test_native_hook_and_command(names: set[str]) -> None:
    assert LIBRARY in names
    assert any(name.endswith("dist-info/entry_points.txt") for name in names)


def test_the_documents_travel(built: Built, names: set[str]) -> None:
    pages = files_in(ROOT / "docs", lambda path: path.suffix in {".md", ".json"})
    assert not {f"boardless/documents/{name}" for name in {"FIDELITY.md", "CHANGELOG.md", *pages}} - names
    assert built.wheel().read("boardless/documents/FIDELITY.md") == (ROOT / "FIDELITY.md").read_bytes()


def test_nothing_else(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == set(PACKAGES)
    assert not [name for name in names if "__pycache__" in name]
    assert [name for name in names if name.endswith((".so", ".o", ".dll"))] == [LIBRARY]


def test_the_metadata_say_who_what_and_since_when(built: Built) -> None:
    fields = built.told("METADATA")
    assert fields["author"] == ["The Boardless authors"]
    assert fields["license-expression"] == ["MIT"]
    assert fields["project-url"]
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12, 13)} <= set(
        fields["classifier"]
    )
    (text,) = fields[""]
    assert "# Boardless" in text
    assert "# Changelog" in text


def test_the_source_distribution_can_be_tested(built: Built) -> None:
    with tarfile.open(built.file("*.tar.gz")) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    expected = files_in(ROOT / "tests", lambda path: path.suffix in {".py", ".c", ".h", ".s"})
    expected |= {"FIDELITY.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", ".ci/setup", "setup.py"}
    assert not expected - inside


def test_without_a_compiler_the_wheel_is_for_any_platform(tmp_path: Path) -> None:
    """Also where an earlier build, with a compiler, left its library."""
    source = copy_of_the_checkout(tmp_path)
    build(source, tmp_path / "before", "--wheel")
    assert list(source.glob("build/lib*/emulator/engine/_native.so"))
    made = build(source, tmp_path / "dist", "--wheel", CC="false")
    assert made.file("*.whl").name.endswith("-py3-none-any.whl")
    assert made.told("WHEEL")["tag"] == ["py3-none-any"]
    assert made.told("WHEEL")["root-is-purelib"] == ["true"]
    inside = made.wheel().namelist()
    assert "emulator/engine/hooks/block_hook.py" in inside
    assert not [name for name in inside if name.endswith((".so", ".dll"))]
