"""Build attributes of an ELF against the core of a board.

Sources: Arm, "Addenda to, and Errata in, the ABI for the Arm Architecture" (IHI 0045),
section on build attributes, for the tags and their values; the Armv6-M (DDI 0419),
Armv7-M (DDI 0403) and Armv8-M (DDI 0553) reference manuals for what contains what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.board.model import Board
from emulator.errors import ImageError
from emulator.image.model import BuildFacts

# Tag_CPU_arch value -> architecture; only those that a Cortex-M can have
M_ARCHITECTURES: Mapping[int, str] = {
    11: "v6-M",
    12: "v6-M",  # v6S-M: v6-M with the system extension, which every Cortex-M0 has
    13: "v7E-M",
    16: "v8-M.baseline",
    17: "v8-M.mainline",
    21: "v8.1-M.mainline",
}
OTHER_ARCHITECTURES: Mapping[int, str] = {
    0: "pre-v4", 1: "v4", 2: "v4T", 3: "v5T", 4: "v5TE", 5: "v5TEJ", 6: "v6", 7: "v6KZ", 8: "v6T2",
    9: "v6K", 10: "v7", 14: "v8-A", 15: "v8-R", 18: "v8.1-A", 19: "v8.2-A", 20: "v8.3-A", 22: "v9-A",
}  # fmt: skip
ARCHITECTURE_V7 = 10  # v7: A, R or M, as Tag_CPU_arch_profile says
PROFILES: Mapping[int, str] = {ord("A"): "A", ord("R"): "R", ord("M"): "M", ord("S"): "A or R"}

# Tag_FP_arch value -> version of the M-profile unit that has these instructions
FP_VERSIONS: Mapping[int, int] = {3: 4, 4: 4, 5: 4, 6: 4, 7: 5, 8: 5}
HARD_FP_SINGLE_ONLY = 1  # Tag_ABI_HardFP_use
FLOAT_ABIS: Mapping[int, str] = {0: "soft", 1: "hard"}  # Tag_ABI_VFP_args; 2: a toolchain's own, 3: either

# core -> architecture, version of its floating-point unit, and whether it has DSP instructions
CORES: Mapping[str, tuple[str, int, bool]] = {
    "cortex-m0": ("v6-M", 0, False),
    "cortex-m0plus": ("v6-M", 0, False),
    "cortex-m3": ("v7-M", 0, False),
    "cortex-m4": ("v7E-M", 4, True),
    "cortex-m7": ("v7E-M", 5, True),
    "cortex-m33": ("v8-M.mainline", 5, True),
    "cortex-m55": ("v8.1-M.mainline", 5, True),
    "cortex-m85": ("v8.1-M.mainline", 5, True),
}
# architecture of a core -> architectures whose code it executes
EXECUTES: Mapping[str, tuple[str, ...]] = {
    "v6-M": ("v6-M",),
    "v7-M": ("v6-M", "v7-M"),
    "v7E-M": ("v6-M", "v7-M", "v7E-M"),
    "v8-M.mainline": ("v6-M", "v7-M", "v7E-M", "v8-M.baseline", "v8-M.mainline"),
    "v8.1-M.mainline": ("v6-M", "v7-M", "v7E-M", "v8-M.baseline", "v8-M.mainline", "v8.1-M.mainline"),
}
VECTORS = "v8.1-M.mainline"
TYPICAL_CORES: Mapping[str, str] = {
    "v6-M": "cortex-m0",
    "v7-M": "cortex-m3",
    "v7E-M": "cortex-m4",
    "v8-M.baseline": "cortex-m23",
    "v8-M.mainline": "cortex-m33",
    "v8.1-M.mainline": "cortex-m55",
}


def build_facts(tags: Mapping[str, Any], where: str) -> BuildFacts | None:
    """Make facts of the file-scope tags (names as pyelftools gives them).

    None when no architecture is told. Raises :class:`ImageError` for A- and R-profile.
    """
    if "TAG_CPU_ARCH" not in tags:
        return None
    number = int(tags["TAG_CPU_ARCH"])
    profile = PROFILES.get(int(tags.get("TAG_CPU_ARCH_PROFILE", 0)), "")
    if number == ARCHITECTURE_V7 and profile == "M":
        architecture = "v7-M"
    elif number in M_ARCHITECTURES:
        architecture = M_ARCHITECTURES[number]
    else:
        name = OTHER_ARCHITECTURES.get(number, f"number {number}")
        suffix = f", profile {profile}" if profile and number == ARCHITECTURE_V7 else ""
        raise ImageError(
            f"built for the Arm architecture {name}{suffix}, not for a Cortex-M",
            where=where,
            next_step="build it for the board's core, e.g. arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb",
        )
    version = FP_VERSIONS.get(int(tags.get("TAG_FP_ARCH", 0)), 0)
    fpu = "none"
    if version:
        single = int(tags.get("TAG_ABI_HARDFP_USE", 0)) == HARD_FP_SINGLE_ONLY
        fpu = "single" if single else "double"
    return BuildFacts(
        architecture=architecture,
        fpu=fpu,
        fp_version=version,
        dsp=architecture == "v7E-M" or bool(int(tags.get("TAG_DSP_EXTENSION", 0))),
        vector=bool(int(tags.get("TAG_MVE_ARCH", 0))),
        cpu_name=str(tags.get("TAG_CPU_NAME", "")),
        float_abi=FLOAT_ABIS.get(int(tags.get("TAG_ABI_VFP_ARGS", 0)), ""),
    )


def core_of(facts: BuildFacts) -> str:
    """Name the core that code of this kind is usually built for, such as ``"cortex-m4"``."""
    if facts.cpu_name.lower().startswith("cortex-m"):
        return facts.cpu_name.lower().replace("+", "plus")
    if facts.architecture == "v7E-M" and facts.fp_version == 5:
        return "cortex-m7"
    return TYPICAL_CORES[facts.architecture]


def core_problem(facts: BuildFacts, board: Board) -> str:
    """Say why the board's core can't execute this code; empty when it can.

    A core that has more than the code needs is fine.
    """
    architecture, fp_version, _dsp = CORES[board.core]
    has = f"the {board.core} of {board.name}"
    if facts.vector and architecture != VECTORS:
        return f"built with the vector extension (MVE), which {has} does not have"
    if facts.architecture not in EXECUTES[architecture]:
        return f"built for {facts.architecture} ({core_of(facts)}), but {has} is {architecture}"
    return "" if facts.fpu == "none" else _fpu_problem(facts, board, has, fp_version)


def _fpu_problem(facts: BuildFacts, board: Board, has: str, fp_version: int) -> str:
    needs = f"built for {facts.fpu}-precision floating point (FPv{facts.fp_version})"
    if board.fpu == "none":
        return f"{needs}, but {has} has no floating-point unit"
    if facts.fp_version > fp_version:
        return f"{needs}, but {has} has FPv{fp_version}"
    if facts.fpu == "double" and board.fpu == "single":
        return f"{needs}, but {has} has single precision only"
    return ""
