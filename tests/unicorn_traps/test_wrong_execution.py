"""Traps U1 to U8, and Armv8.1-M: where Unicorn executes something else than a Cortex-M would, without a word.

Each test says what the hardware does, what Unicorn does, what we do and where, and which
version showed it. It fails when Unicorn changes, so that the workaround can go.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from bare_unicorn import (
    CODE,
    CORES,
    DEVICE,
    IT_STATE,
    RAM,
    Device,
    Listing,
    cpsr,
    gone,
    open_core,
    pc,
    r,
    run,
    set_r,
)
from it_programs import outcome, random_program
from unicorn import UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc

every_core = pytest.mark.parametrize("core", CORES)

LOAD_IN_IT_BLOCK = Listing("""
    2800      | cmp r0, #0
    bf08      | it eq
    6811      | ldreq r1, [r2]
    2809      | cmp r0, #9
    e7ff      | b.n . + 2
    3301      | adds r3, #1
    3401      | adds r4, #1
    bf00      | nop
""")


def forget_it_state(uc: Uc) -> None:
    """The repair that a memory callback needs."""
    uc.reg_write(arm.UC_ARM_REG_CPSR, cpsr(uc) & ~IT_STATE)


def count_wrong(core: str, prepare: Callable[[Uc], None], programs: int = 60) -> int:
    """How many random IT programs end differently on a core after ``prepare`` added its hooks."""
    plain, hooked = open_core(core, b""), open_core(core, b"")
    Device(plain), Device(hooked)
    prepare(hooked)
    wrong = 0
    for seed in range(programs):
        program = random_program(Random(seed))
        wrong += outcome(plain, program, seed) != outcome(hooked, program, seed)
    return wrong


@every_core
def test_u1_memory_hook_in_it_block_leaks_it_state(core: str) -> None:
    """A UC_HOOK_MEM_* callback inside an IT block leaves the IT state set.

    Hardware: the IT state advances with every instruction and is 0 after the block.
    Unicorn 2.1.4: the block after the callback is translated as if inside IT, so its
    instructions are skipped when the condition fails (unicorn#2309).
    We: never add a memory hook; peripherals are ``mmio_map`` (Core.map_device in
    emulator/engine/core.py), data addresses are computed from registers at block entry.
    """

    def passes(hook: bool) -> tuple[int, int]:
        uc = open_core(core, LOAD_IN_IT_BLOCK)
        if hook:
            uc.hook_add(ucc.UC_HOOK_MEM_READ, lambda *_: None)
        set_r(uc, r2=RAM)
        assert run(uc, until=LOAD_IN_IT_BLOCK.end) is None
        return r(uc, 3), r(uc, 4)

    assert passes(hook=False) == (1, 1)
    assert passes(hook=True) != (1, 1), gone("leaks IT state from memory hooks", "Core.map_device")


def test_u1_random_programs() -> None:
    """The same on random programs: many end wrong with a hook, none with the repair.

    Where a memory trace is a must (the reference that tests/timing checks computed addresses
    against), every memory callback clears CPSR bits 26:25 and 15:10. Unicorn 2.1.4.
    """

    def empty_hook(uc: Uc) -> None:
        uc.hook_add(ucc.UC_HOOK_MEM_READ | ucc.UC_HOOK_MEM_WRITE, lambda *_: None)

    def repairing_hook(uc: Uc) -> None:
        uc.hook_add(ucc.UC_HOOK_MEM_READ | ucc.UC_HOOK_MEM_WRITE, lambda uc, *_: forget_it_state(uc))

    assert count_wrong("cortex-m4", empty_hook) > 0, gone(
        "leaks IT state from memory hooks", "Core.map_device"
    )
    assert count_wrong("cortex-m4", repairing_hook) == 0
    assert count_wrong("cortex-m4", lambda uc: None) == 0


def test_u1_mapping_on_demand_leaks_too() -> None:
    """A MEM_*_UNMAPPED hook that maps the page and returns True has the same leak.

    We: every region is mapped before the first run; UC_HOOK_MEM_INVALID (emulator/machine/traps.py)
    only notes the address and returns False. Unicorn 2.1.4.
    """
    uc = open_core("cortex-m4", LOAD_IN_IT_BLOCK)

    def map_it(uc: Uc, _access: int, address: int, *_: Any) -> bool:
        uc.mem_map(address & ~0xFFF, 0x1000)
        return True

    uc.hook_add(ucc.UC_HOOK_MEM_READ_UNMAPPED, map_it)
    set_r(uc, r2=0x60000000)
    assert run(uc, until=LOAD_IN_IT_BLOCK.end) is None
    assert (r(uc, 3), r(uc, 4)) != (1, 1), gone("leaks IT state from unmapped hooks", "TrapHandler")


@every_core
def test_u1_mapped_device_in_it_block_is_right(core: str) -> None:
    """Accesses to ``mmio_map`` regions inside IT blocks leave no IT state: what we build on."""
    uc = open_core(core, LOAD_IN_IT_BLOCK)
    device = Device(uc)
    set_r(uc, r2=DEVICE)
    assert run(uc, until=LOAD_IN_IT_BLOCK.end) is None
    assert device.accesses == [("read", 0, 4)]
    assert (r(uc, 3), r(uc, 4)) == (1, 1)


def test_u2_virtual_tlb_leaks_it_state() -> None:
    """UC_TLB_VIRTUAL with a fill callback leaks like U1 on the first touch of a page.

    Hardware has no TLB. Unicorn 2.1.4 calls UC_HOOK_TLB_FILL from inside the IT block.
    We: never select UC_TLB_VIRTUAL (emulator/engine/core.py keeps the default).
    """

    def passes(repair: bool) -> tuple[int, int]:
        uc = open_core("cortex-m4", LOAD_IN_IT_BLOCK)
        uc.ctl_set_tlb_mode(ucc.UC_TLB_VIRTUAL)

        def fill(uc: Uc, address: int, _access: int, entry: Any, _data: Any) -> bool:
            if repair:
                forget_it_state(uc)
            entry.paddr, entry.perms = address, ucc.UC_PROT_ALL
            return True

        uc.hook_add(ucc.UC_HOOK_TLB_FILL, fill)
        set_r(uc, r2=RAM)
        assert run(uc, until=LOAD_IN_IT_BLOCK.end) is None
        return r(uc, 3), r(uc, 4)

    assert passes(repair=False) != (1, 1), gone(
        "leaks IT state from TLB fills", "no place: it was never used"
    )
    assert passes(repair=True) == (1, 1)


LOAD_ACQUIRE = Listing("""
    e8d1 0faf | lda r0, [r1]
    bf00      | nop
""")


def test_u3_mclass_mode_is_a_cortex_m33() -> None:
    """UC_MODE_MCLASS gives a Cortex-M33 whatever model is selected.

    Hardware: LDA exists from ARMv8-M on; on a Cortex-M3 it is undefined.
    Unicorn 2.1.4 with UC_MODE_MCLASS executes it on an "M3".
    We: open with UC_MODE_THUMB alone and select the model before any map (Core.__init__ in
    emulator/engine/core.py).
    """
    forced = open_core("cortex-m3", LOAD_ACQUIRE, mode=UC_MODE_THUMB | UC_MODE_MCLASS)
    set_r(forced, r1=RAM)
    assert run(forced, until=LOAD_ACQUIRE.end) is None, gone("forces an M33 in MCLASS mode", "Core.__init__")
    right = open_core("cortex-m3", LOAD_ACQUIRE)
    set_r(right, r1=RAM)
    assert run(right, until=LOAD_ACQUIRE.end) is not None
    m33 = open_core("cortex-m33", LOAD_ACQUIRE)
    set_r(m33, r1=RAM)
    assert run(m33, until=LOAD_ACQUIRE.end) is None


DUAL_MULTIPLY = Listing("""
    fb21 3002 | smlad r0, r1, r2, r3
    bf00      | nop
""")


def test_u4_an_m3_executes_dsp_instructions() -> None:
    """SMLAD is undefined on a Cortex-M3; Unicorn 2.1.4 executes it on its M3.

    We: compare an image's build attributes with the board's core when it is loaded
    (emulator/image/checks.py).
    """
    uc = open_core("cortex-m3", DUAL_MULTIPLY)
    set_r(uc, r1=0x00020003, r2=0x00050007, r3=1)
    assert run(uc, until=DUAL_MULTIPLY.end) is None, gone("gives DSP to the M3", "emulator/image/checks.py")
    assert r(uc, 0) == 2 * 5 + 3 * 7 + 1


LOAD_DOUBLE = Listing("""
    e9d2 0100 | ldrd r0, r1, [r2]
    bf00      | nop
""")


def test_u4_unaligned_ldrd_does_not_fault() -> None:
    """LDRD from an address that is no multiple of 4 faults on every core; Unicorn 2.1.4 loads.

    We: the hook looks at the addresses of what must be aligned (emulator/machine/operand_traps.py).
    """
    uc = open_core("cortex-m4", LOAD_DOUBLE)
    set_r(uc, r2=RAM + 2)
    assert run(uc, until=LOAD_DOUBLE.end) is None, gone("lets unaligned LDRD pass", "OperandTraps")


LOAD_WORD = Listing("""
    6810      | ldr r0, [r2]
    bf00      | nop
""")


def test_u4_unaligned_device_access_is_split() -> None:
    """An unaligned access to device memory faults; Unicorn 2.1.4 makes two aligned ones.

    We: a device sees two aligned accesses; device classes must not rely on being told.
    """
    uc = open_core("cortex-m4", LOAD_WORD)
    device = Device(uc)
    device.values = {0: 0x44332211, 4: 0x88776655}
    set_r(uc, r2=DEVICE + 2)
    assert run(uc, until=LOAD_WORD.end) is None
    assert device.accesses == [("read", 0, 4), ("read", 4, 4)], gone("splits device accesses", "Bus")
    assert r(uc, 0) == 0x66554433


STORE_BYTE = Listing("""
    2041      | movs r0, #65
    7010      | strb r0, [r2]
    3101      | adds r1, #1
    bf00      | nop
""")


@every_core
def test_u5_stop_in_device_callback_repeats_the_access(core: str) -> None:
    """``emu_stop`` inside an MMIO callback: the store runs again on resume.

    Hardware sends the byte once. Unicorn 2.1.4 does not finish the instruction that it
    stopped in, so a UART would send its byte twice.
    We: a device callback only sets ``stop_request``; the block hook stops at the next block
    (RunRequests in emulator/machine/requests.py).
    """
    uc = open_core(core, STORE_BYTE)
    device = Device(uc, on_access=lambda: uc.emu_stop() if len(device.accesses) == 1 else None)
    set_r(uc, r1=0, r2=DEVICE)
    assert run(uc, until=STORE_BYTE.end) is None
    assert run(uc, pc(uc), until=STORE_BYTE.end) is None
    assert device.accesses == [("write", 0, 1)] * 2, gone("repeats a stopped access", "RunRequests")
    assert r(uc, 1) == 1


COUNT_DOWN = Listing("""
    3801      | subs r0, #1
    d1fd      | bne.n . - 2
    bf00      | nop
""")


@every_core
def test_u6_stop_in_block_hook_calls_it_again(core: str) -> None:
    """``emu_stop`` inside a block hook: the block has not run, and its hook fires again.

    We: the hook stops before it counts (on_block in emulator/engine/hooks/block_hook.h,
    _on_block in block_hook.py), so totals are the same for any number of stops.
    Unicorn 2.1.4.
    """
    uc = open_core(core, COUNT_DOWN)
    entries: list[int] = []
    stop_at = {2, 5, 6}

    def on_block(uc: Uc, address: int, _size: int, _data: Any) -> None:
        if len(entries) in stop_at:
            stop_at.remove(len(entries))
            uc.emu_stop()
            return
        entries.append(address)

    uc.hook_add(ucc.UC_HOOK_BLOCK, on_block)
    set_r(uc, r0=10)
    assert run(uc, until=COUNT_DOWN.end) is None
    seen = []
    for _ in range(3):
        seen.append((len(entries), r(uc, 0)))
        assert run(uc, pc(uc), until=COUNT_DOWN.end) is None
    assert seen == [(2, 8), (5, 5), (6, 4)], gone(
        "runs a block after a stop in its hook", "block_hook.h on_block"
    )
    assert entries == [CODE] * 10 + [CODE + 4]


TWO_LOADS = Listing("""
    2001      | movs r0, #1
    2102      | movs r1, #2
    6813      | ldr r3, [r2]
    3004      | adds r0, #4
    6853      | ldr r3, [r2, #4]
    bf00      | nop
""")


@every_core
def test_u7_device_callback_sees_the_blocks_start(core: str) -> None:
    """PC inside an ``mmio_map`` callback is the block's start, not the access's address.

    Hardware: an access happens at its instruction. Unicorn 2.1.4 keeps PC in step only at
    block boundaries; the other registers are current, which AccessFinder relies on.
    We: find the access in the decoded block (emulator/bus/access.py) and add its issue cycle.
    """
    uc = open_core(core, TWO_LOADS)
    seen: list[tuple[int, int, int]] = []
    Device(uc, on_access=lambda: seen.append((pc(uc), r(uc, 0), r(uc, 1))))
    set_r(uc, r2=DEVICE)
    assert run(uc, until=TWO_LOADS.end) is None
    assert [at for at, _, _ in seen] == [CODE, CODE], gone(
        "hides the PC of an access", "emulator/bus/access.py"
    )
    assert [rest for _, *rest in seen] == [[1, 2], [5, 2]]


@every_core
def test_u8_unprivileged_thread_hides_stack_pointers(core: str) -> None:
    """With CONTROL.nPRIV = 1 in thread mode MSP, PSP and PRIMASK read 0 and can't be written.

    A debugger, and the exception hardware, reach them at any privilege. Unicorn 2.1.4 applies
    the MRS/MSR rules of the running code to its API.
    We: stack through SP, then write IPSR (handler mode is privileged), then bank by hand
    (emulator/system/exceptions.py, emulator/engine/core.py).
    """
    uc = open_core(core, Listing(""))
    uc.reg_write(arm.UC_ARM_REG_MSP, RAM + 0x100)
    uc.reg_write(arm.UC_ARM_REG_PSP, RAM + 0x200)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 3)  # unprivileged, on PSP
    assert uc.reg_read(arm.UC_ARM_REG_SP) == RAM + 0x200
    place = "exception entry"
    assert uc.reg_read(arm.UC_ARM_REG_MSP) == 0, gone("hides MSP", place)
    assert uc.reg_read(arm.UC_ARM_REG_PSP) == 0, gone("hides PSP", place)
    uc.reg_write(arm.UC_ARM_REG_PRIMASK, 1)
    assert uc.reg_read(arm.UC_ARM_REG_PRIMASK) == 0, gone("hides PRIMASK", place)
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
    assert uc.reg_read(arm.UC_ARM_REG_CONTROL) & 1 == 1, gone("protects CONTROL", place)
    uc.reg_write(arm.UC_ARM_REG_IPSR, 11)  # as an exception entry does
    assert uc.reg_read(arm.UC_ARM_REG_MSP) == RAM + 0x100
    assert uc.reg_read(arm.UC_ARM_REG_PSP) == RAM + 0x200
    assert uc.reg_read(arm.UC_ARM_REG_SP) == RAM + 0x100
    uc.reg_write(arm.UC_ARM_REG_CONTROL, 0)
    assert uc.reg_read(arm.UC_ARM_REG_CONTROL) & 1 == 0


# -- Armv8.1-M -------------------------------------------------------------------------------
INTERPRETER = "emulator/engine/vector/programs.py"
ASRL, LSLL, UQRSHLL = "ea50112f", "ea50110f", "ea51210d"  # r0, r1, #4; r0, r1, #4; r0, r1, #64, r2
TRAPPING = {
    "vadd.i32 q0, q1, q2": "ef220844",
    "vldrw.u32 q0, [r0]": "ed901f00",
    "csel r0, r1, r2, ne": "ea518012",
    "dls lr, r0": "f040e001",
    "vctp.8 r0": "f000e801",
}


def halfwords(digits: str) -> bytes:
    """As :class:`Listing`, for what its assembler's core does not know."""
    return b"".join(int(digits[n : n + 4], 16).to_bytes(2, "little") for n in range(0, len(digits), 4))


@pytest.mark.parametrize(
    ("code", "shifted"), [(ASRL, 0x2_0000_0010 >> 4), (LSLL, 0x20_0000_0100), (UQRSHLL, 0x2_0000_0010)]
)
def test_long_shifts_run_as_something_else(code: str, shifted: int) -> None:
    """Armv8.1-M: two registers are shifted as 64 bits. Unicorn's cores: ORRS and the like, without a trap.

    We: a code hook stops before each, and the interpreter executes it. Unicorn 2.1.4.
    """
    uc = open_core("cortex-m33", halfwords(code + "bf00"))
    set_r(uc, r0=0x10, r1=2, r2=0)
    assert run(uc, until=CODE + 6) is None, "it traps now: no code hook is needed"
    assert (r(uc, 1) << 32 | r(uc, 0)) != shifted, gone("takes long shifts for others", INTERPRETER)


@pytest.mark.parametrize("code", TRAPPING.values(), ids=TRAPPING)
def test_the_rest_of_armv8_1_traps(code: str) -> None:
    """Armv8.1-M: loops, selects and vectors. Unicorn's cores: a fault, the PC at the instruction.

    We: the interpreter goes on there. Unicorn 2.1.4.
    """
    uc = open_core("cortex-m33", halfwords(code + "bf00"))
    set_r(uc, r0=RAM)
    uc.reg_write(arm.UC_ARM_REG_FPEXC, 1 << 30)
    error = run(uc, until=CODE + 6)
    assert error is not None, gone("lacks Armv8.1-M", INTERPRETER)
    assert pc(uc) == CODE
