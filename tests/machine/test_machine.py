"""The machine as a test uses it: load, feed, run, count, snapshot, restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.errors import GuestFault, UsageError
from tests.machine.firmware import build

ECHO = r"""
void main(void) { print("ready\r\n"); for (;;) { int c = get(); put((char)(c ^ 0x20)); } }
"""
WORK = r"""
volatile u32 result;
void main(void) {
    REG(0xE000E014) = 24999; REG(0xE000E018) = 0; REG(0xE000E010) = 7; /* SysTick every 1 ms */
    print("ready\r\n");
    for (;;) {
        int c = get();
        u32 sum = 0;
        for (u32 i = 1; i < 2000u * (u32)(c - '0'); i++) sum += (sum ^ i) / i;
        result = sum;
        print("done\r\n");
    }
}
"""


def test_five_lines(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, ECHO))
    assert machine.run(until="ready\r\n") is StopReason.UNTIL
    machine.console.feed(b"abc")
    assert machine.run() is StopReason.IDLE
    assert machine.console.output.endswith(b"ABC")
    assert machine.counts.instructions > 0


def _talk(machine: Machine, elf: Path) -> tuple[object, ...]:
    machine.load(elf)
    machine.run(until="ready\r\n")
    totals = []
    for text in (b"1", b"3", b"2"):
        machine.console.feed(text)
        assert machine.run(until="done\r\n") is StopReason.UNTIL
        totals.append(machine.counts)
    return (*totals, bytes(machine.console.output))


def test_totals_are_the_same_for_every_hook_slice_and_run(tmp_path: Path) -> None:
    elf = build(tmp_path, WORK)
    expected = _talk(Machine("virtual-m4"), elf)
    assert _talk(Machine("virtual-m4"), elf) == expected
    assert _talk(Machine("virtual-m4", hook="python"), elf) == expected
    for cycles in (997, 25_000, 1_000_003):
        machine = Machine("virtual-m4")
        machine.execution.set_slice(cycles)
        assert _talk(machine, elf) == expected


def test_skipping_a_waiting_loop_changes_no_figure(tmp_path: Path) -> None:
    elf = build(tmp_path, WORK)
    skipping, running = Machine("virtual-m4"), Machine("virtual-m4")
    running.execution.skip_waiting = False
    assert _talk(skipping, elf) == _talk(running, elf)


def test_snapshot_and_restore_repeat_the_future(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, WORK))
    machine.run(until="ready\r\n")
    snapshot = machine.snapshot()
    futures = []
    for _ in range(3):
        machine.console.feed(b"2")
        machine.run(until="done\r\n")
        futures.append((machine.counts, bytes(machine.console.output), machine.read_memory(0x20000000, 64)))
        machine.restore(snapshot)
    assert futures[0] == futures[1] == futures[2]


@pytest.mark.parametrize("board", ["virtual-m3", "virtual-m4"])
def test_snapshot_of_another_machine_is_refused(tmp_path: Path, board: str) -> None:
    machine, other = Machine("virtual-m4"), Machine(board)
    machine.load(build(tmp_path, ECHO))
    with pytest.raises(UsageError, match=f"of another machine .virtual-m4; this one is {board}"):
        other.restore(machine.snapshot())


STRETCH = r"""
volatile u32 spent;
void main(void) {
    REG(0xE000EDFC) = 1u << 24; REG(0xE0001000) = 1;
    u32 begin = REG(0xE0001004);
    __asm__ volatile(".rept 12\n STATEMENTS\n .endr" ::: "r3");
    spent = REG(0xE0001004) - begin;
    print("end"); for (;;) { __asm__ volatile("wfi"); }
}
"""


def _stretch(machine: Machine, elf: Path) -> int:
    machine.load(elf)
    assert machine.run(until="end") is StopReason.UNTIL
    return int.from_bytes(machine.read_memory(_symbol(machine, "spent"), 4), "little")


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_second_image_is_priced_as_what_it_is(tmp_path: Path, hook: str) -> None:
    quick, slow = (
        build(tmp_path, STRETCH.replace("STATEMENTS", text), name)
        for name, text in (("quick", "nop; nop"), ("slow", "push {r3}; pop {r3}"))
    )
    expected = [_stretch(Machine("virtual-m4", hook=hook), elf) for elf in (quick, slow)]
    assert expected[0] < expected[1]
    machine = Machine("virtual-m4", hook=hook)
    assert [_stretch(machine, quick), _stretch(machine, slow)] == expected
    before = machine.snapshot()
    assert _stretch(machine, quick) == expected[0]
    machine.restore(before)
    assert machine.image is not None
    assert machine.image.path == str(slow)
    machine.reset()
    assert machine.run(until="end") is StopReason.UNTIL
    assert int.from_bytes(machine.read_memory(_symbol(machine, "spent"), 4), "little") == expected[1]


def test_waiting_with_a_timer_is_idle_after_the_quiet_time(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, WORK))
    assert machine.run(quiet_seconds=0.05) is StopReason.IDLE
    seconds = machine.clock.seconds()
    assert 0.05 <= seconds < 0.06
    ticks = int.from_bytes(machine.read_memory(_symbol(machine, "ticks"), 4), "little")
    assert abs(ticks - seconds * 1000) < 3


def test_a_long_computation_is_no_silence(tmp_path: Path) -> None:
    source = """void main(void) {
        for (volatile u32 i = 0; i < 200000; i++) { }
        print("a result\\r\\n");
        for (;;) { __asm__ volatile("wfi"); }
    }"""
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source))
    assert machine.run(quiet_seconds=0.001) is StopReason.IDLE
    assert machine.console.take() == b"a result\r\n"


def test_a_day_of_waiting_costs_little(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, 'void main(void) { for (;;) { __asm__ volatile("wfi"); } }'))
    assert machine.run() is StopReason.IDLE


def test_max_cycles_and_wall_limit(tmp_path: Path) -> None:
    spin = "volatile u32 n; void main(void) { for (;;) n++; }"
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, spin))
    assert machine.run(max_cycles=100_000) is StopReason.MAX_CYCLES
    assert 100_000 <= machine.counts.cycles < 100_100
    assert machine.run(wall_limit=0.05) is StopReason.WALL_LIMIT


def test_call_runs_one_function(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    source = (
        "__attribute__((noinline, used)) u32 add3(u32 a, u32 b, u32 c) { return a + b + c; }"
        "void main(void) {}"
    )
    machine.load(build(tmp_path, source))
    result = machine.call("add3", 1, 20, 300)
    assert result.value == 321
    assert result.counts.instructions == 3


def test_semihosting_exit_ends_the_run(tmp_path: Path) -> None:
    source = r"""
