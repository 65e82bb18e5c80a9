"""STM32H7's hardware semaphores: both ways to lock, who may unlock, interrupts."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.hsem import Hsem

LOCK, M7, M4 = 1 << 31, 3 << 8, 1 << 8


def semaphores(bench: Bench) -> Hsem:
    device: Hsem = bench.build(Hsem, "hsem", lines=("global",))
    return device


def test_a_read_locks_for_process_0() -> None:
    device = semaphores(Bench())
    assert get(device, "R5") == 0
    assert get(device, "RLR5") == LOCK | M7
    assert get(device, "RLR5") == LOCK | M7
    assert (get(device, "R5"), get(device, "R6")) == (LOCK | M7, 0)
    put(device, "R5", M7)
    assert get(device, "R5") == 0
    round_trip(device)


def test_a_write_locks_for_its_process_which_alone_unlocks() -> None:
    device = semaphores(Bench())
    put(device, "R0", LOCK | M7 | 17)
    assert get(device, "R0") == LOCK | M7 | 17
    put(device, "R0", LOCK | M7 | 18)
    put(device, "R0", M7 | 18)
    put(device, "R0", M4 | 17)
    assert get(device, "R0") == LOCK | M7 | 17
    assert get(device, "RLR0") == LOCK | M7 | 17, "another process has it"
    put(device, "R0", M7 | 17)
    assert get(device, "R0") == 0
    put(device, "R1", LOCK | M4)
    assert get(device, "R1") == 0, "no other core is there"


def test_a_freed_one_interrupts() -> None:
    bench = Bench()
    device = semaphores(bench)
    put(device, "IER", 1 << 3)
    for name in ("R2", "R3"):
        put(device, name, LOCK | M7)
        put(device, name, M7)
    assert (get(device, "ISR"), get(device, "MISR")) == (1 << 2 | 1 << 3, 1 << 3)
    assert bench.lines["global"].level
    put(device, "ICR", 1 << 3)
    assert not bench.lines["global"].level


def test_the_key_frees_all() -> None:
    device = semaphores(Bench())
    put(device, "KEYR", 0x1234 << 16)
    for name in ("R0", "R31"):
        put(device, name, LOCK | M7 | 1)
    put(device, "CR", 0x1111 << 16 | M7)
    assert get(device, "R0")
    put(device, "CR", 0x1234 << 16 | M7)
    assert (get(device, "R0"), get(device, "R31")) == (0, 0)
