"""Recordings for tests: one made by hand that has some of everything, and random ones of any size.

Both keep the sum rule, so that what reads them can be held to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from benches.cli.profile_run import ProfileOptions, record
from emulator.recording.model import (
    NO_INDEX,
    CacheCounts,
    Context,
    ExceptionCount,
    Function,
    HighWater,
    Identity,
    InlineFrame,
    Instruction,
    Jump,
    Mark,
    MemoryObject,
    Operator,
    Recording,
)

CAUSES = [
    ("issue", ""),
    ("load-use", ""),
    ("branch", ""),
    ("flash", "fetch"),
    ("flash", "data"),
    ("bus", "data"),
]
IDENTITY = Identity(
    title="one kws inference",
    image="kws.elf",
    image_sha256="ab" * 32,
    board="nucleo-l4r5zi",
    core="cortex-m4",
    timing="memory",
    clock_hz=120_000_000,
    boardless="0.1.0",
    models="1",
    band={"words": "+-1.4 %"},
)
FUNCTIONS = (
    Function("main", "main", "src/main.c", 3, 0x08000100, 16),
    Function("tflite::Eval(int)", "_ZN6tflite4EvalEi", "src/conv.cc", 10, 0x08000200, 32),
    Function("tflite::Eval(int)", "_ZN6tflite4EvalEi", "src/pool.cc", 20, 0x08000300, 8),
    Function("arm_nn_read_s8x4", "arm_nn_read_s8x4", "src/support.h", 7, NO_INDEX, 0),
    Function("SysTick_Handler", "SysTick_Handler", "src/tick.c", 5, 0x08000400, 8),
    Function("<script>alert(1)</script>", "odd;name", "", 0, 0x08000500, 4),
)
ISSUE, BRANCH = ("issue", ""), ("branch", "")
CODE = (
    Instruction(0x08000100, 4, "bl      0x8000200", 0, "src/main.c", 4, 2, {ISSUE: 2, BRANCH: 4}),
    Instruction(0x08000104, 4, "bl      0x8000300", 0, "src/main.c", 5, 1, {ISSUE: 1, BRANCH: 2}),
    Instruction(0x08000108, 4, "bl      0x8000500", 0, "src/main.c", 6, 1, {ISSUE: 1, BRANCH: 2}),
    Instruction(
        0x08000200, 2, "ldr     r0, [r1], #4", 1, "src/support.h", 8, 100,
        {ISSUE: 100, ("load-use", ""): 50, ("flash", "data"): 30}, (InlineFrame(3, "src/conv.cc", 12),),
    ),
    Instruction(0x08000202, 4, "smlad   r2, r0, r3, r2", 1, "src/conv.cc", 12, 100, {ISSUE: 100}),
    Instruction(
        0x08000206, 2, "bne     0x8000200", 1, "src/conv.cc", 11, 100, {ISSUE: 100, BRANCH: 196}
    ),
    Instruction(0x08000208, 2, "bx      lr", 1, "src/conv.cc", 14, 2, {ISSUE: 2, BRANCH: 4}),
    Instruction(0x08000300, 2, "bx      lr", 2, "src/pool.cc", 21, 1, {ISSUE: 1, ("flash", "fetch"): 5}),
    Instruction(0x08000400, 2, "bx      lr", 4, "src/tick.c", 6, 3, {ISSUE: 3, BRANCH: 6}),
    Instruction(0x08000500, 2, "bx      lr", 5, "", 0, 1, {ISSUE: 1}),
)  # fmt: skip
OUTSIDE = {"exception": 60, "waiting": 100, "asleep": 40}


def small() -> Recording:
    """Made by hand: two functions of one name, an inlined one, an interrupt, a loop, odd names."""
    eval_cycles = 180 + 100 + 296 + 6
    contexts = (
        Context(NO_INDEX, "main", "reset", 0, NO_INDEX, 1, 12 + 100 + 40, 4 + 50),
        Context(0, "call", "", 1, 0x08000100, 2, eval_cycles, 302),
        Context(0, "call", "", 2, 0x08000104, 1, 6, 1),
        Context(0, "call", "", 5, 0x08000108, 1, 1, 1),
        Context(NO_INDEX, "exception", "SysTick", 4, NO_INDEX, 3, 9 + 60, 3),
    )
    costs = {
        (1, "issue", ""): 302, (1, "load-use", ""): 50, (1, "flash", "data"): 30, (1, "branch", ""): 200,
    }  # fmt: skip
    operators = (
        Operator(
            0, "CONV_2D", 20, eval_cycles, 302, costs, ("1x8x8x1",), ("1x4x4x2",), macs=400, weight_bytes=64,
            activation_bytes=96, function=1,
        ),
        Operator(1, "MAX_POOL_2D", 700, 6, 1, {(2, "issue", ""): 1, (2, "flash", "fetch"): 5}, function=2),
    )  # fmt: skip
    cycles = sum(item.cycles for item in CODE) + sum(OUTSIDE.values())
    instructions = sum(item.count for item in CODE) + 50
    recording = Recording(
        IDENTITY, cycles, instructions, OUTSIDE, 50, FUNCTIONS, CODE,
        jumps=(
            Jump(0x08000206, 0x08000200, "jump", 98),
            Jump(0x08000100, 0x08000200, "call", 2),
            Jump(0x08000208, 0x08000104, "return", 2),
        ),
        contexts=contexts,
        marks=(
            Mark("uart", "m-ready", 3, 9, "lpuart1", {"baud": 115200}),
            Mark("exception", "SysTick", 30, 60, "interrupts"),
            Mark("exception", "USART", 40, 50, "interrupts"),
            Mark("exception", "late", 45, 70, "interrupts"),
            Mark("stamp", "th-timestamp", 80, 80, "stamps"),
            Mark("counter", "stack bytes", 10, 10, "", {"value": 64}),
        ),
        operators=operators,
        memory=(
            MemoryObject("flash", "weights", "weights", 0x08010000, 4096, 100, 0, 0, 30, 0, 3),
            MemoryObject("flash", "section", ".text", 0x08000100, 2048, 0, 0, 311, 0, 5),
            MemoryObject("sram1", "stack", "main stack", 0x20000000, 1024, 12, 12, 0, 0, 0),
        ),
        caches=(CacheCounts("flash.instruction", 300, 11),),
        high_water=(
            HighWater("stack", "main stack", 120, 1024, 333, 1),
            HighWater("arena", "tensors", 900, 1000),
        ),
        exceptions=(ExceptionCount(15, "SysTick", 3, 69, 30, 14, 12, {"tflite::Eval(int)": 3}),),
        console="m-ready\r\n",
        sources={"src/conv.cc": "\n" * 10 + "do {\n  sum += a * b; // </script>\n} while (--n);\nreturn;\n"},
    )  # fmt: skip
    recording.check()
    return recording


@cache
def real() -> Recording:
    """One inference of the shipped anomaly detection."""
    return record(ProfileOptions("ad"))


def generated(seed: int, functions: int = 20, code: int = 200, contexts: int = 120) -> Recording:
    """Random figures that keep the sum rule; recursion, several roots, instructions without lines."""
    random = Random(seed)
    names = [
        random.choice(("Eval", "f", "g(int, char const*)", "ns::h<3>")) + str(n % 7) for n in range(functions)
    ]
    made = tuple(
        Function(name, f"_Z{n}", random.choice(("a.c", "b/b.cc", "")), n, 0x1000 + 0x100 * n, 0x100)
        for n, name in enumerate(names)
    )
    items = {}
    for _ in range(code):
        function = random.randrange(functions)
        address = made[function].address + 2 * random.randrange(0x80)
        count = random.randrange(1, 5000)
        costs = {key: random.randrange(3 * count) for key in random.sample(CAUSES, random.randrange(1, 4))}
        frames = (InlineFrame(random.randrange(functions), "b/b.cc", 9),) if random.random() < 0.2 else ()
        line = random.randrange(60)
        items[address] = Instruction(
            address, 2, "nop", function, made[function].file if line else "", line, count, costs, frames
        )
    chosen = tuple(sorted(items.values(), key=lambda item: item.address))
    outside = {"exception": random.randrange(1000), "waiting": random.randrange(10**6)}
    cycles = sum(item.cycles for item in chosen) + sum(outside.values())
    instructions = sum(item.count for item in chosen) + 77
    return replace(
        small(), cycles=cycles, instructions=instructions, outside=outside, waiting_instructions=77,
        functions=made, code=chosen, contexts=_tree(random, cycles, instructions, functions, contexts),
        jumps=tuple(
            Jump(random.choice(chosen).address, random.choice(chosen).address, "jump", random.randrange(9))
            for _ in range(40)
        ),
        operators=(), memory=(), high_water=(), exceptions=(),
    )  # fmt: skip


def _tree(random: Random, cycles: int, instructions: int, functions: int, count: int) -> tuple[Context, ...]:
    parts = [random.random() for _ in range(count)]
    shares = [int(cycles * part / sum(parts)) for part in parts]
    executed = [int(instructions * part / sum(parts)) for part in parts]
    shares[0] += cycles - sum(shares)
    executed[0] += instructions - sum(executed)
    found = []
    for n in range(count):
        is_root = n == 0 or random.random() < 0.05
        kind = "main" if n == 0 else "exception" if is_root else "call"
        found.append(
            Context(
                NO_INDEX if is_root else random.randrange(n), kind, f"root {n}" if is_root else "",
                random.randrange(functions), NO_INDEX if is_root else 0x1000 + 2 * random.randrange(0x400),
                random.randrange(1, 9), shares[n], executed[n],
            )
        )  # fmt: skip
    return tuple(found)
