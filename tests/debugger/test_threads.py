"""Threads of an RTOS, told from its structures in memory: FreeRTOS of each kind of core, Zephyr."""

from __future__ import annotations

import struct

import pytest

from emulator.debugger.freertos import FreeRtos
from emulator.debugger.threads import CORE_THREAD, Threads
from emulator.debugger.zephyr import Offset, Zephyr

BASE = 0x20000000
FRAME = (0xA0, 0xA1, 0xA2, 0xA3, 0xAC, 0x0800_0101, 0x0800_0200, 0x0100_0000)  # r0 to r3, r12, lr, pc, xpsr
SAVED = tuple(range(0xB4, 0xBC))  # r4 to r11


class Memory:
    """Words from :data:`BASE` on."""

    def __init__(self) -> None:
        self.data = bytearray(0x1000)

    def put(self, address: int, *words: int) -> None:
        struct.pack_into(f"<{len(words)}I", self.data, address - BASE, *words)

    def name(self, address: int, text: bytes) -> None:
        self.data[address - BASE : address - BASE + len(text) + 1] = text + b"\0"

    def word(self, address: int) -> int:
        if not BASE <= address <= BASE + len(self.data) - 4:
            raise LookupError(hex(address))
        return int(struct.unpack_from("<I", self.data, address - BASE)[0])

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.data[address - BASE : address - BASE + size])


CURRENT, COUNT, READY, SUSPENDED = BASE, BASE + 4, BASE + 0x10, BASE + 0x60
TASKS = {"run": BASE + 0x100, "wait": BASE + 0x200}
STACK = BASE + 0x400
PSP, SETTINGS_BYTES = BASE + 0x500, 104
SYMBOLS = {
    "pxCurrentTCB": (CURRENT, 4),
    "uxCurrentNumberOfTasks": (COUNT, 4),
    "pxReadyTasksLists": (READY, 40),
    "xSuspendedTaskList": (SUSPENDED, 20),
}


def tasks_in(memory: Memory, *, has_armv8m: bool = True) -> FreeRtos:
    return FreeRtos(SYMBOLS, memory.word, memory.read, has_armv8m=has_armv8m)


def freertos(*context: int, settings_bytes: int = 0) -> Memory:
    """Two tasks: one runs, the other's context is ``context`` and an exception frame."""
    memory = Memory()
    memory.put(CURRENT, TASKS["run"], 2)
    for place, task in ((READY + 20, "run"), (SUSPENDED, "wait")):
        item, end = TASKS[task] + 4 + settings_bytes, place + 8
        memory.put(place, 1, end, 0xFFFFFFFF, item, item)
        memory.put(item, 0, end, end, TASKS[task], place)
    memory.put(READY, 0, READY + 8, 0xFFFFFFFF, READY + 8, READY + 8)
    for priority, (name, task) in enumerate(TASKS.items(), 1):
        memory.put(task, STACK)
        memory.put(task + settings_bytes + 44, priority)
        memory.name(task + settings_bytes + 52, name.encode())
    memory.put(STACK, *context, *FRAME)
    return memory


@pytest.mark.parametrize(
    ("context", "words"),
    [
        pytest.param(SAVED, 8, id="Cortex-M3"),
        pytest.param((*SAVED, 0xFFFFFFFD), 9, id="Cortex-M4F"),
        pytest.param((*SAVED, 0xFFFFFFED, *range(16)), 25, id="Cortex-M4F that computes"),
        pytest.param((BASE, 0xFFFFFFBC, *SAVED), 10, id="Cortex-M33"),
    ],
)
def test_tasks_of_freertos(context: tuple[int, ...], words: int) -> None:
    memory = freertos(*context)
    assert FreeRtos.is_in(SYMBOLS)
    running, waiting = Threads(tasks_in(memory)).all()
    assert (running.number, running.name, running.state) == (TASKS["run"], "run", "running, priority 1")
    assert not running.registers
    assert (waiting.name, waiting.state) == ("wait", "suspended, priority 2")
    registers = waiting.registers
    assert [registers[f"r{n}"] for n in range(4, 12)] == list(SAVED)
    assert (registers["pc"], registers["lr"], registers["r0"]) == (0x0800_0200, 0x0800_0101, 0xA0)
    float_words = 18 if len(context) > 20 else 0
    assert registers["sp"] == STACK + 4 * (words + 8 + float_words)


