"""A board drafted from an SVD file: what it holds, what reports say by it, and that firmware runs on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from emulator import Machine
from emulator.board.reader import load_board
from emulator.board.register_map import RegisterMap
from emulator.errors import BoardError, GuestFault

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
KESTREL = HERE / "kestrel.svd"


def build(folder: Path, main: str | None = None) -> Path:
    """The firmware beside this file, or what else its main does."""
    elf = folder / "main.elf"
    defines = [] if main is None else [f"-DMAIN={main}"]
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-g", "-ffreestanding", "-nostdlib",
         *defines, "-T", HERE / "crystal.ld", HERE / "crystal.c", "-o", elf],
        check=True,
    )  # fmt: skip
    return elf


def boardless(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator.cli.main", *map(str, arguments)],
        cwd=ROOT, input="", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    board = tmp_path_factory.mktemp("kestrel") / "kestrel.toml"
    done = boardless("new-board", board, "--svd", KESTREL)
    assert done.returncode == 0, done.stderr
    assert "console:      console, modelled by peripherals.arm.cmsdk_uart:CmsdkUart" in done.stdout
    assert "guess:        reset_hz = 16_000_000" in done.stdout
    return board


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory, cross_tools: None) -> tuple[Path, Path]:
    """(ELF, board drafted with it)."""
    folder = tmp_path_factory.mktemp("firmware")
    elf = build(folder)
    done = boardless("new-board", folder / "kestrel.toml", "--svd", KESTREL, "--image", elf)
    assert done.returncode == 0, done.stderr
    return elf, folder / "kestrel.toml"


# -- the files ------------------------------------------------------------------------------------
def test_the_board(drafted: Path) -> None:
    board = load_board(str(drafted))
    assert (board.core, board.fpu, board.priority_bits, board.interrupts) == ("cortex-m4", "single", 4, 14)
    assert board.core_parameters == {"bit_band": 1, "mpu_regions": 0}
    devices = {d.name: (d.base, d.size_bytes, dict(d.interrupts)) for d in board.devices}
    assert devices["pwr"] == (0x40000000, 0x400, {"global": 0})
    assert devices["dma"] == (0x40010000, 0x1000, {})
    assert devices["console"] == (0x40030000, 0x1000, {"tx": 12, "rx": 13})
    assert devices["serial0"][1] == 0x100  # a block ends where the next begins, or before
    assert devices["mode_a"] == (0x40040000, 0x8000, {})  # two modes of one block are one device
    assert devices["mode_a_2"][:2] == (0x4103F000, 4)  # a register far behind the others
    assert devices["port0"][0] == 0x48000000
    assert "nvic" not in devices  # the core's own
    assert board.console == "console"
    types = {d.name: d.type for d in board.devices}
    assert types["serial0"] == "peripherals.quiet:Quiet"


def test_the_file_says_what_is_a_guess(drafted: Path) -> None:
    text = drafted.read_text()
    assert re.search(r"^reset_hz = 16_000_000  # guess", text, re.MULTILINE)
    assert "# PWR: Power and clocks\n[devices.pwr]" in text
    assert "interrupts = { global = 5 }  # SERIAL0_TX 5, SERIAL0_RX 6" in text
    assert tomllib.loads(text)["regions"]["flash"]["source"].startswith("guess: ")


def test_the_register_map_is_a_line_a_register(drafted: Path) -> None:
    text = drafted.with_suffix(".registers.json").read_text()
    row = next(line for line in text.splitlines() if '"RETAIN[1]"' in line)
    assert json.loads(row.rstrip(",")) == {"name": "RETAIN[1]", "at": "0x24", "reset": "0x5A"}
    content = json.loads(text)
    assert content["peripherals"]["SERIAL1"] == {"base": "0x40020100", "bytes": "0x100", "same_as": "SERIAL0"}
    assert content["interrupts"]["9"] == "SERIAL1"


def test_the_register_map_is_read_when_something_needs_it(drafted: Path, tmp_path: Path) -> None:
    for file in drafted.parent.iterdir():
        shutil.copy(file, tmp_path)
    damaged = tmp_path / "kestrel.registers.json"
    damaged.write_text('{"format": 1')
    machine = Machine(str(tmp_path / "kestrel.toml"))  # a board is built without it
    with pytest.raises(BoardError, match="is no register map") as error:
        machine.bus.register_map.name(0x40000000)
    assert str(damaged) in str(error.value)
    damaged.unlink()
    with pytest.raises(BoardError, match=r"kestrel\.registers\.json"):
        load_board(str(tmp_path / "kestrel.toml"))


def test_names(drafted: Path) -> None:
    names = RegisterMap(str(drafted.with_suffix(".registers.json")))
    assert names.name(0x4000000C) == "PWR.STATUS"
    assert names.name(0x4000000C, "pwr") == "STATUS"
    assert names.name(0x40000031) == "PWR.TUNE_B"
    assert names.name(0x4000003C) == "PWR.WIDE+4"
    assert names.name(0x40020202) == "SERIAL2.S_RATE"
    assert names.name(0x40010134) == "DMA.CH[1].LINK.NEXT"
    assert names.name(0x40000100) == "PWR+0x100"
    assert names.name(0x50000000) == ""
    assert names.fields(0x4000000C, 1 << 16 | 1 << 3) == ["XTAL_READY", "bit 3"]
    assert names.fields(0x40000000, 1 << 31) == ["DEBUG"]  # of the other name of the same register
    assert names.value_name(0x4000000C, "XTAL_READY", 1) == "Running"
    assert names.interrupt(13) == "CONSOLE_RX"
    assert RegisterMap().name(0x40000000) == ""


# -- registers keep what the chip's would -----------------------------------------------------------
def test_reset_values_and_access(drafted: Path) -> None:
    bus = Machine(str(drafted)).bus
    assert bus.read(0x40000000, 4) == 0x120
    assert bus.read(0x40000031, 1) == 0x11
    assert bus.read(0x40000030, 4) == 0x22221111
    assert bus.read(0x40000038, 4) == 0x55667788
    assert bus.read(0x4000003C, 4) == 0x11223344
    bus.write(0x4000000C, 4, 0xFFFFFFFF)  # read-only
    assert bus.read(0x4000000C, 4) == 0
    bus.write(0x40000010, 4, 0x1234)  # write-only
    assert bus.read(0x40000010, 4) == 0
    assert bus.read(0x40000014, 4) == 3
    bus.write(0x40000014, 4, 0x15)  # clears LOW, LOCKED stays
    assert bus.read(0x40000014, 4) == 0x12
    bus.write(0x40020202, 2, 0xBEEF)
    assert bus.read(0x40020202, 2) == 0xBEEF
    assert bus.read(0x40020102, 2) == 0x1234


def test_a_snapshot_before_the_first_access(drafted: Path, tmp_path: Path) -> None:
    for file in drafted.parent.iterdir():
        shutil.copy(file, tmp_path)
    board = tmp_path / "kestrel.toml"
    named = "parameters = { registers = { CTRL = 0x0, TUNE = 0x30 }, resets = { TUNE = 0x7 } }"
    text = board.read_text().replace("size_bytes = 0x400\n", f"size_bytes = 0x400\n{named}\n", 1)
    board.write_text(text)
    machine = Machine(str(board))
    saved = machine.snapshot()
    machine.bus.write(0x40000000, 4, 0xFF)
    machine.restore(saved)
    assert machine.bus.read(0x40000000, 4) == 0x120  # a register with a name has the chip's reset value
    assert machine.bus.read(0x40000030, 1) == 7  # unless the board says another


# -- what reports say -------------------------------------------------------------------------------
def test_a_wait_is_named_with_register_and_field(firmware: tuple[Path, Path], tmp_path: Path) -> None:
    elf, board = firmware
    done = boardless("run", elf, "--board", board, "--json", tmp_path / "run.json")
    assert re.search(
        r"waits: +for pwr STATUS \(0x4000000c\), field XTAL_READY, read again and again at 0x[0-9a-f]+ main"
        r"\+0x[0-9a-f]+ \(\S*crystal.c:\d+\): this register is stored only",
        done.stderr,
    ), done.stderr
    assert re.search(
        r"pwr CTRL \(0x40000000\): .*write x1 \(stored only; field.* XTAL_EN.*crystal.c:", done.stderr
    )
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["waits_for"][0]["fields"] == ["XTAL_READY"]
    assert {"CTRL", "STATUS"} == {row["register"] for row in report["unmodelled"]}


def test_strict_names_register_and_field(firmware: tuple[Path, Path]) -> None:
    elf, board = firmware
    done = boardless("run", elf, "--board", board, "--strict")
    assert done.returncode == 2
    assert re.search(r"crystal.c:\d+\): read of pwr CTRL \(0x40000000\) is not modelled", done.stderr), (
        done.stderr
    )


def test_the_board_learns_by_name(firmware: tuple[Path, Path], tmp_path: Path) -> None:
    elf, board = firmware
    learned = tmp_path / "learned.toml"
    done = boardless("run", elf, "--board", board, "--learn-board", "--learn-output", learned)
    assert done.stdout == "crystal\n", done.stderr
    assert (
        "bit 16 of 0x4000000c (PWR.STATUS, XTAL_READY) is awaited to become 1 (Running) at" in done.stderr
    ), done.stderr
    assert re.search(r"after bit 0 of 0x40000000 \(PWR.CTRL, XTAL_EN\) was set", done.stderr)
    table = tomllib.loads(learned.read_text())["devices"]["pwr"]["parameters"]
    assert table["follow"] == ["STATUS.16 = CTRL.0"]
    again = boardless("run", elf, "--board", learned)
    assert again.stdout == "crystal\n", again.stderr


def test_a_crash_names_the_register(tmp_path: Path, firmware: tuple[Path, Path]) -> None:
    for file in firmware[1].parent.glob("kestrel.*"):
        shutil.copy(file, tmp_path)
    elf = build(tmp_path, "REG(0x60000008u) = 1;")
    names = tmp_path / "kestrel.registers.json"
    names.write_text(names.read_text().replace('"0x48000000"', '"0x60000000"'))  # the board lacks a part
    machine = Machine(str(tmp_path / "kestrel.toml"))
    machine.load(elf)
    with pytest.raises(GuestFault) as crash:
        machine.run(max_cycles=100_000)
    assert "0x60000008 is PORT0+0x8, by the board's register map" in crash.value.report
    assert "[regions.NAME]" in crash.value.next_step


def test_an_interrupt_without_a_handler_is_named(tmp_path: Path, firmware: tuple[Path, Path]) -> None:
    elf = build(
        tmp_path,
        "REG(0xE000E100u) = 1u << 9; REG(0xE000E200u) = 1u << 9; stop();",
    )
    done = boardless("run", elf, "--board", firmware[1])
    assert re.search(r"waits: +in the handler of interrupt 9 \(SERIAL1\), at 0x[0-9a-f]+ stop", done.stderr)


# -- from an image ----------------------------------------------------------------------------------
def test_memories_from_an_image(firmware: tuple[Path, Path]) -> None:
    _elf, path = firmware
    board = load_board(str(path))
    regions = {r.name: (r.base, r.end) for r in board.regions}
    assert regions == {
        "flash": (0, 0x100000),
        "ram": (0x1FFF0000, 0x20008000),
    }  # RAM ends where the stack begins
    assert board.vector_table == 0x4000


def test_from_an_image_alone(firmware: tuple[Path, Path], tmp_path: Path) -> None:
    elf, _board = firmware
    path = tmp_path / "alone.toml"
    done = boardless("new-board", path, "--image", elf)
    assert done.returncode == 0, done.stderr
    assert "guess:        core = cortex-m4: by the image's build attributes" in done.stdout
    assert not path.with_suffix(".registers.json").exists()
    board = load_board(str(path))
    assert (board.console, board.devices) == ("none", ())
    ran = boardless("run", elf, "--board", path, "--max-cycles", "100000")
    assert "0x4000000c" in ran.stderr  # it comes to the first register that matters, which has no name here


def test_no_uart_of_a_known_kind(firmware: tuple[Path, Path], tmp_path: Path) -> None:
    svd, path = tmp_path / "k.svd", tmp_path / "k.toml"
    svd.write_text(KESTREL.read_text().replace("<name>INTSTATUS</name>", "<name>OTHER</name>"))
    svd.write_text(svd.read_text().replace("<name>BAUDDIV</name>", "<name>PACE</name>"))
    done = boardless("new-board", path, "--svd", svd, "--image", firmware[0])
    guess = "console = none: no UART of a known kind was found; text by ITM or semihosting is shown"
    assert f"guess:        {guess}\n" in done.stdout, done.stderr
    board = load_board(str(path))
    assert (board.console, {d.type for d in board.devices}) == ("none", {"peripherals.quiet:Quiet"})
    ran = boardless("run", firmware[0], "--board", path)
    assert "waits:        for pwr STATUS" in ran.stderr


def test_given_memories(tmp_path: Path) -> None:
    path = tmp_path / "given.toml"
    memories = ("--flash", "0x08000000:512K", "--ram", "0x20000000:96K")
    more = ("--reset-hz", "48000000", "--console", "serial1")
    done = boardless("new-board", path, "--svd", KESTREL, *memories, *more)
    assert done.returncode == 0, done.stderr
    board = load_board(str(path))
    assert [(r.base, r.size_bytes) for r in board.regions] == [(0x08000000, 0x80000), (0x20000000, 0x18000)]
    assert (board.vector_table, board.reset_hz, board.console) == (0x08000000, 48_000_000, "serial1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing says what the board is"),
        (["--svd", str(KESTREL), "--chip", "x"], "both name a chip"),
        (["--svd", str(KESTREL), "--console", "serail1"], "no device 'serail1'; did you mean 'serial1'?"),
        (["--svd", str(KESTREL), "--flash", "512K"], "'512K' is no memory"),
        (["--svd", str(KESTREL), "--ram", "0x20000000:100"], "is no memory"),
        (["--svd", str(ROOT / "README.md")], "README.md:1: is not XML"),
    ],
)
def test_what_can_not_be_honoured(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = boardless("new-board", tmp_path / "b.toml", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not list(tmp_path.iterdir())


def test_another_core(tmp_path: Path) -> None:
    svd = tmp_path / "k.svd"
    svd.write_text(KESTREL.read_text().replace("<name>CM4</name>", "<name>CM35P</name>"))
    done = boardless("new-board", tmp_path / "k.toml", "--svd", svd)
    assert "the chip's core is 'CM35P', which is not emulated" in done.stderr
    assert boardless("new-board", tmp_path / "k.toml", "--svd", svd, "--core", "cortex-m33").returncode == 0
    assert load_board(str(tmp_path / "k.toml")).core == "cortex-m33"


def test_a_chip_by_its_name(tmp_path: Path) -> None:
    """pyOCD has an SVD file for the chip, 1.9 MB long: a real one of a real maker."""
    done = boardless("new-board", tmp_path / "a.toml", "--chip", "Apollo3", "--reset-hz", "48000000")
    assert done.returncode == 0, done.stderr
    board = load_board(str(tmp_path / "a.toml"))
    assert {"pwrctrl", "uart0", "clkgen", "ctimer"} <= {d.name for d in board.devices}
    names = Machine(board).bus.register_map
    assert names.name(0x40021000 + 0x18) == "PWRCTRL.DEVPWRSTATUS"
    missing = boardless("new-board", tmp_path / "b.toml", "--chip", "apolo3")
    assert "pyOCD has no SVD file for 'apolo3'; did you mean 'apollo3'?" in missing.stderr