void main(void) {
    u32 block[2] = {0x20026, 7};
    register u32 r0 __asm__("r0") = 0x20; register void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : : "r"(r0), "r"(r1) : "memory");
}
"""
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source))
    assert machine.run() is StopReason.EXIT
    assert machine.exit_code == 7


def _symbol(machine: Machine, name: str) -> int:
    assert machine.image is not None
    assert machine.image.debug is not None
    symbol = machine.image.debug.symbol(name)
    assert symbol is not None
    return symbol.address


CRASHES = {
    "load from nowhere": ("REG(0x70000000);", "no memory", "0x70000000"),
    "store to flash": ("REG(0x100) = 1;", "no memory", "0x00000100"),
    "jump to nowhere": ("((void (*)(void))0x70000001)();", "no memory", "0x70000000"),
    "jump without Thumb bit": ("((void (*)(void))0x400)();", "Thumb", ""),
    "undefined": ('__asm__ volatile("udf #1");', "undefined instruction", ""),
    "breakpoint": ('__asm__ volatile("bkpt #1");', "BKPT", ""),
    "stack overflow": (
        '__asm__ volatile("ldr sp, =0x20000010\\n push {r0-r11}\\n push {r0-r11}");',
        "stack overflow",
        "",
    ),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_reported_with_cause_and_place(tmp_path: Path, name: str) -> None:
    statement, cause, address = CRASHES[name]
    crash = f"__attribute__((noinline)) void crash_here(void) {{ {statement} }}"
    source = f"{crash}\nvoid main(void) {{ crash_here(); }}"
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source))
    with pytest.raises(GuestFault) as caught:
        machine.run(max_cycles=10_000_000)
    text = f"{caught.value}\n{caught.value.report}"
    assert cause in text
    assert address in text
    assert "r0 0x" in text
    assert "firmware.c:" in text
    if "jump" not in name:
        assert "crash_here" in text


def test_strict_lets_be_what_costs_time_alone() -> None:
    machine = Machine("nucleo-l4r5zi", strict=True)
    machine.bus.note(0x40020008, "timing", "transfers take no time and hold no bus")
    machine.load(Path(__file__).parents[2] / "benches" / "images" / "kws-nucleo-l4r5zi.elf")
    machine.run(until="m-ready")
    assert [entry.register for entry in machine.unmodelled] == ["CCR1"]


def test_strict_makes_an_unmodelled_access_an_error(tmp_path: Path) -> None:
    source = 'void main(void) { REG(0x4FFF0010) = 5; REG(0x4FFF0010); print("ready"); }'
    elf = build(tmp_path, source)
    lenient = Machine("virtual-m4")
    lenient.load(elf)
    lenient.run(until="ready")
    assert [(u.access, u.address) for u in lenient.unmodelled] == [
        ("write", 0x4FFF0010),
        ("read", 0x4FFF0010),
    ]
    strict = Machine("virtual-m4", strict=True)
    strict.load(elf)
    with pytest.raises(UsageError, match=r"0x4fff0010.*not modelled"):
        strict.run(until="ready")


def test_cycle_counter_reads_are_exact_inside_a_block(tmp_path: Path) -> None:
    """Two reads of CYCCNT with 8 one-cycle instructions between differ by what is between them."""
    source = r"""
volatile u32 result;
void main(void) {
    REG(0xE000EDFC) = 1u << 24; REG(0xE0001000) = 1;
    u32 a, b; volatile u32 *cyccnt = (volatile u32 *)0xE0001004;
    __asm__ volatile(".balign 4\n ldr %0, [%2]\n .rept 8\n adds r0, r0, #1\n .endr\n ldr %1, [%2]"
                     : "=&r"(a), "=&r"(b) : "r"(cyccnt) : "r0", "cc");
    result = b - a; print("ready");
}
"""
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, source))
    machine.run(until="ready")
    difference = int.from_bytes(machine.read_memory(_symbol(machine, "result"), 4), "little")
    assert difference in (9, 10)  # the load's own one or two cycles, and eight
