"""What a run turns on that is not modelled is told once, when it happens; notes too; JSON has both."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.machine.firmware import build

Boardless = Callable[..., "subprocess.CompletedProcess[str]"]
FIRMWARE = """
static u32 open_file(const char *name) {
    u32 block[3] = {(u32)name, 0, 9};
    register u32 r0 __asm__("r0") = 1; register void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
void main(void) {
    for (int i = 0; i < 3; i++) {
        REG(0xE0002000) = 3;
        if (open_file("notes.txt") != 0xFFFFFFFFu) print("opened");
    }
    REG(0x4fff0000) = 1;
    print("done");
}
"""


def test_told_once(boardless: Boardless, tmp_path: Path) -> None:
    done = boardless(
        "run", build(tmp_path, FIRMWARE), "--board", "virtual-m4", "--json", tmp_path / "run.json"
    )
    assert done.stdout == "done"
    patches = (
        "not modelled: core FP_CTRL (0xe0002000): write (flash patches and hardware breakpoints: nothing"
    )
    notes = "note: the firmware asks for the host's file 'notes.txt': closed; --files-dir"
    for line in (patches, notes):
        assert done.stderr.count(line) == 1
        assert done.stderr.index(line) < done.stderr.index("stopped:")
    assert done.stderr.count("FP_CTRL") == 1, "and not again in the summary"
    assert "not modelled: 1 register; the results" in done.stderr  # 0x4fff0000
    report = json.loads((tmp_path / "run.json").read_text())
    assert [(u["device"], u["register"], u["count"]) for u in report["unmodelled"]] == [
        ("core", "FP_CTRL", 3),
        ("no device", "0x4fff0000", 1),
    ]
    assert "main" in report["unmodelled"][0]["first_at"]
    assert len(report["notes"]) == 1


def test_profile_tells_it_too(boardless: Boardless, tmp_path: Path) -> None:
    done = boardless("profile", build(tmp_path, FIRMWARE), "--board", "virtual-m4", "--until", "done")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("not modelled: core FP_CTRL") == 1
