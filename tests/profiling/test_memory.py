"""What a window did with memory: by object and region, and high-water marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benches.measure.performance import PerformanceSession
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from benches.suite.input_files import load_inputs
from emulator import Machine
from emulator.board.model import Board, Region
from emulator.board.reader import load_board
from emulator.image import load_image
from emulator.image.model import Image, Reservation, Segment, Symbol
from emulator.image.symbol_table import SymbolTable
from emulator.profiling.memory_layout import MemoryLayout, Place
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import MemoryObject, Recording
from emulator.timing.model import Cause
from tests.machine.firmware import build
from tests.profiling.operator_firmware import interpreter

FIRMWARE = r"""
volatile u32 numbers[64];
volatile unsigned char task_stack[256];
const u32 filter_weights[32] = {1, 2, 3};
char room[512];
extern char end[] __attribute__((alias("room")));
static char *top;
__attribute__((noinline)) void *_sbrk(int bytes) { char *old = top; top += bytes; return old; }
__attribute__((noinline)) u32 deep(u32 n)
{
    volatile u32 local[16];
    local[n & 15] = n;
    if (n) local[0] += deep(n - 1);
    return local[0] + n;
}
void main(void)
{
    top = end;
    print("ready\r\n");
    for (;;) {
        get();
        for (u32 i = 0; i < 64; i++) numbers[i] = filter_weights[i & 31];
        for (u32 i = 0; i < 10; i++) task_stack[i] = 1;
        volatile u32 *block = _sbrk(40);
        block[0] = block[1] + deep(3);
        _sbrk(24);
        _sbrk(-24);
        print("done\r\n");
    }
}
"""


def record(elf: Path | Image, hook: str = "native", windows: int = 1) -> tuple[Machine, Recording]:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    recorder = Recorder(machine)
    machine.run(until="ready\r\n")
    for _ in range(windows):
        recorder.begin()
        machine.console.feed(b"x")
        machine.run(until="done\r\n")
    recording = recorder.end(Labels("one turn"))
    recorder.close()
    return machine, recording


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("memory"), FIRMWARE)


def by_name(recording: Recording) -> dict[str, MemoryObject]:
    return {item.name: item for item in recording.memory}


def test_accesses_by_object(elf):
    _, recording = record(elf)
    found = by_name(recording)
    assert (found["numbers"].kind, found["numbers"].loads, found["numbers"].stores) == ("symbol", 0, 64)
    assert (found["filter_weights"].kind, found["filter_weights"].loads) == ("weights", 64)
    assert (found["task_stack"].kind, found["task_stack"].stores) == ("stack", 10)
    stack = found["stack"]
    assert (stack.kind, stack.region) == ("stack", "sram")
    assert stack.stores >= 4 * 3  # deep: a push of two registers or more, and local variables
    assert found["devices' registers"].stores == 6  # "done", and its line's end
    assert record(elf, "python")[1].memory == recording.memory


def test_stalls_sum_to_those_of_the_instructions():
    elf = shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi")
    data = load_inputs([shipped.inputs_for(KEYWORD_SPOTTING)], KEYWORD_SPOTTING, limit=1)[0]
    machine = Machine("nucleo-l4r5zi")
    machine.load(elf)
    recorder = Recorder(machine)
    session = PerformanceSession(machine)
    session.host.load(data.data)
    recorder.begin()
    session.host.infer(1, 0)
    recording = recorder.end(Labels("one inference"))
    waited: Counter[str] = Counter()
    for item in recording.code:
        for (cause, who), cycles in item.costs.items():
            waited["data" if cause == Cause.UNALIGNED.value else who] += cycles
    assert sum(item.data_stall_cycles for item in recording.memory) == waited["data"] > 50_000
    assert sum(item.fetch_stall_cycles for item in recording.memory) == waited["fetch"] > 10_000
    kinds = {(item.kind, item.region) for item in recording.memory}
    assert {("stack", "sram1"), ("arena", "sram1"), ("weights", "flash")} <= kinds
    (mark,) = recording.high_water
    assert (mark.kind, mark.size_bytes) == ("stack", 4096)
    assert 100 < mark.used_bytes < 4096
    path, context = [], mark.context
    while context >= 0:
        path.append(recording.functions[recording.contexts[context].function].name)
        context = recording.contexts[context].parent
    assert path[-1] == "reset_handler"
    assert len(path) > 3


TABLES = """
const u32 weights[2048] = {1, 2, 3};
volatile u32 activations[4096];
void main(void)
{
    for (u32 turn = 0; turn < 3; turn++)
        for (u32 i = 0; i < 2048; i += 4)
            activations[2 * i & 4095] = weights[i] + activations[(i ^ 64) & 4095];
    for (;;) { }
}
"""
CACHED = {
    "nucleo-l4r5zi": (0x0800_0000, 0x2000_0000),
    "nucleo-h7a3zi-q": (0x0800_0000, 0x2400_0000),
    "disco-f746ng": (0x0800_0000, 0x2001_0000),
    "nucleo-u575zi-q": (0x0800_0000, 0x2000_0000),
    "cy8cproto-062-4343w": (0x1000_2000, 0x0800_0000),
    "nucleo-g0b1re": (0x0800_0000, 0x2000_0000),
}
"""Boards with each kind of cache; their flash, their memory for data."""
CODE_ALONE = "nucleo-g0b1re"
"""Whose cache does not serve data."""


def caches_on(accelerator):
    """Parameters that turn on what caches it has, in front of a slow memory."""
    sides = ("instruction", "data")
    return {f"{s}_cache": 1 for s in sides if accelerator.parameters.get(f"{s}_lines")} | {"wait_states": 3}


@pytest.mark.parametrize("name", CACHED)
def test_misses_by_object_sum_to_those_of_the_caches(name, tmp_path):
    """Code, constants and variables miss in an L1, an ART accelerator, an ICACHE, PSoC's and G0's buffers."""
    flash, ram = CACHED[name]
    places = {
        "0x0 :": f"{flash:#x} :",
        "0x20000000": f"{ram:#x}",
        "0x20010000": f"{ram + 0x8000:#x}",
        "0x40004000u": f"{ram + 0x9000:#x}u",  # no console
    }
    board = load_board(name)
    elf = build(tmp_path, TABLES, core=board.core, places=places)
    found = []
    for hook in ("native", "python"):
        machine = Machine(board, hook=hook)
        machine.load(elf)
        for accelerator in board.accelerators:
            machine.engine.memory_map.pin(accelerator.name, **caches_on(accelerator))
        recorder = Recorder(machine)
        machine.run(max_cycles=60_000)
        found.append(recorder.end(Labels("tables")))
        recorder.close()
    recording = found[0]
    objects = by_name(recording)
    misses = sum(cache.misses for cache in recording.caches)
    assert sum(item.misses for item in recording.memory) == misses > 0
    assert objects["main"].misses > 0
    of_data = objects["weights"].misses + objects["activations"].misses
    assert (of_data > 500) == (name != CODE_ALONE)
    assert (found[1].memory, found[1].caches) == (recording.memory, recording.caches)


def test_stack_and_heap_marks(tmp_path):
    elf = build(tmp_path, FIRMWARE)
    _, recording = record(elf, windows=2)
    marks = {mark.kind: mark for mark in recording.high_water}
    stack = marks["stack"]
    names = [f.name for f in recording.functions]
    assert names[recording.contexts[stack.context].function] == "deep"
    assert 3 * 64 < stack.used_bytes < 1024  # the last deep calls nothing
    assert stack.facts["top"] == 0x2001_0000
    heap = marks["heap"]
    assert heap.used_bytes == 40 + 40 + 24  # of the second turn; 24 were given back
    assert recording.contexts[heap.context].calls > 0
    assert 0 <= heap.at_cycles < recording.cycles
    assert by_name(recording)["heap"].size_bytes == 40


def test_the_tensor_arena(tmp_path):
    machine, recording = record(build(tmp_path, interpreter()))
    (arena,) = [mark for mark in recording.high_water if mark.kind == "arena"]
    assert (arena.name, arena.used_bytes, arena.size_bytes) == ("memory", 96 + 112, 512)
    assert (arena.facts["planned_bytes"], arena.facts["staying_bytes"]) == (96, 112)
    assert arena.facts["address"] == machine.symbol("memory").address
    assert arena.facts["tensors"] == [
        [0, 32, 0, 0, "1x4x4x2"],
        [32, 27, 0, 1, "1x3x3x3"],
        [64, 5, 1, 2, "1x5"],
    ]


# -- layout ------------------------------------------------------------------------------------
def small_image(*symbols: Symbol, stack_pointer: int = 0x2000_2000) -> Image:
    vectors = stack_pointer.to_bytes(4, "little") + (0x0800_0009).to_bytes(4, "little") + bytes(24)
    model = bytes(4) + b"TFL3" + bytes(24)
    return Image(
        "test.elf",
        "",
        "elf",
        (Segment(0x0800_0000, vectors + model),),
        vector_table=0x0800_0000,
        reserved=(Reservation(0x0800_0000, 64, ".text"), Reservation(0x2000_0000, 0x400, ".bss")),
        debug=SymbolTable(symbols),
    )


def small_board() -> Board:
    regions = (
        Region("flash", 0x0800_0000, 0x1000, "flash"),
        Region("flash_low", 0, 0x1000, "flash", alias_of="flash"),
        Region("sram1", 0x2000_0000, 0x1000, "ram"),
        Region("sram2", 0x1000_0000, 0x1000, "ram"),
        Region("sram2_high", 0x2000_1000, 0x1000, "ram", alias_of="sram2"),
    )
    return Board("test", "test", "cortex-m4", "none", 1_000_000, regions, (), "none", 0, 8, 4)


def test_every_address_belongs_to_the_smallest_object():
    symbols = [
        Symbol("g_model", 0x0800_0020, 32, is_function=False),
        Symbol("tensor_arena", 0x2000_0100, 0x200, is_function=False),
        Symbol("inside", 0x2000_0180, 8, is_function=False),
        Symbol("stack_limit", 0x2000_0000, 4, is_function=False),
    ]
    layout = MemoryLayout(small_board(), small_image(*symbols))

    def at(address: int) -> tuple[str, str, str] | None:
        place = layout.place_at(address)
        return None if place is None else (place.region, place.kind, place.name)

    assert at(0x0800_0021) == at(0x21) == ("flash", "weights", "g_model")
    assert at(0x0800_0000) == ("flash", "section", ".text")
    assert at(0x0800_0040) == ("flash", "rest", "rest of flash")
    assert at(0x2000_0100) == at(0x2000_017F) == ("sram1", "arena", "tensor_arena")
    assert at(0x2000_0187) == ("sram1", "symbol", "inside")
    assert at(0x2000_0188) == ("sram1", "arena", "tensor_arena")
    assert at(0x2000_0000) == ("sram1", "symbol", "stack_limit")  # a pointer, by its size
    assert at(0x2000_0050) == ("sram1", "section", ".bss")
    # the stack lies below the initial stack pointer, in two memories, one seen at another address
    assert at(0x2000_0FFC) == ("sram1", "stack", "stack")
    assert at(0x2000_1000) == at(0x1000_0FFF) == ("sram2", "stack", "stack")
    assert at(0x4000_0000) is None
    assert at(0xFFFF_FFFF) is None
    assert layout.starts == sorted(set(layout.starts))
    assert layout.starts[0] == 0


def test_the_heap_lies_where_it_has_grown_to():
    symbol = Symbol("end", 0x2000_0400, 0, is_function=False)
    layout = MemoryLayout(small_board(), small_image(symbol), heap_end=0x2000_0480)
    assert layout.place_at(0x2000_047F) == Place("sram1", "heap", "heap", 0x2000_0400, 0x80)
    assert layout.place_at(0x2000_0480) == Place("sram1", "stack", "stack", 0x2000_0400, 0xC00)


def test_an_image_without_names_has_its_memories():
    layout = MemoryLayout(load_board("nucleo-l4r5zi"), None)
    assert layout.place_at(0x2000_0000) == Place("sram1", "rest", "rest of sram1", 0x2000_0000, 0x30000)
    image = load_image(shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi"))
    assert len(MemoryLayout(load_board("nucleo-l4r5zi"), image).places) > 50
