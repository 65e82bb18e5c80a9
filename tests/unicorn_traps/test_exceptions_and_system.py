"""What Unicorn does at exceptions, faults and system instructions, as emulator/machine/traps.py expects it.

Every expectation was seen with Unicorn 2.1.4; a test that fails after an update names the
code to look at.
"""

from __future__ import annotations

from typing import Any

import pytest
from bare_unicorn import CODE, CORES, RAM, Listing, gone, open_core, pc, r, run, set_r
from unicorn import Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

every_core = pytest.mark.parametrize("core", CORES)
TRAPS = "emulator/machine/traps.py"


def interrupts_of(uc: Uc) -> list[tuple[int, int]]:
    """Make ``uc`` stop at interrupts; (number, PC) of each."""
    seen: list[tuple[int, int]] = []

    def on_interrupt(uc: Uc, number: int, _data: Any) -> None:
        seen.append((number, pc(uc)))
        uc.emu_stop()

    uc.hook_add(ucc.UC_HOOK_INTR, on_interrupt)
    return seen


LOAD = Listing("""
    2001      | movs r0, #1
    6811      | ldr r1, [r2]
    2002      | movs r0, #2
    bf00      | nop
""")


@every_core
@pytest.mark.parametrize("register", [0xE000E010, 0xE000ED08, 0xE0001004, 0xE000ED90])
def test_no_system_registers(core: str, register: int) -> None:
    """SysTick, SCB, DWT and MPU exist on hardware; Unicorn maps nothing there.

    We: emulator/system, mapped by Machine at 0xE0000000-0xE00FFFFF.
    """
    uc = open_core(core, LOAD)
    set_r(uc, r2=register)
    error = run(uc, until=LOAD.end)
    assert error is not None, gone(
        "lacks the system registers", "nothing, but compare emulator/system with it"
    )
    assert error.errno == ucc.UC_ERR_READ_UNMAPPED


RETURN = Listing("""
    bf00      | nop
    4770      | bx lr
    bf00      | nop
""")


@every_core
@pytest.mark.parametrize("magic", [0xFFFFFFF1, 0xFFFFFFF9, 0xFFFFFFFD, 0xFFFFFFE9, 0xFFFFFFED])
def test_exc_return_is_an_interrupt(core: str, magic: int) -> None:
    """BX to EXC_RETURN in handler mode unstacks on hardware; Unicorn reports it.

    INTR 8 on the M33 and 3 (prefetch abort) on M3, M4 and M7, with PC = magic & ~1.
    We: TrapHandler._exception tests PC, not the number alone.
    """
    uc = open_core(core, RETURN)
    seen = interrupts_of(uc)
    uc.reg_write(arm.UC_ARM_REG_IPSR, 11)
    uc.reg_write(arm.UC_ARM_REG_LR, magic)
    run(uc)
    assert seen == [(8 if core == "cortex-m33" else 3, magic & ~1)], gone("reports EXC_RETURN so", TRAPS)


SVC = Listing("""
    bf00      | nop
    df05      | svc #5
    bf00      | nop
""")
BKPT = Listing("""
    bf00      | nop
    beab      | bkpt 0xab
    bf00      | nop
""")


@every_core
def test_svc_and_bkpt(core: str) -> None:
    """SVC is INTR 2 with PC after it, BKPT is INTR 7 with PC at it (semihosting is BKPT 0xAB).

    We: TrapHandler._exception and _breakpoint, which steps over a semihosting call.
    """
    uc = open_core(core, SVC)
    seen = interrupts_of(uc)
    run(uc)
    assert seen == [(2, CODE + 4)], gone("reports SVC so", TRAPS)
    uc = open_core(core, BKPT)
    seen = interrupts_of(uc)
    run(uc)
    assert seen == [(7, CODE + 2)], gone("reports BKPT so", TRAPS)


@every_core
def test_an_interrupt_without_hook_is_an_error(core: str) -> None:
    """Without UC_HOOK_INTR an exception ends the run as UC_ERR_EXCEPTION."""
    error = run(open_core(core, SVC))
    assert error is not None
    assert error.errno == ucc.UC_ERR_EXCEPTION


