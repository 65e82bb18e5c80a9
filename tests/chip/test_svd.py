"""An SVD file becomes a chip: inheritance, derivation, arrays, clusters; broken files are told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from cmsis_svd.model import SVDRegister, SVDRegisterArray, SVDRegisterCluster, SVDRegisterClusterArray
from cmsis_svd.parser import SVDParser

from emulator.chip.model import Chip, Peripheral, Register
from emulator.chip.svd import chip_of, read_svd
from emulator.chip.svd_words import number_of
from emulator.chip.windows import windows_of
from emulator.errors import UsageError

KESTREL = Path(__file__).parent / "kestrel.svd"


@pytest.fixture(scope="module")
def kestrel() -> Chip:
    return read_svd(KESTREL)


def peripheral(chip: Chip, name: str) -> Peripheral:
    return next(p for p in chip.peripherals if p.name == name)


def register(chip: Chip, path: str) -> Register:
    of, _, name = path.partition(".")
    return next(r for r in peripheral(chip, of).registers if r.name == name)


def test_the_chip_and_its_core(kestrel: Chip) -> None:
    assert (kestrel.name, kestrel.vendor) == ("KESTREL7", "Nest Semiconductor")
    assert kestrel.source == "kestrel.svd, version 2.1"
    core = kestrel.processor
    assert core is not None
    assert (core.name, core.fpu, core.mpu, core.priority_bits, core.interrupts) == (
        "CM4",
        True,
        False,
        4,
        None,
    )
    assert kestrel.notes == ()
    assert peripheral(kestrel, "PWR").description == "Power and clocks"


@pytest.mark.parametrize(
    ("path", "offset", "size_bytes", "reset"),
    [
        ("PWR.CTRL", 0x00, 4, 0x120),
        ("PWR.STATUS", 0x0C, 4, 0),
        ("PWR.FLAGS", 0x14, 4, 3),  # what the mask leaves of the reset value
        ("PWR.RETAIN[2]", 0x28, 4, 0x5A),
        ("PWR.TUNE_B", 0x31, 1, 0x11),
        ("PWR.FINE_A", 0x32, 1, 0x22),  # size and repeats of what it is derived from
        ("PWR.FINE_B", 0x33, 1, 0x22),
        ("PWR.WIDE", 0x38, 8, 0x1122334455667788),
        ("PWR.CTRL_SHADOW", 0x40, 4, 0x120),
        ("DMA.CH[1].CTL", 0x120, 4, 7),
        ("DMA.CH[1].LINK.NEXT", 0x134, 4, 0),
        ("DMA.EXTRA.CTL", 0x200, 4, 7),
        ("SERIAL0.S_RATE", 2, 2, 0x1234),  # 16 bits are the peripheral's
        ("SERIAL2.S_RATE", 2, 2, 0x1234),
        ("SERIAL3.S_RATE", 2, 2, 0x4321),  # its own lies over the other one's
        ("SERIAL3.S_EXTRA", 4, 2, 0),
        ("PORT1.OUT", 4, 4, 0),
    ],
)
def test_registers(kestrel: Chip, path: str, offset: int, size_bytes: int, reset: int) -> None:
    found = register(kestrel, path)
    assert (found.offset, found.size_bytes, found.reset) == (offset, size_bytes, reset)


def test_access(kestrel: Chip) -> None:
    assert register(kestrel, "PWR.STATUS").access == "r"
    assert register(kestrel, "PWR.KEY").access == "w"
    flags = register(kestrel, "PWR.FLAGS")
    assert (flags.access, flags.writable, flags.ones_clear) == ("rw", 0xFFFFFFFB, 3)


def test_fields(kestrel: Chip) -> None:
    fields = {f.name: (f.lowest, f.width) for f in register(kestrel, "PWR.CTRL").fields}
    assert fields == {"XTAL_EN": (0, 1), "SOURCE": (4, 2), "TRIM": (8, 8)}  # what is reserved has no name
    lines = register(kestrel, "PWR.LINES").fields
    assert [(f.name, f.lowest, f.width) for f in lines] == [(f"LINE{n}", 2 * n, 2) for n in range(4)]
    ready, active = register(kestrel, "PWR.STATUS").fields[::-1]
    assert ready.values == {0: "NotRunning", 1: "Running"}
    assert active.values == {0: "RC", 1: "XTAL", 2: "PLL"}  # from a field of another register


def test_peripherals(kestrel: Chip) -> None:
    assert [p.base for p in kestrel.peripherals if p.name.startswith("PORT")] == [0x48000000, 0x48001000]
    assert peripheral(kestrel, "SERIAL0").interrupts == {"SERIAL0_TX": 5, "SERIAL0_RX": 6}
    assert peripheral(kestrel, "SERIAL1").interrupts == {"SERIAL1": 9}
    assert peripheral(kestrel, "SERIAL2").interrupts == {}  # another one's interrupt is not its own
    assert [peripheral(kestrel, f"SERIAL{n}").same_as for n in range(4)] == ["", "SERIAL0", "SERIAL0", ""]
    assert peripheral(kestrel, "PORT1").same_as == "PORT0"


def test_a_second_reader_finds_the_same(kestrel: Chip) -> None:
    """cmsis-svd 0.6 spreads out the same registers, fields and reset values.

    It adds nothing to a peripheral that is derived and has registers of its own (SERIAL3), and takes
    interrupts over.
    """
    device = SVDParser.for_xml_file(str(KESTREL)).get_device()
    theirs = {}
    for other in device.get_peripherals():
        for found in _spread(other.registers or []):
            fields = {f.name: (f.bit_offset, f.bit_width or 1) for f in found.get_fields()}
            fields = {name: place for name, place in fields.items() if "RESERVED" not in name}
            theirs[other.base_address + found.address_offset, _last(found.name)] = found.size // 8, fields
    ours = {
        (p.base + r.offset, _last(r.name)): (r.size_bytes, {f.name: (f.lowest, f.width) for f in r.fields})
        for p in kestrel.peripherals
        for r in p.registers
    }
    assert {key: value for key, value in ours.items() if key in theirs} == {
        key: value for key, value in theirs.items() if key in ours
    }
    assert len(ours.keys() & theirs.keys()) >= 30


def _spread(parts: list[object]) -> list[SVDRegister]:
    found: list[SVDRegister] = []
    for part in parts:
        if isinstance(part, SVDRegisterArray):
            found += part.registers
        elif isinstance(part, SVDRegisterClusterArray):
            found += _spread(part.clusters)
        elif isinstance(part, SVDRegisterCluster):
            found += _spread([*part.registers, *part.clusters])
        else:
            assert isinstance(part, SVDRegister)
            found.append(part)
    return found


def _last(name: str) -> str:
    """A register's own name: clusters and arrays are written otherwise there."""
    return "".join(letter for letter in name.rpartition(".")[2] if letter.isalnum())[-4:]


