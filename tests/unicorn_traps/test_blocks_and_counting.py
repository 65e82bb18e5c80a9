"""How Unicorn cuts code into blocks, calls hooks and stops: what counting is built on.

Every expectation was seen with Unicorn 2.1.4; a test that fails after an update names the
code to look at.
"""

from __future__ import annotations

import itertools
import signal
import threading
import time
from typing import Any

import pytest
from bare_unicorn import CODE, CORES, RAM, Listing, cpsr, gone, open_core, pc, r, run, set_r
from unicorn import Uc
from unicorn import unicorn_const as ucc

every_core = pytest.mark.parametrize("core", CORES)
AUTOMATON = "emulator/engine/automaton.py"
NOP = b"\x00\xbf"


def blocks_of(uc: Uc) -> list[tuple[int, int]]:
    """Every execution of a block from now on: (offset from CODE, bytes)."""
    seen: list[tuple[int, int]] = []
    uc.hook_add(ucc.UC_HOOK_BLOCK, lambda _uc, address, size, _data: seen.append((address - CODE, size)))
    return seen


NESTED_LOOPS = Listing("""
    2103      | movs r1, #3
    3901      | subs r1, #1
    d1fd      | bne.n . - 2
    3801      | subs r0, #1
    d1fa      | bne.n . - 8
    bf00      | nop
""")


@every_core
def test_block_hook_is_called_at_every_execution(core: str) -> None:
    """Also of blocks that are chained to each other: counts over blocks are exact."""
    uc = open_core(core, NESTED_LOOPS)
    seen = blocks_of(uc)
    set_r(uc, r0=2)
    assert run(uc, until=NESTED_LOOPS.end) is None
    turn = [(0, 6), (2, 4), (2, 4), (6, 4)]
    assert seen == [*turn, *turn, (10, 2)]


def test_blocks_overlap() -> None:
    """A block entered in the middle is another block: (0, 6) and (2, 4) above share their end.

    We: blocks are keyed by address and size, and expanded to instructions afterwards.
    """
    uc = open_core("cortex-m4", NESTED_LOOPS)
    seen = blocks_of(uc)
    set_r(uc, r0=1)
    run(uc, until=NESTED_LOOPS.end)
    assert {(0, 6), (2, 4)} <= set(seen), gone("lets blocks overlap", AUTOMATON)


