"""A program with every kind of event that the hook prices, and a bench to run it on.

ldr r0,=0x20000000
 ldr r6,=0x08001000
 movs r1,#40
loop: movs r2,#16
 mov r3,r0
 mov r7,r6
in: ldr r4,[r3],#4
 ldr r5,[r7],#4
 smlad r8,r4,r5,r8
 ldr r4,[r3],#4
 ldr r5,[r7],#4
 smlad r8,r4,r5,r8
 ldr r9,[r0,r2,lsl #2]
 add r11,r0,#0x400
 strb r8,[r11,r2]
 ldr r10,[r9]
 ldrb r11,[r9,#7]
 cmp r2,#5
 it gt
 ldrgt r11,[r9,#4]
 ldr r12,[r0,#1]
 subs r2,#1
 bne in
 udiv r4,r1,r2
 orr r2,#3
 sdiv r4,r8,r2
 subs r1,#1
 bne loop
 svc 0
"""

from __future__ import annotations

from collections.abc import Sequence

from unicorn import unicorn_const as ucc

from emulator.board.model import Accelerator, Board, Region
from emulator.engine.engine import Engine

CODE = bytes.fromhex(
    "4ff00050154e282110220346374653f8044b57f8045b24fb058853f8044b57f8045b24fb058850f8229000f5806b0bf8"
    "0280d9f800a099f807b0052ac8bfd9f804b0d0f801c0013ae1d1b1fbf2f442f0030298fbf2f40139d6d100df00100008"
)
FLASH, RAM = 0x08000000, 0x20000000


MEMORIES = {
    "cortex-m4": (
        Accelerator(
            "flash",
            "stm32-art",
            {
                "wait_states": 5, "line_bytes": 32, "read_bytes": 8, "instruction_lines": 4,
                "data_lines": 2, "prefetch": 1, "instruction_cache": 1, "data_cache": 1,
            },
        ),
    ),
    "cortex-m7": (
        Accelerator(
            "flash",
            "l1",
            {
                "wait_states": 6, "bus_cycles": 5, "line_bytes": 32, "read_bytes": 16, "instruction_lines": 4,
                "instruction_ways": 2, "data_lines": 8, "data_ways": 4, "instruction_cache": 1,
                "data_cache": 1,
            },
        ),
        Accelerator("sram", "l1", {"bus_cycles": 4, "line_bytes": 32, "read_bytes": 8}),
    ),
    "cortex-m33": (
        Accelerator(
            "flash",
            "icache",
            {
                "wait_states": 4, "bus_cycles": 3, "line_bytes": 16, "read_bytes": 16, "instruction_lines": 8,
                "instruction_ways": 2, "instruction_cache": 1,
            },
        ),
    ),
}  # fmt: skip
"""Small caches in front of flash, and on the Cortex-M7 of RAM, so that lines come and go."""


def board(core: str = "cortex-m4", *, other_memory: int = 1, beside: Sequence[Region] = ()) -> Board:
    return Board(
        name="bench",
        title="bench",
        core=core,
        fpu="single",
        reset_hz=1_000_000,
        regions=(
            Region("flash", FLASH, 0x10000, "flash", accelerator="flash"),
            Region("ram", RAM, 0x10000, "ram", accelerator="sram" if core == "cortex-m7" else ""),
            *beside,
        ),
        devices=(),
        console="none",
        vector_table=FLASH,
        interrupts=8,
        priority_bits=4,
        accelerators=MEMORIES[core],
        core_parameters={"other_memory": other_memory} if core == "cortex-m4" else {},
    )


class Bench(Engine):
    """An engine without a system side; the first SVC ends its program."""

    def run(self, slice_cycles: int | None = None) -> None:
        while True:
            self.hook.deadline = self.hook.cycles + (slice_cycles or 1 << 60)
            self.hook.stop_code = 0
            error = self.core.run(self.core.get("pc"))
            code, self.hook.stop_code = self.hook.stop_code, 0
            if not self.automaton.answer(code) and code == 0:
                assert error is None, error
                self.automaton.finish()
                return

    def totals(self) -> tuple[object, ...]:
        return (
            self.hook.instructions,
            self.hook.cycles,
            self.core.get_many(tuple(f"r{n}" for n in range(13))),
            self.memory_map.cache_counts(),
        )


def bench(
    kind: str,
    timing: str,
    *,
    other_memory: int = 1,
    core_name: str = "cortex-m4",
    beside: Sequence[Region] = (),
) -> Bench:
    engine = Bench(board(core_name, other_memory=other_memory, beside=beside), timing=timing, hook=kind)
    core = engine.core
    core.load_memory(FLASH, CODE)
    for i in range(64):
        core.load_memory(RAM + 4 * i, (RAM + 8 * i).to_bytes(4, "little"))
    core.set("sp", RAM + 0x8000)
    core.set("pc", FLASH | 1)
    core.uc.hook_add(ucc.UC_HOOK_INTR, lambda uc, _number, _data: uc.emu_stop())
    return engine