# -- what is broken ------------------------------------------------------------------------------
HEAD = "<device><name>B</name><peripherals>\n"
TAIL = "</peripherals></device>"
GOOD = "<peripheral><name>G</name><baseAddress>0x40000000</baseAddress><registers>{}</registers></peripheral>"


def notes_of(registers: str) -> tuple[Chip, str]:
    chip = chip_of((HEAD + GOOD.format(registers) + TAIL).encode(), "b.svd")
    return chip, "\n".join(chip.notes)


@pytest.mark.parametrize(
    ("registers", "words", "left"),
    [
        ("<register><name>R</name></register>", "b.svd:2: <register> R: no addressOffset; it is left out", 0),
        ("<register><addressOffset>0</addressOffset></register>", "<register>: no name; it is left out", 0),
        (
            "<register><name>R</name><addressOffset>0</addressOffset>\n<size>wide</size></register>",
            "b.svd:2: <register> R: size 'wide' is no number; it is left out",
            1,
        ),
        (
            '<register derivedFrom="NO"><name>R</name><addressOffset>0</addressOffset></register>',
            "derivedFrom 'NO' is not in the file; its own part is taken",
            1,
        ),
        (
            '<register derivedFrom="S"><name>R</name><addressOffset>0</addressOffset></register>'
            '<register derivedFrom="R"><name>S</name><addressOffset>4</addressOffset></register>',
            "leads back to itself; its own part is taken",
            2,
        ),
        (
            "<register><name>R</name><addressOffset>0</addressOffset><fields><field><name>F</name>"
            "<bitRange>[40:33]</bitRange></field></fields></register>",
            "<field> F: bits 40:33 are not in its register of 32 bits; it is left out",
            1,
        ),
        (
            "<register><name>R</name><addressOffset>0</addressOffset><fields><field><name>F</name>"
            "</field></fields></register>",
            "<field> F: no name or no place (bitOffset, lsb and msb, or bitRange); it is left out",
            1,
        ),
        (
            "<register><dim>3</dim><dimIncrement>4</dimIncrement><dimIndex>A,B</dimIndex><name>R%s</name>"
            "<addressOffset>0</addressOffset></register>",
            "dimIndex 'A,B' has 2 of 3 names; numbers are taken",
            3,
        ),
        (
            "<register><dim>3</dim><name>R%s</name><addressOffset>0</addressOffset></register>",
            "dim without dimIncrement; the first one is taken",
            1,
        ),
        (
            "<register><name>R</name><addressOffset>0</addressOffset><access>sometimes</access></register>",
            "access 'sometimes' is none that there is; 'rw' is taken",
            1,
        ),
        (
            "<register><name>R</name><addressOffset>0</addressOffset><size>128</size></register>",
            "size is 128 bits; the first 64 are taken",
            1,
        ),
    ],
)
def test_what_is_broken_is_told_and_the_rest_is_taken(registers: str, words: str, left: int) -> None:
    chip, notes = notes_of(registers)
    assert words in notes
    assert len(chip.peripherals[0].registers) == left


