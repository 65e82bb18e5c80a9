"""Two compilers behind one interface: arm-none-eabi-gcc, and Clang as the PyPI package ziglang has it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from emulator.errors import ImageError, UsageError
from emulator.installation.origin import ZIG
from emulator.installation.requirements import pip_install

PACKAGES = "gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi"
"""Of Debian; newlib is not linked, but has the headers that the compiler's own ones include."""
INSTALL_ZIG = pip_install([Requirement(ZIG)])
TOOLCHAINS = ("gcc", "zig")
MESSAGE_LINES = 12

# core -> GCC's name of it and of the float unit that the firmware uses, Clang's name of both
CORES: Mapping[str, tuple[str, str, str]] = {
    "m0": ("cortex-m0", "", "cortex_m0"),
    "m0plus": ("cortex-m0plus", "", "cortex_m0plus"),
    "m3": ("cortex-m3", "", "cortex_m3"),
    "m4": ("cortex-m4", "fpv4-sp-d16", "cortex_m4+vfp4d16sp"),
    "m7": ("cortex-m7", "fpv5-sp-d16", "cortex_m7+fp_armv8d16sp"),
    "m33": ("cortex-m33", "fpv5-sp-d16", "cortex_m33+fp_armv8d16sp"),
    "m55": ("cortex-m55", "auto", "cortex_m55"),
    "m85": ("cortex-m55", "auto", "cortex_m85"),  # GCC before 13 has no name of its own for it
}
VECTOR_CORES = ("m55", "m85")
"""Those with Helium: firmware/kernels/vector is for them."""
COMMON_FLAGS = (
    "-std=c11", "-ffreestanding", "-fno-builtin", "-ffunction-sections", "-fdata-sections",
    "-ffp-contract=off", "-fno-common", "-fomit-frame-pointer", "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Wno-override-init", "-g1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler for one core. ``command`` compiles and links."""

    name: str
    command: tuple[str, ...]
    core_flags: tuple[str, ...]
    compile_flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    libraries: tuple[str, ...]

    def compile(self, source: Path, made: Path, flags: Sequence[str]) -> None:
        """Compile in the made file's folder; raises :class:`ImageError` with the compiler's first words."""
        self._run([*self.core_flags, *COMMON_FLAGS, *self.compile_flags, *flags, "-c", str(source),
                   "-o", str(made)], source.name, made.parent)  # fmt: skip

    def link(self, objects: Sequence[Path], script: Path, made: Path) -> None:
        """Link in the made file's folder; raises :class:`ImageError` with the linker's first words."""
        self._run([*self.core_flags, *self.link_flags, f"-L{made.parent}", f"-Wl,-T,{script}",
                   *map(str, objects), *self.libraries, "-o", str(made)], made.name, made.parent)  # fmt: skip

    def _run(self, arguments: Sequence[str], what: str, folder: Path) -> None:
        result = subprocess.run(
            [*self.command, *arguments], capture_output=True, text=True, check=False, cwd=folder
        )
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines()
            raise ImageError(f"{self.name} failed:\n  " + "\n  ".join(lines[:MESSAGE_LINES]), where=what)


def find_toolchain(name: str, core: str) -> Toolchain:
    """Find a compiler; raises :class:`UsageError` that says how to install it."""
    if core not in CORES:
        raise UsageError(f"unknown core {core!r}", next_step=f"known: {', '.join(CORES)}")
    gcc_core, float_unit, clang_core = CORES[core]
    floats = ("-mfloat-abi=hard", f"-mfpu={float_unit}") if float_unit else ("-mfloat-abi=soft",)
    if name == "gcc":
        found = shutil.which("arm-none-eabi-gcc")
        if found is None:
            raise UsageError("arm-none-eabi-gcc is not on the PATH",
                             next_step=f"an administrator installs it: apt-get install -y {PACKAGES}\n"
                             f"  without root: {INSTALL_ZIG}, then --toolchain zig")  # fmt: skip
        return Toolchain(
            name="arm-none-eabi-gcc",
            command=(found,),
            core_flags=(f"-mcpu={gcc_core}", "-mthumb", *floats),
            compile_flags=("-fno-tree-loop-distribute-patterns",),
            link_flags=("-nostdlib", "-static", "-Wl,--gc-sections,--build-id=none,--no-warn-rwx-segments"),
            libraries=("-lgcc",),
        )
    if name == "zig":
        if importlib.util.find_spec("ziglang") is None:
            raise UsageError("the Python package ziglang is not installed",
                             next_step=f"install it: {INSTALL_ZIG}")  # fmt: skip
        abi = "eabihf" if float_unit else "eabi"
        return Toolchain(
            name="zig cc",
            command=(sys.executable, "-m", "ziglang", "cc"),
            core_flags=("-target", f"thumb-freestanding-{abi}", f"-mcpu={clang_core}"),
            compile_flags=("-fno-sanitize=all", "-fno-stack-protector", "-Wno-unused-command-line-argument"),
            link_flags=("-nodefaultlibs", "-static", "-Wl,--gc-sections,--build-id=none,-e,reset_handler"),
            libraries=(),
        )
    raise UsageError(f"unknown toolchain {name!r}", next_step=f"known: {', '.join(TOOLCHAINS)}")
