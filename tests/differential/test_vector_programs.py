"""Random programs of Armv8.1-M: every instruction that they should have, and QEMU executes them all.

What QEMU's mps3-an547 makes of them is what the emulator is compared with.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import vector_templates
from batches import HELIUM, HELIUM_INTEGER, Platform, build_batch, results, run_on_qemu

SEED, PROGRAMS = 1, 40
MANY_PROGRAMS, STATEMENTS = 120, 60
OPENING = re.compile(r"\([^()]*\)")


def mnemonics_of(template: str) -> set[str]:
    """What the template's own (last) instruction may be called, without types."""
    texts = [template.replace("{p}", "").splitlines()[0]]
    while any("(" in text for text in texts):
        texts = [
            text[: found.start()] + choice + text[found.end() :]
            for text in texts
            for found in [OPENING.search(text)]
            if found
            for choice in found[0][1:-1].split("|")
        ] + [text for text in texts if "(" not in text]
    return {text.split()[0].split(".")[0] for text in texts}


def all_mnemonics() -> set[str]:
    groups = [value for value in vars(vector_templates).values() if isinstance(value, tuple)]
    templates = [row[1] if isinstance(row, tuple) else row for group in groups for row in group]
    return {
        mnemonic
        for template in templates
        if isinstance(template, str) and not template.startswith("[")
        for mnemonic in mnemonics_of(template)
    }


def disassembled(elf: Path) -> set[str]:
    text = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "-marmv8.1-m.main", str(elf)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {line.split("\t")[2].split(".")[0].strip() for line in text.splitlines() if line.count("\t") >= 2}


def test_programs_have_every_instruction(cross_tools: None, tmp_path: Path) -> None:
    batch = build_batch(HELIUM, SEED, MANY_PROGRAMS, tmp_path, statements=STATEMENTS)
    text = "".join(batch.sources.values())
    used = {line.split()[0].split(".")[0] for line in text.splitlines() if line and line[0] != "."}
    used |= {name[:-1] for name in used}  # without the suffix of a VPT block
    missing = all_mnemonics() - used
    assert not missing
    assert len(all_mnemonics()) > 200
    found = disassembled(batch.elf)
    assert {"dls", "dlstp", "wls", "wlstp", "le", "letp", "lctp", "vpst", "vpt"} <= found


@pytest.mark.parametrize("platform", [HELIUM, HELIUM_INTEGER], ids=lambda platform: platform.core)
@pytest.mark.parametrize("interrupted", [False, True], ids=["alone", "interrupted"])
def test_qemu_executes_them(
    cross_tools: None, qemu: str, tmp_path: Path, platform: Platform, interrupted: bool
) -> None:
    """Nothing of it faults, and nothing depends on the run."""
    batch = build_batch(platform, SEED, PROGRAMS, tmp_path, interrupted=interrupted)
    once = results(batch, run_on_qemu(qemu, platform, batch.elf, counted=True))
    assert once == results(batch, run_on_qemu(qemu, platform, batch.elf, counted=True))
    vector_predication = {lines[1][-8:] for lines in once.values()}
    assert len(vector_predication) > 4  # VPR at the end: P0 is not always all or nothing
