"""What pyproject.toml can't say: the packages, and a C extension that may fail to build.

Without a compiler the installation goes on; the engine then runs its Python hook,
which is exact but slow, and ``boardless doctor`` says so.
"""

from __future__ import annotations

import sys

from setuptools import Extension, find_packages, setup

NATIVE_HOOK = Extension(
    "emulator.engine._native",  # never imported, only opened by ctypes
    ["emulator/engine/native.c"],
    depends=[
        "emulator/engine/native_l1.h",
        "emulator/engine/native_memory.h",
        "emulator/engine/native_program.h",
        "emulator/engine/native_tlb.h",
    ],
    extra_compile_args=[] if sys.platform == "win32" else ["-std=c11", "-O3", "-Wall", "-Wextra"],
    optional=True,
)

PACKAGES = ("boardless", "emulator", "peripherals", "benches")
EDITABLE = "editable_wheel" in sys.argv
"""The checkout's root then goes into a .pth file, which type checkers follow; a package that lies
elsewhere than its name says would make setuptools write an import hook instead, which they don't."""

setup(
    packages=[
        *find_packages(include=[f"{package}{below}" for package in PACKAGES for below in ("", ".*")]),
        # the C sources in firmware/, so that `boardless build` works once installed
        *(() if EDITABLE else ("benches.firmware",)),
    ],
    package_dir={"": "."} if EDITABLE else {"benches.firmware": "firmware"},
    package_data={
        "boardless": ["py.typed"],
        "emulator": ["py.typed", "**/*.toml", "**/*.c", "**/*.h"],
        "peripherals": ["py.typed", "**/*.toml"],
        "benches": ["py.typed", "**/*.toml", "**/*.csv", "**/*.json", "**/*.elf", "**/*.tflite", "**/*.bin"],
        "benches.firmware": ["**/*"],
    },
    exclude_package_data={"": ["__pycache__/*", "**/__pycache__/*", "*.o", "**/*.o"]},
    ext_modules=[NATIVE_HOOK],
)
