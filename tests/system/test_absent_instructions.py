"""Instructions that a board's core does not have, or that CPACR does not allow, fault where they are reached.

ARMv7-M Architecture Reference Manual B3.2.20 (CPACR), A6.4 (single precision); DDI 0419 A5 (ARMv6-M).
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.board.reader import load_board
from emulator.errors import GuestFault
from tests.machine.firmware import build

CPACR = 0xE000ED88
VADD, VADD_DOUBLE = "0xee300a20", "0xee310b02"
VMOV, VLDR_DOUBLE, VSEL = "0xee000a10", "0xed910b00", "0xfe000a00"
SADD8, SMLABB, UMAAL, QADD, SXTB16, PKHBT = (
    "0xfa80f001", "0xfb101001", "0xfbe00161", "0xfa81f080", "0xfa2ff080", "0xeac00001",
)  # fmt: skip
MOVW, UDIV, CBZ, IT = "0xf2400001", "0xfbb0f0f1", "0xb100", "0xbf08"
NOCP, UNDEFINED = "NOCP", "undefined instruction"
FULL, PRIVILEGED, CP10_ALONE, NONE = 0xF, 0x5, 0x3, 0


def outcome(folder: Path, board: str, code: str, access: int = FULL, *, fpu: str = "", hook: str = "auto",
            before: str = "") -> str:  # fmt: skip
    """ "ran", or the crash in words."""
    described = load_board(board)
    machine = Machine(replace(described, fpu=fpu) if fpu else described, hook=hook)
    compiler = "cortex-m0" if described.core.startswith("cortex-m0") else "cortex-m3"
    size = "w" if len(code) > 6 else "n"
    source = f"""
        void main(void) {{
            if ({access}) REG({CPACR}) = {access}u << 20;
            {before}
            __asm__ volatile("movs r0, #1\\n ldr r1, =0x20000100\\n .inst.{size} {code}"
                             ::: "r0", "r1", "memory");
            print("ran");
        }}"""
    machine.load(build(folder, source, core=compiler))
    try:
        return "ran" if machine.run(until="ran") is StopReason.UNTIL else "nothing"
    except GuestFault as fault:
        return fault.report


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize(
    ("board", "fpu", "code", "access", "words"),
    [
        ("virtual-m4", "", VADD, FULL, "ran"),
        ("virtual-m4", "", VADD, PRIVILEGED, "ran"),
        ("virtual-m4", "", VADD, NONE, NOCP),
        ("virtual-m4", "", VADD, CP10_ALONE, NOCP),
        ("virtual-m4", "", VMOV, NONE, NOCP),
        ("virtual-m4", "", VADD_DOUBLE, FULL, UNDEFINED),
        ("virtual-m4", "none", VADD, FULL, NOCP),
        ("virtual-m4", "none", VLDR_DOUBLE, FULL, NOCP),
        ("virtual-m4", "", SADD8, NONE, "ran"),
        ("virtual-m7", "", VADD_DOUBLE, FULL, "ran"),
        ("virtual-m7", "", VADD_DOUBLE, NONE, NOCP),
        ("virtual-m7", "", VSEL, NONE, NOCP),
        ("virtual-m7", "single", VADD_DOUBLE, FULL, UNDEFINED),
        ("virtual-m7", "single", VADD, FULL, "ran"),
        ("virtual-m7", "single", VLDR_DOUBLE, FULL, "ran"),
        ("virtual-m7", "none", VADD, FULL, NOCP),
        ("virtual-m3", "", VADD, FULL, NOCP),
        *(("virtual-m3", "", code, NONE, UNDEFINED) for code in (SADD8, SMLABB, UMAAL, QADD, SXTB16, PKHBT)),
        ("virtual-m3", "", UDIV, NONE, "ran"),
        *((b, "", code, NONE, UNDEFINED) for b in ("virtual-m0", "virtual-m0plus")
          for code in (IT, CBZ, MOVW, UDIV, SADD8)),
    ],
)  # fmt: skip
def test_where_it_is_reached(
    tmp_path: Path, hook: str, board: str, fpu: str, code: str, access: int, words: str
) -> None:
    assert words in outcome(tmp_path, board, code, access, fpu=fpu, hook=hook)


def test_unprivileged_code_and_privileged_access(tmp_path: Path) -> None:
    drop = 'REG(0xE000ED24) = 7u << 16; __asm__ volatile("movs r0, #1\\n msr control, r0\\n isb");'
    assert outcome(tmp_path, "virtual-m4", VADD, PRIVILEGED) == "ran"
    assert NOCP in outcome(tmp_path, "virtual-m4", VADD, PRIVILEGED, before=drop)
    assert outcome(tmp_path, "virtual-m4", VADD, FULL, before=drop) == "ran"


def test_advice(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    source = f'void main(void) {{ REG({CPACR}) = 0; __asm__ volatile(".inst.w {VADD}"); }}'
    machine.load(build(tmp_path, source))
    with pytest.raises(GuestFault) as caught:
        machine.run()
    assert "CPACR" in caught.value.next_step


def test_opened_by_the_usage_fault_s_handler_and_run_again(tmp_path: Path) -> None:
    """As operating systems do that give the FPU to who asks for it; and a reset closes it again."""
    source = f"""
        volatile u32 asked;
        void open_it(void) {{ asked++; REG({CPACR}) = 0xFu << 20; REG(0xE000ED28) = ~0u; }}
        __attribute__((aligned(128))) const void *const own[16] = {{
            0, 0, 0, on_hard_fault, on_hard_fault, on_hard_fault, open_it}};
        void main(void) {{
            asked = 0;
            REG(0xE000ED08) = (u32)own; REG(0xE000ED24) = 7u << 16;
            for (u32 i = 0; i < 1000; i++) __asm__ volatile(".inst.w {VADD}");
            put('0' + asked);
            put('!');
        }}"""
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source, core="cortex-m3"))
    for _ in range(2):
        assert machine.run(until="!") is StopReason.UNTIL
        assert machine.console.take() == b"1!"
        machine.reset()


LIBRARY = """
.cpu cortex-m7
.fpu fpv5-d16
.syntax unified
.thumb
.global {name}
.thumb_func
{name}: {body}
 bx lr
"""


@pytest.mark.parametrize(("body", "runs"), [("adds r0, #1", True), ("vadd.f64 d0, d1, d2", False)])
def test_a_library_built_for_more(tmp_path: Path, body: str, runs: bool) -> None:
    """Its attributes are those of its most demanding file; what counts is what runs."""
    elf = tmp_path / "firmware.elf"
    build(tmp_path, "int next(int); void main(void) { }  int next(int n) { return n; }", core="cortex-m3")
    (tmp_path / "library.s").write_text(LIBRARY.format(name="next", body=body))
    source = tmp_path / "firmware.c"
    source.write_text(source.read_text().split("int next(int);")[0]
                      + 'int next(int); void main(void) { put("0123"[next(1)]); put(33); }')  # fmt: skip
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-O1", "-g", "-ffreestanding", "-nostdlib",
         "-T", "firmware.ld", "firmware.c", "library.s", "-o", elf], cwd=tmp_path, check=True,
    )  # fmt: skip
    machine = Machine("virtual-m3")
    machine.load(elf)
    (note,) = machine.notes
    assert "built for" in note
    assert "cortex-m3 of virtual-m3" in note
    if runs:
        machine.run(until="!")
        assert machine.console.take() == b"2!"
    else:
        with pytest.raises(GuestFault, match="FPU or coprocessor instruction") as caught:
            machine.run()
        assert "next" in caught.value.where
        assert "rebuild it for this core" in caught.value.next_step
