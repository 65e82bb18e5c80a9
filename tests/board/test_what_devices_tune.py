"""Windows that hold all registers; controllers of flash and caches tune what there is, or say so."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from emulator import Machine
from emulator.board.reader import load_board
from emulator.errors import BoardError, UsageError
from tests.machine.firmware import build

FLASH_ACR = 0x50000000
LATENCY_PREFETCH_AND_CACHES = 0x0704


def board(folder: Path, extra: str, core: str = "m4") -> str:
    file = folder / "mine.toml"
    text = resources.files("peripherals").joinpath(f"boards/virtual-{core}.toml").read_text()
    if "[accelerators.mine]" in extra:
        text = text.replace("[regions.flash]\n", '[regions.flash]\naccelerator = "mine"\n')
    file.write_text(f"{text}\n{extra}\n")
    return str(file)


def interface(kind: str, parameters: str = "") -> str:
    """An STM32L4+'s flash interface, and an accelerator of this kind before the flash, if any."""
    lines = [f'[devices.acr]\ntype = "peripherals.stm32.flash_l4:FlashL4Plus"\nbase = {FLASH_ACR}']
    lines += [f"parameters = {{ {parameters} }}"] if parameters else []
    lines += [f'[accelerators.mine]\nkind = "{kind}"'] if kind else []
    return "\n".join(lines)


# -- windows -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("device", "size", "needed", "advice"),
    [
        ("peripherals.stm32.flash_l4:FlashL4Plus", "0x130", "0x134", "0x200"),
        ("peripherals.infineon.tcpwm:Tcpwm", "", "0x700", "0x400, but"),  # the default window
        ("peripherals.quiet:Quiet", "0x40", "0x44", "0x100"),
    ],
)
def test_a_window_smaller_than_the_registers(
    tmp_path: Path, device: str, size: str, needed: str, advice: str
) -> None:
    lines = [f'[devices.x]\ntype = "{device}"\nbase = 0x50000000']
    lines += [f"size_bytes = {size}"] if size else []
    parameters = {
        "Quiet": "registers = { CR = 0x41 }",
        "Tcpwm": "counters = 24",
        "FlashL4Plus": 'accelerator = ""',
    }
    lines += [f"parameters = {{ {parameters[device.partition(':')[2]]} }}"]
    with pytest.raises(BoardError, match=f"reach up to {needed}") as caught:
        load_board(board(tmp_path, "\n".join(lines)))
    assert "devices.x.size_bytes" in str(caught.value)
    assert advice in str(caught.value)


def test_devices_that_share_256_bytes_both_answer(tmp_path: Path) -> None:
    quiet = 'type = "peripherals.quiet:Quiet"\nsize_bytes = {size}\nbase = {base}\nparameters = {{ {p} }}'
    spans = ((0x50000000, 0x80, 1), (0x50000080, 0x40, 2), (0x500000C0, 0x140, 3))
    machine = Machine(
        board(
            tmp_path,
            "\n".join(
                f"[devices.q{n}]\n"
                + quiet.format(base=base, size=size, p=f"registers = {{ R = 0 }}, resets = {{ R = {n} }}")
                for base, size, n in spans
            ),
        )
    )
    for base, size, number in spans:
        assert machine.bus.read(base, 4) == number
        machine.bus.write(base + 4, 4, 7)
        found = machine.bus.device_at(base + size - 1)
        assert found is not None and found[3] == f"q{number}"


# -- what controllers of flash and caches tune ------------------------------------------------------
@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (interface(""), r"accelerator: no accelerator 'flash', which it is when nothing is written"),
        (interface("none"), r"known here: mine; for none write accelerator = \"\""),
        (interface("none", 'accelerator = "mime"'), r"no accelerator 'mime'; did you mean 'mine'"),
        (
            interface("").replace("flash_l4:FlashL4Plus", "flash_f4:FlashF7"),
            r"parameters\.art: no accelerator 'art', which",
        ),
        (
            '[devices.rcc]\ntype = "peripherals.stm32.rcc_h7a3:RccH7A3"\nbase = 0x50000000',
            r"memories\.1: no accelerator 'axi_sram', which .*\n.*for none write memories = \[\]",
        ),
    ],
)
def test_an_accelerator_that_the_board_does_not_have(tmp_path: Path, extra: str, words: str) -> None:
    with pytest.raises(BoardError, match=rf"(?s){words}"):
        load_board(board(tmp_path, extra))


def test_a_board_may_say_that_nothing_is_tuned(tmp_path: Path) -> None:
    load_board(board(tmp_path, interface("", 'accelerator = ""')))
    rcc = '[devices.rcc]\ntype = "peripherals.stm32.rcc_h7a3:RccH7A3"\nbase = 0x50000000'
    load_board(board(tmp_path, f"{rcc}\nparameters = {{ memories = [] }}"))


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize(
    ("kind", "without"),
    [
        ("none", ["instruction_cache", "data_cache"]),
        ("stm32-line-buffers", ["data_cache"]),
        ("icache", []),  # one cache for both
        ("stm32-art", []),
    ],
)
def test_what_firmware_turns_on_and_the_kind_lacks_is_told_once(
    tmp_path: Path, kind: str, without: list[str]
) -> None:
    text = board(tmp_path, interface(kind, 'accelerator = "mine"'))
    setting = LATENCY_PREFETCH_AND_CACHES
    source = f"REG({FLASH_ACR}) = {setting}; REG({FLASH_ACR}) = 4; REG({FLASH_ACR}) = {setting};"
    elf = build(tmp_path, f'void main(void) {{ {source} print("ready"); }}')
    machine = Machine(text)
    machine.load(elf)
    machine.run(until="ready")
    told = [(u.device, u.register, u.access, u.count, u.what) for u in machine.unmodelled]
    words = f"of accelerators.mine, whose kind '{kind}' has none"
    assert told == [("acr", "ACR", "write", 1, f"{name} {words}") for name in without]
    strict = Machine(text, strict=True)
    strict.load(elf)
    if without:
        with pytest.raises(UsageError, match="not modelled"):
            strict.run(until="ready")
    untimed = Machine(text, timing="core")
    untimed.load(elf)
    untimed.run(until="ready")
    assert untimed.unmodelled == []