WFI = Listing("""
    bf00      | nop
    bf30      | wfi
    2001      | movs r0, #1
    bf00      | nop
""")
WFE = Listing("""
    bf00      | nop
    bf20      | wfe
    2001      | movs r0, #1
    bf00      | nop
""")
YIELD = Listing("""
    bf00      | nop
    bf10      | yield
    2001      | movs r0, #1
    bf00      | nop
""")
SEV = Listing("""
    bf00      | nop
    bf40      | sev
    2001      | movs r0, #1
    bf00      | nop
""")
UDF = Listing("""
    bf00      | nop
    de01      | udf #1
    2001      | movs r0, #1
    bf00      | nop
""")


@every_core
def test_wfi_looks_like_the_end(core: str) -> None:
    """WFI returns from ``emu_start`` without an error, PC after it; hardware sleeps.

    We: TrapHandler._waited looks at the half-word before PC.
    """
    uc = open_core(core, WFI)
    assert run(uc, until=WFI.end) is None
    assert (pc(uc), r(uc, 0)) == (CODE + 4, 0), gone("returns at WFI", TRAPS)


@every_core
@pytest.mark.parametrize("program", [WFE, YIELD], ids=["wfe", "yield"])
def test_wfe_and_yield_are_invalid(core: str, program: Listing) -> None:
    """WFE and YIELD raise invalid-instruction on every M core, PC past them.

    Hardware waits for an event, or does nothing. We: TrapHandler._invalid.
    """
    uc = open_core(core, program)
    error = run(uc, until=program.end)
    assert error is not None, gone("rejects WFE and YIELD", "TrapHandler._invalid")
    assert error.errno == ucc.UC_ERR_INSN_INVALID
    assert pc(uc) == CODE + 4


@every_core
def test_sev_is_a_nop(core: str) -> None:
    """SEV does nothing in Unicorn and can't be seen.

    Hardware sets the event register. We: emulator/thumb finds it in the decoded block.
    """
    uc = open_core(core, SEV)
    assert run(uc, until=SEV.end) is None
    assert r(uc, 0) == 1


@every_core
def test_udf_stops_at_itself(core: str) -> None:
    """UDF: invalid instruction with PC at it, as a UsageFault stacks it."""
    uc = open_core(core, UDF)
    seen = interrupts_of(uc)
    error = run(uc, until=UDF.end)
    assert pc(uc) == CODE + 2, gone("leaves PC at UDF", TRAPS)
    assert seen or (error is not None and error.errno == ucc.UC_ERR_INSN_INVALID)


def block_starts(core: str, program: Listing) -> list[int]:
    uc = open_core(core, program)
    starts: list[int] = []
    uc.hook_add(ucc.UC_HOOK_BLOCK, lambda _uc, address, _size, _data: starts.append(address - CODE))
    set_r(uc, r0=0)
    assert run(uc, until=program.end) is None
    return starts


MASKS = Listing("""
    b672      | cpsid i
    bf00      | nop
    b662      | cpsie i
    bf00      | nop
    f380 8810 | msr primask, r0
    bf00      | nop
    f380 8811 | msr basepri, r0
    bf00      | nop
    f3bf 8f6f | isb
    bf00      | nop
    f3bf 8f4f | dsb sy
    bf00      | nop
    f3bf 8f5f | dmb sy
    bf00      | nop
""")


@every_core
def test_mask_changes_end_a_block(core: str) -> None:
    """CPSID, CPSIE, MSR and ISB end a block, DSB and DMB do not; none of them can be hooked.

    We: pending interrupts are looked at again at block entry, with the masks as they are then
    (masks_open in emulator/engine/hooks/block_hook.h).
    """
    assert block_starts(core, MASKS) == [0, 2, 6, 12, 18, 24], gone("ends blocks so", "masks_open")


