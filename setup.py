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

setup(
    packages=[
        *find_packages(
            include=["emulator", "emulator.*", "peripherals", "peripherals.*", "benches", "benches.*"]
        ),
        "benches.firmware",  # the C sources in firmware/, so that `boardless build` works once installed
    ],
    package_dir={"benches.firmware": "firmware"},
    package_data={
        "emulator": ["py.typed", "**/*.toml", "**/*.c", "**/*.h"],
        "peripherals": ["py.typed", "**/*.toml"],
        "benches": ["py.typed", "**/*.toml", "**/*.csv", "**/*.json", "**/*.elf", "**/*.tflite", "**/*.bin"],
        "benches.firmware": ["**/*"],
    },
    exclude_package_data={"": ["__pycache__/*", "**/__pycache__/*", "*.o", "**/*.o"]},
    ext_modules=[NATIVE_HOOK],
)
