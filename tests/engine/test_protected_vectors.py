"""What an MPU allows of the data that the interpreter of Armv8.1-M accesses (ARMv8-M, D1.2)."""

from __future__ import annotations

import pytest

from tests.engine.test_vectors import DATA, Bench, bench

__all__ = ["bench"]

MEMORY_MANAGEMENT = 4
READ_ONLY, BEHIND = DATA + 0x200, DATA + 0x400
PRIVILEGED, EVERYBODY, READ_PRIVILEGED, READ = 0, 1, 2, 3
"""AP of MPU_RBAR."""
REGIONS = (
    (0, 0x10000, READ),
    (0x20000000, READ_ONLY - 0x20000000, PRIVILEGED),
    (READ_ONLY, BEHIND - READ_ONLY, READ_PRIVILEGED),
    (BEHIND, 0x20010000 - BEHIND, EVERYBODY),
)


def region(number: int, base: int, size_bytes: int, access: int) -> str:
    return (
        f"ldr r0, =0xE000ED98\nmovs r1, #{number}\nstr r1, [r0]\n"
        f"ldr r1, ={base | access << 1:#x}\nstr r1, [r0, #4]\n"
        f"ldr r1, ={base + size_bytes - 32 | 1:#x}\nstr r1, [r0, #8]\n"
    )


SET_UP = "".join(region(number, *values) for number, values in enumerate(REGIONS))
TURN_ON = "ldr r0, =0xE000ED94\nmovs r1, #1\nstr r1, [r0]\ndsb\nisb\n"
UNPRIVILEGED = "mrs r0, control\norr r0, #1\nmsr control, r0\nisb\n"
LOAD, STORE = "vldrb.u8 q0, [r3]", "vstrb.8 q0, [r3]"
SCATTER = "vmov.i32 q1, #0\nvidup.u32 q1, r6, #4\nvstrw.32 q0, [r3, q1]"


def program(address: int, instruction: str, before: str = "") -> str:
    return f"vmov.i32 q0, #0x55\nmovs r7, #0\nmovs r6, #0\nldr r3, ={address:#x}\n{before}{instruction}\n"


@pytest.mark.parametrize(
    ("address", "instruction", "before", "is_allowed"),
    [
        (DATA, LOAD, "", True),
        (DATA, STORE, "", True),
        (READ_ONLY, LOAD, "", True),
        (READ_ONLY, STORE, "", False),
        (READ_ONLY - 8, LOAD, "", True),
        (READ_ONLY - 8, STORE, "", False),
        (BEHIND - 8, STORE, "", False),
        (BEHIND, STORE, "", True),
        (READ_ONLY - 16, SCATTER, "", True),
        (READ_ONLY - 12, SCATTER, "", False),
        (DATA, LOAD, UNPRIVILEGED, False),
        (BEHIND, STORE, UNPRIVILEGED, True),
        (BEHIND - 8, LOAD, UNPRIVILEGED, False),
    ],
)
def test_an_access_is_refused_where_its_region_does(
    bench: Bench, address: int, instruction: str, before: str, is_allowed: bool
) -> None:
    leave = (
        ".thumb_func\nfault4: movs r7, #4\nldr r5, =0xE000ED28\nldr r4, [r5]\nldr r5, [r5, #12]\nb leave\n"
    )
    machine = bench.run(bench.image(SET_UP + TURN_ON + program(address, instruction, before), leave))
    registers = machine.registers()
    assert registers["r7"] == (0 if is_allowed else MEMORY_MANAGEMENT)
    if not is_allowed:
        assert registers["r4"] & 0x82 == 0x82  # DACCVIOL, MMARVALID
        assert address - 4 <= registers["r5"] < address + 32


def test_python_is_asked_for_words_alone(bench: Bench) -> None:
    """A loop of two accesses a turn, to two regions."""
    loop = (
        f"ldr r3, ={DATA}\nldr r4, ={BEHIND}\nmovs r2, #100\ndls lr, r2\n"
        "2: vldrb.u8 q0, [r3]\nvstrb.8 q0, [r4]\nle lr, 2b\nmovs r7, #0\n"
    )
    asked = []
    machine = bench.machine(bench.image(SET_UP + TURN_ON + loop))
    vectors = machine.engine.vectors
    assert vectors is not None
    refuses = vectors.refuses
    vectors.refuses = lambda *access: asked.append(access) or refuses(*access)
    machine.run(max_cycles=10_000_000)
    assert machine.registers()["r7"] == 0
    assert asked == []