def test_numbers_that_lead_out_of_the_address_space() -> None:
    far = "<register><name>R</name><addressOffset>0x100000000</addressOffset></register>"
    chip, notes = notes_of(far + far.replace(">R<", ">S<").replace("0x100000000", "0xFFFFFFFC"))
    assert "<register> R: 0x100000000 is no offset of 32 bits; it is left out" in notes
    (window,), _notes = windows_of(chip.peripherals, (), "cortex-m4")
    assert (window.base, window.end) == (0x40000000, 0x40000400)  # S would lie behind the last address
    lines = GOOD.format("").replace(
        "<registers>", "<interrupt><name>I</name><value>480</value></interrupt><registers>"
    )
    chip = chip_of((HEAD + lines + TAIL).encode(), "b.svd")
    assert chip.notes == ("b.svd:2: <interrupt> I: 480 is no interrupt's number; it is left out",)


def test_the_line_is_that_of_the_element() -> None:
    _chip, notes = notes_of("\n\n<register>\n<name>R</name></register>")
    assert notes.startswith("b.svd:4: <register> R: ")


def test_broken_peripherals() -> None:
    good = GOOD.format("")
    chip = chip_of(
        (HEAD + good + "\n<peripheral><name>X</name></peripheral>\n" + good + TAIL).encode(), "b.svd"
    )
    assert chip.notes == (
        "b.svd:3: <peripheral> X: no baseAddress; it is left out",
        "b.svd:4: <peripheral> G: there is one of this name already; it is left out",
    )
    assert len(chip.peripherals) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not XML"),
        (b"<device>\n<name>", "b.svd:2: is not XML"),
        (b"<board/>", "is no SVD file: it begins with <board>"),
        (b"<device><name>D</name></device>", "has no peripherals"),
        (b"\x7fELF", "is not XML"),
    ],
)
def test_what_is_no_svd_file_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=r"b\.svd:\d") as error:
        chip_of(data, "b.svd")
    assert words in str(error.value)
    assert "CMSIS-SVD" in error.value.next_step


def test_bytes_of_another_encoding_are_taken() -> None:
    name = GOOD.format("").replace("<name>G", "<description>5 \xb5A</description><name>G")
    chip = chip_of((HEAD + name + TAIL).encode("latin-1"), "b.svd")
    assert chip.peripherals[0].description == "5 \xb5A"


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("0x1F", 31), ("0X1f", 31), ("#101", 5), ("#1x1", 5), ("0b11", 3), ("4k", 4096), ("+8", 8),
     ("", None), ("-1", None), ("0x", None), ("twelve", None)],
)  # fmt: skip
def test_numbers(text: str, value: int | None) -> None:
    assert number_of(text) == value
