"""What pyproject.toml can't say: the packages, and a C library that may fail to build.

The native hook is opened by ctypes and knows nothing of Python, so one wheel a platform serves
every Python. Without a compiler the installation goes on and the wheel is for any platform; the
engine then runs its Python hook, which is exact but slow, and every run says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import Extension, find_namespace_packages, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOMS = ("boardless*", "emulator*", "peripherals*", "benches*")
FIRMWARE = "benches.firmware"  # the C sources in firmware/, so that `boardless build` works once installed
DATA = (
    "py.typed", "*.toml", "*.csv", "*.json", "*.elf", "*.tflite", "*.bin", "*.c", "*.h", "*.s", "*.S", "*.ld",
    "*.md", "*.html", "*.css", "*.js",
)  # fmt: skip
DOCUMENTS_FOLDER = "boardless/documents"  # where emulator.installation.documents looks
EDITABLE = "editable_wheel" in sys.argv
"""The checkout's root then goes into a .pth file, which type checkers follow; a package that lies
elsewhere than its name says would make setuptools write an import hook instead, which they don't."""
LIBRARY_SUFFIX = ".dll" if sys.platform == "win32" else ".so"

FLAGS = ["-std=c11", "-O3", "-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-Wall", "-Wextra"]
"""Vectors of two or four stores at a block's entry are read again one by one: 3 % of counting's time."""

NATIVE_HOOK = Extension(
    "emulator.engine._native",  # emulator/engine/library.py opens it
    ["emulator/engine/hooks/native_hook.c", "emulator/engine/tlb.c"],
    depends=sorted(str(header) for header in Path("emulator").rglob("*.h")),
    extra_compile_args=[] if sys.platform == "win32" else FLAGS,
    optional=True,
)


def library_file(name: str) -> Path:
    """Where a library lies below the folder of the packages; no Python is named in it."""
    return Path(*name.split(".")).with_suffix(LIBRARY_SUFFIX)


def packages() -> list[str]:
    """Every folder of the rooms and of the firmware, those that hold data only included."""
    caches = ["*__pycache__*"]
    rooms = find_namespace_packages(include=ROOMS, exclude=caches)
    if EDITABLE:
        return rooms
    firmware = find_namespace_packages("firmware", exclude=caches)
    return [*rooms, FIRMWARE, *(f"{FIRMWARE}.{name}" for name in firmware)]


def documents() -> list[Path]:
    """What explains the figures and the files, with its folder, so that links between them hold."""
    pages = [path for path in sorted(Path("docs").rglob("*")) if path.suffix in (".md", ".json", ".png")]
    return [Path("FIDELITY.md"), Path("CHANGELOG.md"), *pages]


class BuildPackages(build_py):
    """The documents travel with the packages."""

    def run(self) -> None:
        """Copy the packages, then the documents (an editable installation has them at its root)."""
        super().run()
        if self.editable_mode:
            return
        for document in documents():
            target = Path(self.build_lib, DOCUMENTS_FOLDER, document)
            self.mkpath(str(target.parent))
            self.copy_file(str(document), str(target))


class BuildLibrary(build_ext):
    """A library for ctypes. One of an earlier build is never taken for this one's."""

    def get_ext_filename(self, fullname: str) -> str:
        """Name the file for the platform only."""
        return str(library_file(fullname))

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """No function that only an import would need."""
        return list(ext.export_symbols)

    def build_extension(self, ext: Extension) -> None:
        """Compile anew."""
        Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
        super().build_extension(ext)

    def copy_extensions_to_source(self) -> None:
        """Editable: replace the one beside the source, or take it away when this build failed."""
        for ext in self.extensions:
            library_file(ext.name).unlink(missing_ok=True)
        super().copy_extensions_to_source()


class Wheel(bdist_wheel):
    """For one platform when the hook is in it, for any when it is not; always for every Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """See the class."""
        _, _, platform = super().get_tag()
        return "py3", "none", platform if self._holds_library() else "any"

    def write_wheelfile(self, wheelfile_base: str, *arguments: str) -> None:
        """Say whether the wheel is pure: decided here, when everything is in its place."""
        self.root_is_pure = not self._holds_library()
        super().write_wheelfile(wheelfile_base, *arguments)

    def _holds_library(self) -> bool:
        return Path(self.bdist_dir, library_file(NATIVE_HOOK.name)).is_file()


setup(
    packages=packages(),
    package_dir={"": "."} if EDITABLE else {FIRMWARE: "firmware"},
    package_data={"": list(DATA)},
    ext_modules=[NATIVE_HOOK],
    cmdclass={"build_py": BuildPackages, "build_ext": BuildLibrary, "bdist_wheel": Wheel},
)