def test_a_register_like_exc_return_is_a_register_where_no_port_saves_that_first() -> None:
    saved = (SAVED[0], 0xFFFFFFFF, *SAVED[2:])  # r5 of a task is -1
    for context in (saved, (*saved, 0xFFFFFFFD)):
        memory = freertos(*context)
        _running, waiting = Threads(tasks_in(memory, has_armv8m=False)).all()
        assert [waiting.registers[f"r{n}"] for n in range(4, 12)] == list(saved)
        assert waiting.registers["sp"] == STACK + 4 * (len(context) + 8)


@pytest.mark.parametrize(
    "context",
    [
        pytest.param((1, *SAVED, 0xFFFFFFFD, PSP, *FRAME), id="Cortex-M4"),
        pytest.param((*SAVED, *FRAME, PSP, BASE, 1, 0xFFFFFFBC), id="Cortex-M33"),
    ],
)
def test_tasks_of_freertos_with_mpu(context: tuple[int, ...]) -> None:
    """Their control blocks have the MPU's settings, and the context, behind the first word."""
    memory = freertos(settings_bytes=SETTINGS_BYTES)
    settings = TASKS["wait"] + 4
    memory.put(settings, *context)
    memory.put(TASKS["wait"], settings + 4 * len(context))
    running, waiting = Threads(tasks_in(memory)).all()
    assert (running.name, running.state) == ("run", "running, priority 1") and not running.registers
    assert (waiting.name, waiting.state) == ("wait", "suspended, priority 2")
    registers = waiting.registers
    assert [registers[f"r{n}"] for n in range(4, 12)] == list(SAVED)
    assert (registers["pc"], registers["lr"], registers["r0"]) == (0x0800_0200, 0x0800_0101, 0xA0)
    assert registers["sp"] == registers["psp"] == PSP + 32


def test_before_its_start_freertos_is_no_rtos() -> None:
    memory = Memory()
    threads = Threads(tasks_in(memory))
    assert [thread.number for thread in threads.all()] == [CORE_THREAD]
    memory.put(CURRENT, 0x12345678, 2)  # of memory that nobody has set up
    assert threads.current() == CORE_THREAD
    assert threads.find(7) is None


def test_a_list_that_is_destroyed_ends() -> None:
    memory = freertos(*SAVED)
    memory.put(SUSPENDED, 9999, 0, 0, TASKS["wait"] + 4, 0)
    memory.put(TASKS["wait"] + 4 + 4, TASKS["wait"] + 4)  # it follows itself
    assert len(Threads(tasks_in(memory)).all()) == 2


def test_threads_of_zephyr() -> None:
    memory = Memory()
    kernel, table, first, second = BASE, BASE + 0x80, BASE + 0x100, BASE + 0x200
    symbols = {"_kernel": (kernel, 64), "_kernel_thread_info_offsets": (table, 40),
               "_kernel_thread_info_size_t_size": (BASE + 0x70, 1)}  # fmt: skip
    offsets = {Offset.VERSION: 1, Offset.CURRENT: 8, Offset.THREADS: 16, Offset.NEXT: 100, Offset.NAME: 104,
               Offset.PRIORITY: 20, Offset.STACK_POINTER: 64}  # fmt: skip
    memory.put(table, *(offsets.get(entry, 0xFFFFFFFF) for entry in Offset))
    memory.put(kernel + 8, second)
    memory.put(kernel + 16, first)
    memory.put(first + 100, second)
    for thread, name, priority in ((first, b"idle", 15), (second, b"main", 0xFF)):
        memory.name(thread + 104, name)
        memory.data[thread + 20 - BASE] = priority
    memory.put(first + 32, *SAVED, STACK)
    memory.put(STACK, *FRAME)
    assert Zephyr.is_in(symbols)
    running, waiting = Threads(Zephyr(symbols, memory.word, memory.read)).all()
    assert (running.name, running.state, waiting.name) == ("main", "running, priority -1", "idle")
    assert waiting.registers["r4"] == 0xB4 and waiting.registers["pc"] == 0x0800_0200
    assert waiting.registers["sp"] == STACK + 32