def test_blocks_end_at_each_kib() -> None:
    """A block ends at a 1 KiB boundary, however straight the code is."""
    uc = open_core("cortex-m4", NOP * 2048)
    seen = blocks_of(uc)
    assert run(uc, until=CODE + 4096) is None
    boundaries = {0, 1024, 2048, 3072}
    assert boundaries <= {start for start, _ in seen}, gone("ends blocks at each KiB", AUTOMATON)
    assert all(start // 1024 == (start + size - 1) // 1024 for start, size in seen)
    assert sum(size for _, size in seen) == 4096


def test_a_wide_instruction_may_cross_a_kib() -> None:
    """A 32-bit instruction across a 1 KiB boundary belongs to one block, which it ends or is."""
    wide = b"\x00\xf1\x01\x00"  # add.w r0, r0, #1
    uc = open_core("cortex-m4", NOP * 511 + wide + NOP * 8)
    seen = blocks_of(uc)
    set_r(uc, r0=0)
    assert run(uc, until=CODE + 1024 + 2 + 16) is None
    assert r(uc, 0) == 1
    assert sum(size for _, size in seen) == 1024 + 2 + 16
    assert all(start + size != 1024 for start, size in seen)


def test_blocks_end_when_the_operation_buffer_is_full() -> None:
    """Instructions that expand to much end a block before its 1 KiB."""
    smlad = b"\x21\xfb\x02\x33"  # smlad r3, r1, r2, r3
    uc = open_core("cortex-m4", smlad * 255)
    seen = blocks_of(uc)
    assert run(uc, until=CODE + 1020) is None
    assert sum(size for _, size in seen) == 1020
    assert all(size % 4 == 0 for _, size in seen)


UNTIL = Listing("""
    2001      | movs r0, #1
    2002      | movs r0, #2
    2003      | movs r0, #3
    bf00      | nop
""")


def test_until_ends_a_block() -> None:
    """``until`` cuts the block that holds it, so the engine never passes a reachable address."""
    uc = open_core("cortex-m4", UNTIL)
    seen = blocks_of(uc)
    assert run(uc, until=CODE + 4) is None
    assert (seen, r(uc, 0), pc(uc)) == ([(0, 4)], 2, CODE + 4), gone("cuts at until", "RUN_UNTIL in core.py")


LONG_IT_BLOCK = Listing("""
    2800      | cmp r0, #0
    bf01      | itttt eq
    3101      | addeq r1, #1
    3201      | addeq r2, #1
    3301      | addeq r3, #1
    3401      | addeq r4, #1
    3501      | adds r5, #1
    bf00      | nop
""")


@every_core
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("inside", [0, 1, 2, 3, 4])
def test_a_block_may_begin_inside_an_it_block(core: str, inside: int, value: int) -> None:
    """An IT block across 1 KiB: stopping at the second block and resuming keeps the IT state.

    Hardware knows no blocks. Unicorn keeps the state in CPSR over a stop, and over
    ``emu_start(pc | 1)``. We: Execution._take_exceptions waits until the IT state is 0.
    """
    padding = 1024 - 4 - 2 * inside
    uc = open_core(core, NOP * (padding // 2) + LONG_IT_BLOCK.code)
    end = CODE + padding + len(LONG_IT_BLOCK.code)
    stops: list[int] = []

    def on_block(uc: Uc, address: int, _size: int, _data: Any) -> None:
        if address == CODE + 1024 and not stops:
            stops.append(cpsr(uc))
            uc.emu_stop()

    uc.hook_add(ucc.UC_HOOK_BLOCK, on_block)
    set_r(uc, r0=value)
    assert run(uc, until=end) is None
    assert pc(uc) == CODE + 1024
    assert run(uc, pc(uc), until=end) is None
    passed = int(value == 0)
    assert [r(uc, n) for n in range(1, 6)] == [passed] * 4 + [1]
    it_state = (stops[0] >> 10 & 0x3F) << 2 | (stops[0] >> 25 & 3)
    assert (it_state != 0) == (inside < 4)


@every_core
def test_code_hook_in_it_block_can_not_stop(core: str) -> None:
    """``emu_stop`` from a code hook inside an IT block takes effect at the end of the block.

    We: no code hook ever stops; the block hook does, at the next entry.
    """
    uc = open_core(core, LONG_IT_BLOCK)
    uc.hook_add(ucc.UC_HOOK_CODE, lambda uc, *_: uc.emu_stop(), None, CODE + 6, CODE + 6)
    set_r(uc, r0=0)
    assert run(uc, until=LONG_IT_BLOCK.end) is None
    assert pc(uc) > CODE + 8, gone("runs IT blocks to their end", "nothing")
    assert r(uc, 4) == 1


def test_resume_needs_the_thumb_bit() -> None:
    """``emu_start`` with an even address selects Arm state, which an M core does not have.

    We: Core.run sets bit 0 every time.
    """
    uc = open_core("cortex-m4", UNTIL)
    with pytest.raises(Exception, match="UC_ERR"):
        uc.emu_start(CODE, CODE + 4)


JUMP_ON = Listing("""
    2001      | movs r0, #1
    e7ff      | b.n . + 2
    bf00      | nop
""")


def test_late_hook_needs_a_new_translation() -> None:
    """A block hook added after the first run is not called from blocks that exist already.

    Only the block that holds ``until`` is translated anew by every ``emu_start``.
    We: the block hook is added before the first run; a late code hook is followed by
    ``ctl_remove_cache`` (Automaton and Core.forget_code).
    """
    uc = open_core("cortex-m4", JUMP_ON)
    assert run(uc, until=JUMP_ON.end) is None
    seen = blocks_of(uc)
    assert run(uc, until=JUMP_ON.end) is None
    assert seen == [(4, 2)], gone("ignores late hooks", "Core.forget_code")
    uc.ctl_flush_tb()
    assert run(uc, until=JUMP_ON.end) is None
    assert seen == [(4, 2), (0, 4), (4, 2)]


def test_count_stops_exactly() -> None:
    """``count=`` stops after so many instructions, by a hook on each of them: some ten times
    slower than none, so nothing that models time uses it."""
    uc = open_core("cortex-m4", UNTIL)
    uc.emu_start(CODE | 1, UNTIL.end, count=2)
    assert (r(uc, 0), pc(uc)) == (2, CODE + 4)


def test_no_instruction_count_per_block() -> None:
    """UC_HOOK_BLOCK_ICOUNT exists after 2.1.4; when it is there, the decoder need not count."""
    assert not hasattr(ucc, "UC_HOOK_BLOCK_ICOUNT"), gone(
        "lacks UC_HOOK_BLOCK_ICOUNT", "nothing: compare with it"
    )


def test_context_holds_registers_alone() -> None:
    """``context_save`` keeps registers, not memory. We: emulator/machine/snapshot.py copies memory."""
    uc = open_core("cortex-m4", UNTIL)
    set_r(uc, r5=1)
    uc.mem_write(RAM, b"\x01")
    saved = uc.context_save()
    set_r(uc, r5=2)
    uc.mem_write(RAM, b"\x02")
    uc.context_restore(saved)
    assert (r(uc, 5), uc.mem_read(RAM, 1)) == (1, b"\x02")


LONG_LOOP = Listing("""
    3801      | subs r0, #1
    d1fd      | bne.n . - 2
    bf00      | nop
""")


def _start_long_run(uc: Uc, turns: int) -> float:
    set_r(uc, r0=turns)
    started = time.perf_counter()
    assert run(uc, until=LONG_LOOP.end) is None
    return time.perf_counter() - started


def test_python_signal_handlers_wait_for_the_slice() -> None:
    """A signal's Python handler runs only when ``emu_start`` is back: Ctrl-C needs slices.

    We: Execution._slice ends after SLICE_CYCLES at the latest.
    """
    if threading.current_thread() is not threading.main_thread():
        pytest.fail("this test needs the main thread")
    uc = open_core("cortex-m4", LONG_LOOP)
    handled: list[float] = []
    before = signal.signal(signal.SIGALRM, lambda *_: handled.append(time.perf_counter()))
    try:
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        _start_long_run(uc, 20_000_000)
        ended = time.perf_counter()
        time.sleep(0.002)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ended - started > 0.002, "the run was too short to tell"
    assert handled
    assert handled[0] > started + (ended - started) * 0.9, gone("blocks signal handlers", "SLICE_CYCLES")


def test_other_threads_run_meanwhile() -> None:
    """The GIL is released during ``emu_start``: links and several machines use threads."""
    uc = open_core("cortex-m4", LONG_LOOP)
    ticks = itertools.count()
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            next(ticks)
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    thread.start()
    _start_long_run(uc, 30_000_000)
    done.set()
    thread.join()
    assert next(ticks) > 5


def test_cores_in_two_threads() -> None:
    """One Uc per thread works; each keeps its own state."""
    results: dict[int, int] = {}

    def work(number: int) -> None:
        uc = open_core("cortex-m4", NESTED_LOOPS)
        counted = blocks_of(uc)
        set_r(uc, r0=number)
        run(uc, until=NESTED_LOOPS.end)
        results[number] = len(counted)

    threads = [threading.Thread(target=work, args=(n,)) for n in (100, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {100: 401, 150: 601}