SINGLE = Listing("""
    ee30 0a81 | vadd.f32 s0, s1, s2
    bf00      | nop
""")
DOUBLE = Listing("""
    ee31 0b02 | vadd.f64 d0, d1, d2
    bf00      | nop
""")


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_fpu_is_on_at_reset(core: str) -> None:
    """Hardware keeps the FPU off until CPACR is written; Unicorn has it on. FPCA is set by use.

    We: emulator/system/fpu.py keeps CPACR; FPCA decides the frame in emulator/system/exceptions.py.
    """
    uc = open_core(core, SINGLE)
    assert uc.reg_read(arm.UC_ARM_REG_CONTROL) & 4 == 0
    uc.reg_write(arm.UC_ARM_REG_S1, 0x3F800000)
    uc.reg_write(arm.UC_ARM_REG_S2, 0x40000000)
    assert run(uc, until=SINGLE.end) is None, gone("has the FPU on at reset", "emulator/system/fpu.py")
    assert uc.reg_read(arm.UC_ARM_REG_S0) == 0x40400000
    assert uc.reg_read(arm.UC_ARM_REG_CONTROL) & 4 == 4


@pytest.mark.parametrize(
    ("core", "has_double"), [("cortex-m4", False), ("cortex-m33", False), ("cortex-m7", True)]
)
def test_double_precision_on_the_m7_alone(core: str, has_double: bool) -> None:
    """M4 and M33 have single precision, the M7 double too, as on hardware."""
    assert (run(open_core(core, DOUBLE), until=DOUBLE.end) is None) == has_double


def test_no_fpu_on_the_m3() -> None:
    """An FP instruction on the M3 is INTR 17, PC at it: UsageFault, NOCP."""
    uc = open_core("cortex-m3", SINGLE)
    seen = interrupts_of(uc)
    run(uc, until=SINGLE.end)
    assert seen == [(17, CODE)], gone("reports a missing FPU so", TRAPS)


@every_core
def test_writing_xpsr_and_cpsr(core: str) -> None:
    """Writing XPSR sets flags, IT state and IPSR (banking SP); writing CPSR leaves IPSR.

    Hardware pops one xPSR. We: exception entry and return write IPSR explicitly, which both
    spellings allow (emulator/system/exceptions.py).
    """
    uc = open_core(core, Listing(""))
    uc.reg_write(arm.UC_ARM_REG_MSP, RAM + 0x100)
    uc.reg_write(arm.UC_ARM_REG_PSP, RAM + 0x200)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 2)
    uc.reg_write(arm.UC_ARM_REG_XPSR, 0xA700FC0B)
    assert uc.reg_read(arm.UC_ARM_REG_XPSR) == 0xA700FC0B
    assert uc.reg_read(arm.UC_ARM_REG_IPSR) == 11
    assert uc.reg_read(arm.UC_ARM_REG_SP) == RAM + 0x100
    uc.reg_write(arm.UC_ARM_REG_CPSR, 0x40000020)
    assert uc.reg_read(arm.UC_ARM_REG_XPSR) == 0x4100000B
    assert uc.reg_read(arm.UC_ARM_REG_IPSR) == 11


@every_core
def test_writing_ipsr_swaps_stack_pointers(core: str) -> None:
    """Entering and leaving handler mode by IPSR banks MSP and PSP as hardware does."""
    uc = open_core(core, Listing(""))
    uc.reg_write(arm.UC_ARM_REG_MSP, RAM + 0x100)
    uc.reg_write(arm.UC_ARM_REG_PSP, RAM + 0x200)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 2)
    seen = []
    for ipsr in (0, 15, 0):
        uc.reg_write(arm.UC_ARM_REG_IPSR, ipsr)
        seen.append(uc.reg_read(arm.UC_ARM_REG_SP) - RAM)
    assert seen == [0x200, 0x100, 0x200]


@every_core
@pytest.mark.parametrize("address", [0x40000000, 0xA0000000, 0xE0000000])
def test_execute_never_regions(core: str, address: int) -> None:
    """The default memory map forbids execution from devices and the system space: INTR 3.

    As on hardware (MemManage, IACCVIOL). We: TrapHandler._exception.
    """
    uc = open_core(core, Listing(""))
    uc.mem_map(address, 0x1000)
    uc.mem_write(address, b"\x00\xbf" * 8)
    seen = interrupts_of(uc)
    run(uc, address, until=address + 8)
    assert seen == [(3, address)], gone("enforces the default map so", TRAPS)


