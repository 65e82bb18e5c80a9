"""CONTRIBUTING.md's half hours, followed literally: a board, a chip to come, a device, a core."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from emulator import Machine
from emulator.board import schema
from emulator.board.parameter_checks import check_core_parameters
from emulator.board.reader import load_board
from emulator.board.schema import CoreLimits
from emulator.engine import core as engine_core
from emulator.errors import BoardError
from emulator.image import attributes
from emulator.system import features
from emulator.timing.cores import registry
from tests.machine.firmware import build
from tests.peripherals.device_bench import Bench, get, put, round_trip

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STRAIGHT_LINE = r"""
__attribute__((aligned(64), noinline)) void straight(void) { __asm volatile(".rept 800\n nop\n.endr"); }
__attribute__((aligned(64), noinline)) u32 ten_loads(volatile u32 *from) {
    u32 sum = 0;
    __asm volatile(".set at, 0\n.rept 10\n ldr %0, [%1, #at]\n nop\n nop\n.set at, at + 4\n.endr"
                   : "+r"(sum) : "r"(from));
    return sum;
}
volatile u32 words[10];
void main(void) { straight(); ten_loads(words); for (;;) { } }
"""
NOPS, BYTES_OF_A_NOP = 800, 2


def example(language: str, containing: str) -> str:
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^ *```", TEXT, flags=re.MULTILINE | re.DOTALL)
    (found,) = [re.sub(rf"(?m)^{indent}", "", block) for indent, block in blocks if containing in block]
    return str(found)


def board_file(folder: Path, text: str, name: str = "my-board.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def module_of_an_example(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str, source: str
) -> ModuleType:
    """Put a documented file where the text puts it, and import it."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("")
    (folder / package / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    for module in (package, f"{package}.{name}"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return importlib.import_module(f"{package}.{name}")


# -- a board -------------------------------------------------------------------------------------
def test_a_board_of_a_known_family(tmp_path: Path) -> None:
    board = load_board(board_file(tmp_path, example("toml", "My board")))
    assert board.console == "usart2"
    assert next(r for r in board.regions if r.name == "sram3").size_bytes == 0x40000
    devices = {device.name: device for device in board.devices}
    assert devices["rcc"].parameters["hse_hz"] == 16_000_000
    assert board.signals == {"PG10": 1}
    assert Machine(board).console is not None


PAPER_CHIP = example("toml", "Paper chip")


def without(text: str, *keys: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(keys))


def costs(tmp_path: Path, text: str, hook: str = "native") -> tuple[list[int], list[int]]:
    """Cycles of two passes over 800 NOPs in a row, and of two times ten loads with time between them."""
    machine = Machine(load_board(board_file(tmp_path, text)), hook=hook)
    machine.load(build(tmp_path, STRAIGHT_LINE))
    words = machine.symbol("words").address
    straight = [machine.call("straight").counts.cycles for _ in range(2)]
    return straight, [machine.call("ten_loads", words).counts.cycles for _ in range(2)]


def test_a_chip_to_come_is_a_copy_of_the_virtual_board() -> None:
    """The example is virtual-m4.toml with other figures: nothing of that file is missing in it."""
    shipped = (ROOT / "peripherals" / "boards" / "virtual-m4.toml").read_text(encoding="utf-8")
    keys = re.findall(r"(?m)^(\w+|\[.*\])", re.sub(r"(?m)^#.*$", "", shipped))
    assert keys
    assert [key for key in keys if not re.search(rf"(?m)^{re.escape(key)}", PAPER_CHIP)] == []


@pytest.mark.parametrize("hook", ["native", "python"])
def test_figures_of_the_chip_to_come_follow_what_was_changed(tmp_path: Path, hook: str) -> None:
    """Each figure of the example has the effect that it says, to the cycle where it can be said."""
    reads = NOPS * BYTES_OF_A_NOP // 16
    flash = ("accelerator =", "[accelerators", "kind =", "read_bytes", "line_bytes", "prefetch")
    caches = ("line_bytes", "instruction_", "data_")
    bare = without(PAPER_CHIP, *flash, *caches, "wait_states")
    zero_wait, zero_wait_loads = costs(tmp_path, bare, hook)
    virtual = Machine("virtual-m4", hook=hook)
    virtual.load(build(tmp_path, STRAIGHT_LINE))
    assert [virtual.call("straight").counts.cycles for _ in range(2)] == zero_wait

    waits, _ = costs(tmp_path, without(PAPER_CHIP, *caches, "prefetch"), hook)
    assert 0 <= waits[0] - zero_wait[0] - 4 * reads <= 4, "each read of 16 bytes waits four cycles"
    assert waits[1] == waits[0]

    prefetched, _ = costs(tmp_path, without(PAPER_CHIP, *caches), hook)
    assert prefetched[0] - zero_wait[0] <= 8, "a read in 5 cycles is ahead of 8 instructions in 8"

    cached, _ = costs(tmp_path, without(PAPER_CHIP, "prefetch", "data_"), hook)
    assert cached[0] > zero_wait[0] + 2 * reads, "the first pass fills the cache"
    assert 0 <= cached[1] - zero_wait[1] <= 8, "1600 bytes lie in 64 lines of 32: the second pass hits"

    _, slow_loads = costs(tmp_path, bare.replace("[regions.sram]", "[regions.sram]\nwait_states = 1"), hook)
    assert slow_loads[1] - zero_wait_loads[1] == 10, "ten loads wait a cycle each"

    whole, whole_loads = costs(tmp_path, PAPER_CHIP, hook)
    assert prefetched[0] <= whole[0] <= cached[0] and whole[1] <= cached[1]
    assert whole_loads[1] - zero_wait_loads[1] == 10


def test_sizes_and_clock_of_the_chip_to_come(tmp_path: Path) -> None:
    machine = Machine(load_board(board_file(tmp_path, PAPER_CHIP)))
    sizes = {region.name: region.size_bytes for region in machine.board.regions}
    shipped = {region.name: region.size_bytes for region in load_board("virtual-m4").regions}
    assert {name: size // 2 for name, size in shipped.items()} == sizes
    assert machine.clock.core_hz == 200_000_000


# -- a device ------------------------------------------------------------------------------------
@pytest.fixture
def beeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    source = example("python", "class Beeper(")
    return module_of_an_example(tmp_path, monkeypatch, "vendor_of_a_test", "beeper", source)


BEEPER = example("toml", "[devices.beeper]").replace("peripherals.vendor", "vendor_of_a_test")


def test_a_device_on_a_bench(beeper: ModuleType) -> None:
    bench = Bench(1_000_000)
    bench.clocks.frequencies["slow"] = 10_000
    device = bench.build(beeper.Beeper, lines=("global",), clock="slow")
    put(device, "IER", 1)
    put(device, "CR", 1)
    bench.run(9_999)
    assert (get(device, "CR"), bench.lines["global"].level) == (1, False)
    bench.run(1)
    assert (get(device, "CR"), bench.lines["global"].level) == (0, True)
    put(device, "SR", 1)
    assert not bench.lines["global"].level
    round_trip(device)


def test_a_device_on_a_board(beeper: ModuleType, tmp_path: Path) -> None:
    """Its lines of TOML, on a board: firmware starts a beep of 50 ticks and waits for its end."""
    firmware = r"""
    u32 beep(void) {
        REG(0x40030000) = 1;
        u32 turns = 0;
        while (!(REG(0x40030004) & 1)) turns++;
        return turns;
    }
    void main(void) { for (;;) { } }
    """
    board = 'title = "With a beeper"\nfamily = "virtual"\ncore = "cortex-m4"\nfpu = "none"\n'
    board += f"reset_hz = 1_000_000\npriority_bits = 3\n{BEEPER}"
    machine = Machine(load_board(board_file(tmp_path, board)))
    machine.load(build(tmp_path, firmware, core="cortex-m3"))
    assert isinstance(machine.devices["beeper"], beeper.Beeper)
    cycles = machine.call("beep").counts.cycles
    longer = Machine(load_board(board_file(tmp_path, board.replace("beep = 50", "beep = 5000"))))
    longer.load(build(tmp_path, firmware, core="cortex-m3"))
    assert 50 <= cycles <= 80
    assert 5000 <= longer.call("beep").counts.cycles <= 5030


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("beep = 50", "beep = 0", "must be a whole number from 1 to 65535, not 0"),
        ("beep = 50", "beap = 50", "did you mean 'beep'?"),
        ("global = 20", "globl = 20", "did you mean 'global'?"),
        ('clock = "core"', 'clock = "pclk1"', "no clock 'pclk1'"),
    ],
)
def test_a_device_declares_what_a_board_may_say(
    beeper: ModuleType, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert beeper.BeeperParameters.__doc__
    board = 'title = "With a beeper"\nfamily = "virtual"\ncore = "cortex-m4"\nfpu = "none"\n'
    board += f"reset_hz = 1_000_000\npriority_bits = 3\n{BEEPER.replace(old, new)}"
    with pytest.raises(BoardError, match=re.escape(reason)):
        load_board(board_file(tmp_path, board))


# -- a core --------------------------------------------------------------------------------------
def test_a_core_runs_when_it_is_named_where_the_text_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = example("python", "Cortex-M99")
    core = module_of_an_example(tmp_path, monkeypatch, "cores_of_a_test", "cortex_m99", source)
    name = "cortex-m99"
    text = 'title = "A board with it"\nfamily = "virtual"\ncore = "cortex-m99"\nfpu = "none"\n'
    text += "reset_hz = 1_000_000\npriority_bits = 3\n"
    path = board_file(tmp_path, text)
    with pytest.raises(BoardError, match="core: no core 'cortex-m99'; did you mean 'cortex-m"):
        load_board(path)

    step_2 = TEXT[TEXT.index("2. Name the core where cores are named") :].partition("\n3.")[0]
    named = re.findall(r"`(emulator/[\w/]+\.py)`", step_2)
    modules = (registry, engine_core, features, schema, attributes)
    assert named == [str(Path(str(module.__file__)).relative_to(ROOT)) for module in modules]
    limits = CoreLimits(("none",), 240, (3, 8))
    entry = registry.CoreEntry(core.Armv6mParameters, core.model)
    monkeypatch.setitem(registry.MODELS, name, entry)  # type: ignore[arg-type]
    monkeypatch.setitem(engine_core.CPU_MODELS, name, engine_core.CPU_MODELS["cortex-m3"])
    monkeypatch.setitem(features.CORES, name, features.CORES["cortex-m3"])  # type: ignore[arg-type]
    monkeypatch.setitem(schema.CORES, name, limits)  # type: ignore[arg-type]
    monkeypatch.setitem(attributes.CORES, name, ("v7-M", 0, False))  # type: ignore[arg-type]

    check_core_parameters(name, {"multiplier": 32})
    assert cycles_of(tmp_path, path) == {"adds": 10, "multiplies": 10, "loads": 30}
    slow = board_file(tmp_path, f"{text}core_parameters = {{ multiplier = 32 }}\n")
    assert cycles_of(tmp_path, slow) == {"adds": 10, "multiplies": 320, "loads": 30}


def cycles_of(tmp_path: Path, board: str) -> dict[str, int]:
    """What ten more instructions of a kind cost on a board."""
    kinds = {"adds": "adds r0, r0, r1", "multiplies": "muls r0, r1, r0", "loads": "ldr r0, [r1]"}
    functions = "".join(
        f"""
        __attribute__((noinline)) void {name}_{count}(u32 a, u32 *b)
        {{ __asm volatile(".syntax unified\\n.rept {count}\\n {text}\\n.endr" ::: "r0", "cc"); }}
        """
        for name, text in kinds.items()
        for count in (10, 20)
    )
    machine = Machine(load_board(board))
    machine.load(build(tmp_path, f"{functions} void main(void) {{ for (;;) {{ }} }}", core="cortex-m3"))
    found = {}
    for name in kinds:
        ten, twenty = (machine.call(f"{name}_{n}", 0, 0x20000000).counts.cycles for n in (10, 20))
        found[name] = twenty - ten
    return found
