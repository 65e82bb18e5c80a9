"""Entry, return, frames, stacks, tail-chaining, late arrival, FP context."""

from __future__ import annotations

import pytest
from fake_core import FLASH, FPCA, NPRIV, RAM, SPSEL, STACK_TOP, THREAD_CODE, Rig

ALL_CORES = ("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
IRQ = 16
FPCCR, FPCAR, CCR, SCR, ICSR = 0xE000EF34, 0xE000EF38, 0xE000ED14, 0xE000ED10, 0xE000ED04


def exc_return(core_name: str, kind: str, *, fp: bool = False) -> int:
    v8 = {"handler": 0xFFFFFFB0, "thread-msp": 0xFFFFFFB8, "thread-psp": 0xFFFFFFBC}
    v7 = {"handler": 0xFFFFFFF1, "thread-msp": 0xFFFFFFF9, "thread-psp": 0xFFFFFFFD}
    value = (v8 if core_name == "cortex-m33" else v7)[kind]
    return value & ~0x10 if fp else value


def loaded(core_name: str = "cortex-m4", **options: object) -> Rig:
    """A rig whose registers all differ."""
    rig = Rig(core_name, **options)
    for n in range(13):
        rig.core.set(f"r{n}", 0x1000 + n)
    rig.core.set("lr", 0x08000123)
    rig.core.set("xpsr", 0xA1000000)
    return rig


@pytest.mark.parametrize("core_name", ALL_CORES)
def test_entry_and_return_on_every_core(core_name: str) -> None:
    rig = loaded(core_name)
    line = rig.interrupt(3)
    line(True)
    assert rig.take() == 12
    frame = STACK_TOP - 32
    assert rig.core.get("sp") == frame
    expected = [0x1000, 0x1001, 0x1002, 0x1003, 0x100C, 0x08000123, THREAD_CODE, 0xA1000000]
    assert [rig.core.word(frame + 4 * i) for i in range(8)] == expected
    assert rig.running == IRQ + 3
    assert rig.at == rig.handler(IRQ + 3)
    assert rig.core.get("lr") == exc_return(core_name, "thread-msp")
    line(False)
    for name in ("r0", "r1", "r2", "r3", "r12"):
        rig.core.set(name, 0xDEAD)
    rig.core.set("r4", 0x77)
    assert rig.ret() == (10, False)
    assert rig.running == 0
    assert rig.at == THREAD_CODE
    assert rig.core.get("sp") == STACK_TOP
    assert rig.core.get("lr") == 0x08000123
    assert rig.core.get("xpsr") == 0xA1000000
    assert rig.core.get_many(("r0", "r3", "r4", "r12")) == (0x1000, 0x1003, 0x77, 0x100C)


@pytest.mark.parametrize("core_name", ALL_CORES)
@pytest.mark.parametrize("unprivileged", [0, NPRIV])
def test_thread_on_the_process_stack(core_name: str, unprivileged: int) -> None:
    rig = loaded(core_name)
    rig.core.set("psp", RAM + 0x1000)
    rig.core.set("control", SPSEL | unprivileged)
    rig.interrupt(0)(True)
    rig.take()
    assert rig.core.get("lr") == exc_return(core_name, "thread-psp")
    assert rig.core.get("sp") == STACK_TOP
    assert rig.core.get("psp") == RAM + 0x1000 - 32
    assert rig.core.get("control") == unprivileged, "SPSEL is clear in a handler"
    rig.system.external_line(0).set_level(False)
    rig.ret()
    assert rig.core.get("control") == SPSEL | unprivileged
    assert rig.core.get("sp") == RAM + 0x1000
    assert rig.core.registers["msp"] == STACK_TOP


def test_handler_may_change_privilege_and_stack_of_the_thread() -> None:
    rig = loaded()
    rig.system.svc()
    rig.core.set("control", NPRIV)
    rig.core.set("psp", RAM + 0x800)
    for i, word in enumerate((1, 2, 3, 4, 5, 6, 0x08000500, 0x01000000)):
        rig.core.put_word(RAM + 0x800 + 4 * i, word)
    rig.system.exception_return(0xFFFFFFFD)
    assert rig.core.get("control") == NPRIV | SPSEL
    assert rig.core.get("sp") == RAM + 0x820
    assert rig.at == 0x08000500
    assert rig.core.registers["msp"] == STACK_TOP - 32


@pytest.mark.parametrize("offset", [0, 4])
@pytest.mark.parametrize("aligns", [True, False])
def test_frame_alignment(offset: int, aligns: bool) -> None:
    rig = loaded()
    if not aligns:
        rig.w(CCR, 0)
    rig.core.set("sp", STACK_TOP - 0x100 + offset)
    rig.interrupt(0)(True)
    rig.take()
    padded = aligns and offset == 4
    assert rig.core.get("sp") == STACK_TOP - 0x120 + (0 if padded else offset)
    assert bool(rig.core.word(rig.core.get("sp") + 28) & 0x200) is padded
    rig.system.external_line(0).set_level(False)
    rig.ret()
    assert rig.core.get("sp") == STACK_TOP - 0x100 + offset
    assert rig.core.get("xpsr") == 0xA1000000


def test_it_state_is_stacked_cleared_and_restored() -> None:
    rig = loaded()
    rig.core.set("xpsr", 0x0100A400 | 0x06000000)
    rig.interrupt(0)(True)
    rig.take()
    assert rig.core.get("xpsr") == 0x01000000 | IRQ
    rig.system.external_line(0).set_level(False)
    rig.ret()
    assert rig.core.get("xpsr") == 0x0700A400


def test_nested_returns_restore_ipsr() -> None:
    rig = loaded()
    low, high = rig.interrupt(1, 0x80), rig.interrupt(2, 0x40)
    low(True)
    rig.take()
    high(True)
    rig.take()
    assert rig.running == IRQ + 2
    assert rig.core.get("lr") == 0xFFFFFFF1
    assert rig.r(ICSR) & 0x1FF == IRQ + 2
    assert not rig.r(ICSR) & 1 << 11, "RETTOBASE is clear while another handler is active"
    high(False)
    rig.ret()
    assert rig.running == IRQ + 1
    assert rig.core.get("lr") == 0xFFFFFFF9
    assert rig.r(ICSR) & 1 << 11
    low(False)
    rig.ret()
    assert (rig.running, rig.at) == (0, THREAD_CODE)
    assert rig.core.get("sp") == STACK_TOP


def test_tail_chain_costs_six_and_stacks_nothing() -> None:
    rig = loaded()
    first, second = rig.interrupt(1, 0x40), rig.interrupt(2, 0x80)
    first(True)
    second(True)
    rig.take()
    assert rig.running == IRQ + 1
    assert not rig.system.preempts()
    first(False)
    stack = rig.core.get("sp")
    assert rig.ret() == (6, False)
    assert rig.running == IRQ + 2
    assert rig.core.get("sp") == stack
    assert rig.core.get("lr") == 0xFFFFFFF9
    second(False)
    assert rig.ret() == (10, False)
    assert rig.at == THREAD_CODE


def test_level_still_asserted_at_return_enters_again() -> None:
    rig = loaded()
    line = rig.interrupt(1)
    line(True)
    rig.take()
    assert rig.ret() == (6, False)
    assert rig.running == IRQ + 1
    line(False)
    rig.ret()
    assert rig.running == 0


def test_late_arrival_takes_the_frame() -> None:
    rig = loaded()
    low, high = rig.interrupt(1, 0x80), rig.interrupt(2, 0x40)
    slot = rig.clock.deadline("test.arrival", lambda: high(True))
    low(True)
    slot.arm(rig.cycles + 5)
    assert rig.take() == 12
    assert rig.running == IRQ + 2
    assert rig.core.get("lr") == 0xFFFFFFF9, "the thread was interrupted, not the first handler"
    high(False)
    assert rig.ret() == (6, False)
    assert rig.running == IRQ + 1


def test_arrival_while_unstacking_chains() -> None:
    rig = loaded()
    first, second = rig.interrupt(1), rig.interrupt(2)
    first(True)
    rig.take()
    first(False)
    slot = rig.clock.deadline("test.arrival", lambda: second(True))
    slot.arm(rig.cycles + 4)
    assert rig.ret() == (4 + 6, False)
    assert rig.running == IRQ + 2


def test_deadlines_inside_an_entry_run_on_time() -> None:
    rig = loaded()
    seen: list[int] = []
    slot = rig.clock.deadline("test.timer", lambda: seen.append(rig.cycles))
    rig.interrupt(1)(True)
    slot.arm(7)
    rig.take()
    assert seen == [7]
    assert rig.cycles == 12


def test_sleep_on_exit_only_to_thread() -> None:
    rig = loaded()
    rig.w(SCR, 2)
    low, high = rig.interrupt(1, 0x80), rig.interrupt(2, 0x40)
    low(True)
    rig.take()
    high(True)
    rig.take()
    high(False)
    assert rig.ret() == (10, False)
    low(False)
    assert rig.ret() == (10, True)


# -- floating point -----------------------------------------------------------------------
def with_fp(core_name: str = "cortex-m4", *, lazy: bool = True) -> Rig:
    rig = loaded(core_name)
    rig.w(FPCCR, 0xC0000000 if lazy else 0x80000000)
    rig.core.set("control", FPCA)
    for n in range(32):
        rig.core.set(f"s{n}", 0x3F800000 + n)
    rig.core.set("fpscr", 0x10000000)
    return rig


@pytest.mark.parametrize("core_name", ["cortex-m4", "cortex-m7", "cortex-m33"])
def test_eager_fp_frame(core_name: str) -> None:
    rig = with_fp(core_name, lazy=False)
    rig.interrupt(0)(True)
    assert rig.take() == 12 + 17
    frame = STACK_TOP - 0x68
    assert rig.core.get("sp") == frame
    assert rig.core.get("lr") == exc_return(core_name, "thread-msp", fp=True)
    assert [rig.core.word(frame + 0x20 + 4 * i) for i in range(16)] == [0x3F800000 + i for i in range(16)]
    assert rig.core.word(frame + 0x60) == 0x10000000
    assert rig.core.get("control") == 0
    for n in range(16):
        rig.core.set(f"s{n}", 0)
    rig.core.set("fpscr", 0)
    rig.system.external_line(0).set_level(False)
    assert rig.ret()[0] == 10 + 17
    assert rig.core.get("control") == FPCA
    assert [rig.core.get(f"s{n}") for n in range(16)] == [0x3F800000 + i for i in range(16)]
    assert rig.core.get("fpscr") == 0x10000000
    assert rig.core.get("sp") == STACK_TOP


def test_lazy_frame_that_nobody_needs_costs_nothing() -> None:
    rig = with_fp()
    rig.interrupt(0)(True)
    assert rig.take() == 12
    assert rig.r(FPCCR) & 1, "LSPACT"
    assert rig.r(FPCAR) == STACK_TOP - 0x48
    rig.system.external_line(0).set_level(False)
    assert rig.ret()[0] == 10
    assert not rig.r(FPCCR) & 1
    assert rig.core.get("control") == FPCA
    assert rig.core.get("sp") == STACK_TOP
    assert rig.core.get("s5") == 0x3F800005


def test_lazy_frame_of_a_handler_that_uses_fp() -> None:
    rig = with_fp()
    rig.interrupt(0)(True)
    rig.take()
    rig.core.set("control", FPCA)  # the core does so at the handler's first FP instruction
    rig.core.set("s0", 0)
    rig.core.set("fpscr", 0)
    assert not rig.r(FPCCR) & 1, "LSPACT ends with the first FP instruction"
    rig.system.external_line(0).set_level(False)
    assert rig.ret()[0] == 10 + 17 + 17, "the late save and the restore"
    assert rig.core.get("s0") == 0x3F800000
    assert rig.core.get("fpscr") == 0x10000000


def test_fp_used_by_a_nested_handler_alone() -> None:
    rig = with_fp()
    low, high = rig.interrupt(1, 0x80), rig.interrupt(2, 0x40)
    low(True)
    rig.take()
    high(True)
    rig.take()
    assert rig.core.get("lr") == 0xFFFFFFF1, "no FP context in the first handler"
    assert rig.r(FPCCR) & 1
    rig.core.set("control", FPCA)
    rig.core.set("s1", 7)
    high(False)
    rig.ret()
    assert rig.core.get("control") == 0
    assert not rig.r(FPCCR) & 1
    low(False)
    rig.ret()
    assert rig.core.get("s1") == 0x3F800001
    assert rig.core.get("control") == FPCA


def test_fp_context_switch_by_a_scheduler() -> None:
    """PendSV from an FP task to a plain one and back, with S16-S31 saved by software."""
    rig = with_fp()
    rig.core.set("psp", RAM + 0x1000)
    rig.core.set("control", SPSEL | FPCA)
    rig.w(ICSR, 1 << 28)
    rig.take()
    assert rig.core.get("lr") == 0xFFFFFFED
    first_task = rig.core.get("psp")
    rig.core.set("control", FPCA)  # vstmdb r0!, {s16-s31}
    other = RAM + 0x800
    rig.core.put_word(other + 24, 0x08000500)
    rig.core.put_word(other + 28, 0x01000000)
    rig.core.set("psp", other)
    rig.system.exception_return(0xFFFFFFFD)
    assert rig.core.get("control") == SPSEL
    rig.core.set("s0", 1)
    rig.w(ICSR, 1 << 28)
    rig.take()
    assert rig.core.get("lr") == 0xFFFFFFFD
    rig.core.set("psp", first_task)
    rig.system.exception_return(0xFFFFFFED)
    assert rig.core.get("s0") == 0x3F800000
    assert rig.core.get("control") == SPSEL | FPCA
    assert rig.core.get("sp") == RAM + 0x1000


def test_no_fp_frame_without_automatic_stacking() -> None:
    rig = with_fp()
    rig.w(FPCCR, 0)
    rig.interrupt(0)(True)
    assert rig.take() == 12
    assert rig.core.get("lr") == 0xFFFFFFF9


def test_event_register_is_set_by_entry_and_return() -> None:
    rig = loaded()
    line = rig.interrupt(0)
    assert not rig.system.wait_for_event()
    line(True)
    rig.take()
    assert rig.system.wait_for_event()
    line(False)
    rig.ret()
    assert rig.system.wait_for_event()
    assert not rig.system.wait_for_event()


def test_vectors_are_read_through_vtor_live() -> None:
    rig = loaded()
    rig.core.put_word(RAM + 4 * (IRQ + 1), 0x08000A01)
    rig.w(0xE000ED08, RAM | 0x7F)
    assert rig.r(0xE000ED08) == RAM
    rig.interrupt(1)(True)
    rig.take()
    assert rig.at == 0x08000A00


def test_m0_has_no_vtor_and_m0plus_keeps_256_byte_steps() -> None:
    assert Rig("cortex-m0").system.register_name(0xE000ED08).startswith("system register")
    rig = Rig("cortex-m0plus")
    rig.w(0xE000ED08, RAM + 0x1FF)
    assert rig.r(0xE000ED08) == RAM + 0x100


def test_reset_core_loads_the_vectors_even_from_an_unprivileged_thread() -> None:
    rig = loaded()
    rig.core.set("psp", RAM)
    rig.core.set("control", SPSEL | NPRIV)
    rig.core.put_word(FLASH + 4, 0x08000421)
    rig.system.reset()
    rig.system.reset_core()
    assert rig.core.get_many(("sp", "pc", "lr", "xpsr", "control", "ipsr")) == (
        STACK_TOP, 0x08000420, 0xFFFFFFFF, 0x01000000, 0, 0,
    )  # fmt: skip