JUMP = Listing("""
    2001      | movs r0, #1
    4708      | bx r1
    bf00      | nop
""")


@every_core
def test_jump_to_nowhere(core: str) -> None:
    """A branch to unmapped memory: FETCH_UNMAPPED with PC at the target."""
    uc = open_core(core, JUMP)
    set_r(uc, r1=0x10000001)
    error = run(uc)
    assert error is not None
    assert error.errno == ucc.UC_ERR_FETCH_UNMAPPED
    assert pc(uc) == 0x10000000


@every_core
def test_branch_to_an_even_address(core: str) -> None:
    """BX to an even address: UsageFault, INVSTATE on hardware.

    Unicorn raises invalid-instruction with PC at the target and T clear, the same error as an
    undefined instruction. We: TrapHandler._invalid must look at T.
    """
    uc = open_core(core, JUMP)
    seen = interrupts_of(uc)
    set_r(uc, r1=CODE + 4)
    error = run(uc)
    assert error is not None
    assert (error.errno, seen) == (ucc.UC_ERR_INSN_INVALID, []), gone("reports INVSTATE so", TRAPS)
    assert pc(uc) == CODE + 4
    assert uc.reg_read(arm.UC_ARM_REG_XPSR) & 1 << 24 == 0


STORE = Listing("""
    2001      | movs r0, #1
    6010      | str r0, [r2]
    2002      | movs r0, #2
    bf00      | nop
""")


@every_core
@pytest.mark.parametrize("program", [LOAD, STORE], ids=["load", "store"])
def test_pc_at_an_unmapped_access(core: str, program: Listing) -> None:
    """At a load or store that nothing answers, PC is the instruction's address (a precise fault).

    The instruction has not run, those before it have. We: TrapHandler._fault stacks that PC.
    """
    uc = open_core(core, program)
    places: list[int] = []

    def on_invalid(uc: Uc, _access: int, address: int, *_: Any) -> bool:
        places.append(address)
        return False

    uc.hook_add(ucc.UC_HOOK_MEM_INVALID, on_invalid)
    set_r(uc, r1=0x55, r2=0x60000004)
    error = run(uc)
    assert error is not None
    assert error.errno in (ucc.UC_ERR_READ_UNMAPPED, ucc.UC_ERR_WRITE_UNMAPPED)
    assert places == [0x60000004]
    assert pc(uc) == CODE + 2, gone("leaves PC at the faulting access", "TrapHandler._fault")
    assert (r(uc, 0), r(uc, 1)) == (1, 0x55)


def test_pc_at_a_write_to_flash() -> None:
    """A store to memory mapped without write permission: WRITE_PROT, PC at the store."""
    uc = open_core("cortex-m4", STORE)
    uc.mem_map(0x10000000, 0x1000, ucc.UC_PROT_READ | ucc.UC_PROT_EXEC)
    set_r(uc, r2=0x10000000)
    error = run(uc)
    assert error is not None
    assert error.errno == ucc.UC_ERR_WRITE_PROT
    assert pc(uc) == CODE + 2


FAULT_IN_IT_BLOCK = Listing("""
    2800      | cmp r0, #0
    bf06      | itte eq
    3401      | addeq r4, #1
    6811      | ldreq r1, [r2]
    6851      | ldrne r1, [r2, #4]
    3501      | adds r5, #1
    bf00      | nop
""")


@every_core
def test_fault_in_it_block(core: str) -> None:
    """A fault inside an IT block: PC at the access, CPSR holds the IT state of that instruction.

    As hardware stacks it. We: exception entry stacks CPSR's IT bits and clears them.
    """
    uc = open_core(core, FAULT_IN_IT_BLOCK)
    set_r(uc, r2=0x60000000)
    assert run(uc) is not None
    assert (pc(uc), r(uc, 4)) == (CODE + 6, 1)
    state = uc.reg_read(arm.UC_ARM_REG_CPSR)
    it_bits = (state >> 10 & 0x3F) << 2 | (state >> 25 & 3)
    assert it_bits == 0x0C  # eq, then "te" left: this instruction and one more
