"""i.MX RT1060's LPUART, eDMA and FlexSPI on the bench, and its boot ROM with small images."""

from __future__ import annotations

import struct
from typing import Any

from device_bench import Bench, get, offset_of, put, round_trip

from emulator import Machine
from emulator.image.model import Image, Segment
from emulator.machine.execution import StopReason
from peripherals.nxp.dmamux import Dmamux
from peripherals.nxp.edma import Edma
from peripherals.nxp.edma_descriptor import TCD_BYTES
from peripherals.nxp.flexspi import Flexspi
from peripherals.nxp.flexspi_sequence import decoded, lead_clocks
from peripherals.nxp.lpuart import Lpuart

MHZ = 1_000_000
RECEIVE, SEND = 1 << 18, 1 << 19
TDRE, TC, RDRF, IDLE, OVERRUN = 1 << 23, 1 << 22, 1 << 21, 1 << 20, 1 << 19
CHARACTER_CYCLES = 160  # of 16 clocks a bit
TCD = 0x1000


# -- LPUART ------------------------------------------------------------------------------------
def lpuart(name: str = "lpuart1") -> tuple[Bench, Any]:
    bench = Bench(MHZ)
    device = bench.build(Lpuart, name, base=0x40184000, lines=("global",), clock="core")
    put(device, "BAUD", 15 << 24 | 1)
    return bench, device


def test_a_character_takes_sixteen_clocks_a_bit() -> None:
    bench, device = lpuart()
    put(device, "CTRL", SEND)
    assert bench.serial.bauds[-1] == 62_500
    put(device, "DATA", 0x41)
    assert get(device, "STAT") & (TDRE | TC) == TDRE  # the shift register has it
    bench.run(CHARACTER_CYCLES - 1)
    assert bench.serial.sent == []
    bench.run(1)
    assert bench.serial.sent == [0x41]
    assert get(device, "STAT") & TC


def test_the_fifos_hold_four_and_tell_their_marks() -> None:
    bench, device = lpuart()
    put(device, "FIFO", 1 << 3 | 1 << 7)
    put(device, "WATER", 1 | 1 << 16)
    put(device, "CTRL", SEND | RECEIVE | 1 << 23)
    for n in range(5):
        put(device, "DATA", n)
    assert get(device, "WATER") >> 8 & 7 == 4
    assert not get(device, "STAT") & TDRE
    put(device, "DATA", 9)
    assert get(device, "FIFO") & 1 << 17  # too many
    bench.run(2 * CHARACTER_CYCLES)
    assert not bench.lines["global"].level
    bench.run(CHARACTER_CYCLES)
    assert get(device, "STAT") & TDRE
    assert bench.lines["global"].level
    bench.serial.feed(b"ab")
    bench.run(CHARACTER_CYCLES)
    assert not get(device, "STAT") & RDRF
    bench.run(CHARACTER_CYCLES)
    assert get(device, "STAT") & RDRF
    assert get(device, "WATER") >> 24 == 2
    assert [get(device, "DATA") for _ in range(3)] == [ord("a"), ord("b"), 1 << 12]
    round_trip(device)


def test_an_idle_line_and_an_overrun_are_told() -> None:
    bench, device = lpuart()
    put(device, "CTRL", RECEIVE | 1 << 20)
    bench.serial.feed(b"x")
    bench.run(2 * CHARACTER_CYCLES)
    assert get(device, "STAT") & (IDLE | RDRF) == IDLE | RDRF
    assert bench.lines["global"].level
    put(device, "STAT", IDLE)
    assert not bench.lines["global"].level
    bench.serial.feed(b"y")
    bench.run(CHARACTER_CYCLES)
    assert get(device, "STAT") & OVERRUN
    put(device, "STAT", OVERRUN)
    assert not get(device, "STAT") & OVERRUN
    assert get(device, "DATA") == ord("x")


def test_what_lies_below_the_mark_is_told_when_the_line_is_idle() -> None:
    bench, device = lpuart()
    put(device, "FIFO", 1 << 3 | 1 << 10)
    put(device, "WATER", 3 << 16)
    put(device, "CTRL", RECEIVE | 1 << 21)
    bench.serial.feed(b"x")
    bench.run(CHARACTER_CYCLES)
    assert not bench.lines["global"].level
    bench.run(CHARACTER_CYCLES)
    assert bench.lines["global"].level
    assert get(device, "DATA") == ord("x")
    assert not bench.lines["global"].level


def test_frames_have_parity_and_two_stop_bits() -> None:
    bench, device = lpuart()
    put(device, "BAUD", 15 << 24 | 1 << 13 | 1)
    put(device, "CTRL", SEND | 1 << 1 | 1 << 4)  # nine bits: eight and a parity bit
    put(device, "DATA", 0xFF)
    bench.run(12 * 16 - 1)
    assert bench.serial.sent == []
    bench.run(1)
    assert bench.serial.sent == [0xFF]


def test_a_global_reset_leaves_itself() -> None:
    _bench, device = lpuart()
    put(device, "CTRL", SEND)
    put(device, "GLOBAL", 2)
    assert (get(device, "CTRL"), get(device, "BAUD"), get(device, "GLOBAL")) == (0, 0x0F000004, 2)
    put(device, "GLOBAL", 0)


# -- eDMA --------------------------------------------------------------------------------------
def descriptor(
    device: Any, channel: int, *, source: int, destination: int, count: int, steps: tuple[int, int] = (4, 4),
    sizes: tuple[int, int] = (2, 2), minor_bytes: int = 4, last: tuple[int, int] = (0, 0), control: int = 0,
) -> None:  # fmt: skip
    words = struct.pack(
        "<IhHIiIhHiHH", source, steps[0], sizes[0] << 8 | sizes[1], minor_bytes, last[0], destination,
        steps[1], count, last[1], control & ~1, count,
    )  # fmt: skip
    base = TCD + TCD_BYTES * channel
    for place in range(0, TCD_BYTES, 4):
        device.write(base + place, 4, int.from_bytes(words[place : place + 4], "little"))
    if control & 1:
        device.write(base + 0x1C, 2, control)


def edma() -> tuple[Bench, Any]:
    bench = Bench(MHZ)
    lines = ("channel0", "channel1", "channel3", "error")
    return bench, bench.build(Edma, "dma", base=0x400E8000, lines=lines)


def test_software_starts_a_minor_loop() -> None:
    bench, device = edma()
    bench.memory.write_all(0x100, bytes(range(16)))
    descriptor(device, 0, source=0x100, destination=0x200, count=2, minor_bytes=8, last=(-16, -16), control=7)
    bench.run(4)  # two transfers
    assert bench.memory.read(0x204, 4) == 0x07060504
    assert device.read(TCD + 0x16, 2) == 1
    assert bench.lines["channel0"].level  # half
    device.write(0x1F, 1, 0)  # CINT
    assert not bench.lines["channel0"].level
    device.write(0x1D, 1, 0)  # SSRT
    bench.run(4)
    assert bench.memory.read(0x20C, 4) == 0x0F0E0D0C
    assert device.read(TCD + 0x1C, 2) & 0x80  # DONE
    assert (device.read(TCD, 4), device.read(TCD + 0x10, 4), device.read(TCD + 0x16, 2)) == (0x100, 0x200, 2)
    assert bench.lines["channel0"].level
    round_trip(device)


def test_modulos_offsets_and_sizes() -> None:
    bench, device = edma()
    bench.memory.write_all(0x100, bytes(range(1, 9)))
    base = TCD + TCD_BYTES
    descriptor(device, 1, source=0x100, destination=0x200, count=1, steps=(2, 1), sizes=(1, 0), minor_bytes=8)
    device.write(base + 6, 2, 2 << 11 | 1 << 8)  # the source's lowest two bits go round
    device.write(base + 0x1C, 2, 1)
    bench.run(100)
    assert bytes(bench.memory.read(0x200 + n, 1) for n in range(8)) == bytes((1, 2, 3, 4, 1, 2, 3, 4))


def test_a_major_loop_loads_the_next_descriptor_and_starts_a_channel() -> None:
    bench, device = edma()
    bench.memory.write(0x100, 4, 0xAA)
    bench.memory.write(0x104, 4, 0xBB)
    descriptor(device, 3, source=0x104, destination=0x304, count=1, control=2)
    held = bytes(device.read(TCD + 3 * TCD_BYTES + place, 1) for place in range(TCD_BYTES))
    bench.memory.write_all(0x400, held)
    descriptor(device, 1, source=0x104, destination=0x308, count=1)
    loads_and_links = 1 | 1 << 4 | 1 << 5 | 1 << 8
    descriptor(device, 0, source=0x100, destination=0x300, count=1, last=(0, 0x400), control=loads_and_links)
    bench.run(10)
    assert [bench.memory.read(at, 4) for at in (0x300, 0x304, 0x308)] == [0xAA, 0, 0xBB]
    assert device.read(TCD, 4) == 0x104  # loaded
    device.write(0x1D, 1, 0)
    bench.run(10)
    assert bench.memory.read(0x304, 4) == 0xBB
    assert bench.lines["channel0"].level


def test_a_place_where_nothing_is_is_an_error() -> None:
    bench, device = edma()
    bench.memory.absent = range(0x900, 0xA00)
    put(device, "EEI", 1)
    descriptor(device, 0, source=0x900, destination=0x200, count=1, control=1)
    bench.run(10)
    assert get(device, "ERR") == 1
    assert get(device, "ES") == 1 << 31 | 1 << 1
    assert bench.lines["error"].level
    device.write(0x1E, 1, 0)  # CERR
    assert not bench.lines["error"].level
    descriptor(device, 1, source=0x100, destination=0x900, count=1, control=1)
    bench.run(10)
    assert (get(device, "ERR"), get(device, "ES")) == (2, 1 << 31 | 1 << 8 | 1 << 0)


def test_a_descriptor_that_is_not_there_is_an_error() -> None:
    bench, device = edma()
    bench.memory.absent = range(0x900, 0xA00)
    descriptor(device, 0, source=0x100, destination=0x200, count=1, last=(0, 0x900), control=1 | 1 << 4)
    bench.run(10)
    assert (get(device, "ERR"), get(device, "ES")) == (1, 1 << 31 | 1 << 1)


def test_a_request_that_came_meanwhile_is_served_behind_a_start_by_software() -> None:
    bench, device = edma()
    bench.memory.write_all(0x100, bytes(range(8)))
    descriptor(device, 0, source=0x100, destination=0x200, count=2, control=1 | 8)
    bench.signals.set("edma_request:0", 1)
    device.write(0x1B, 1, 0)  # SERQ
    bench.run(10)
    assert bench.memory.read(0x204, 4) == 0x07060504
    assert get(device, "ERQ") == 0  # DREQ


def test_a_serial_port_sends_from_memory_and_receives_to_it() -> None:
    bench, uart = lpuart("lpuart6")
    dma = bench.build(Edma, "dma", base=0x400E8000, lines=("channel0", "channel1"))
    mux = bench.build(Dmamux, "dmamux", base=0x400EC000, requests={"lpuart6_TX": 70, "lpuart6_RX": 71})
    bench.memory.write_all(0x100, b"hello")
    data = 0x40184000 + offset_of(uart, "DATA")
    one_byte: dict[str, Any] = {"sizes": (0, 0), "minor_bytes": 1}
    descriptor(dma, 0, source=0x100, destination=data, count=5, steps=(1, 0), control=2 | 8, **one_byte)
    descriptor(dma, 1, source=data, destination=0x200, count=3, steps=(0, 1), control=2 | 8, **one_byte)
    put(mux, "CHCFG0", 1 << 31 | 70)
    put(mux, "CHCFG1", 1 << 31 | 71)
    put(uart, "BAUD", 15 << 24 | 1 << 23 | 1 << 21 | 1)
    put(uart, "CTRL", SEND | RECEIVE)
    dma.write(0x1B, 1, 0)  # SERQ
    dma.write(0x1B, 1, 1)
    bench.serial.feed(b"abc")
    bench.run(6 * CHARACTER_CYCLES)
    assert bytes(bench.serial.sent) == b"hello"
    assert bytes(bench.memory.read(0x200 + n, 1) for n in range(3)) == b"abc"
    assert get(dma, "ERQ") == 0  # DREQ
    assert bench.lines["channel0"].level
    assert bench.lines["channel1"].level


def test_a_request_that_no_model_makes_is_told() -> None:
    bench = Bench()
    mux = bench.build(Dmamux, "dmamux", base=0x400EC000, requests={"lpuart1_TX": 2})
    put(mux, "CHCFG5", 1 << 31 | 24)
    assert [what for _offset, _access, what in bench.unmodelled] == ["request 24, which no model makes"]
    put(mux, "CHCFG5", 1 << 31 | 1 << 29)
    assert bench.signals.get("edma_request:5") == 1


# -- FlexSPI -----------------------------------------------------------------------------------
QUAD_READ = (0x0A1804EB, 0x26043206)  # EBh, 24 bits of address, 6 dummy clocks, data, on four lines


def flexspi(flash_bytes: int = 0x200000) -> tuple[Bench, Any]:
    bench = Bench(600 * MHZ)
    bench.clocks.frequencies["flexspi"] = 100 * MHZ
    device = bench.build(
        Flexspi, "flexspi", lines=("global",), clock="flexspi", flash_bytes=flash_bytes, accelerator="flexspi"
    )
    return bench, device


def command(bench: Bench, device: Any, *halves: int, address: int = 0, size: int = 0) -> None:
    for n in range(4):
        pair = [*halves, *[0] * 8][2 * n : 2 * n + 2]
        put(device, f"LUT{4 + n}", pair[0] | pair[1] << 16)
    put(device, "IPCR0", address)
    put(device, "IPCR1", 1 << 16 | size)
    put(device, "IPCMD", 1)
    bench.run(600_000)
    assert get(device, "INTR") & 1
    put(device, "INTR", 1)


def test_the_flash_chip_says_its_name_and_what_it_holds() -> None:
    bench, device = flexspi()
    bench.memory.write_all(0x60001000, b"image vector")
    command(bench, device, 0x049F, 0x2403, size=3)
    assert get(device, "IPRXFSTS") == 1
    assert get(device, "RFDR0") == 0x1540EF
    put(device, "INTR", 1 << 5)
    assert get(device, "IPRXFSTS") == 0
    command(bench, device, 0x04EB, 0x0A18, 0x3206, 0x2604, address=0x1000, size=12)
    words = [get(device, f"RFDR{n}") for n in range(3)]
    assert struct.pack("<3I", *words) == b"image vector"
    round_trip(device)


def test_programming_and_erasing_take_their_time() -> None:
    bench, device = flexspi()
    bench.memory.write_all(0x60002000, b"\xff" * 8)
    put(device, "TFDR0", 0x44332211)
    put(device, "INTR", 1 << 6)
    command(bench, device, 0x0406)
    command(bench, device, 0x0432, 0x0A18, 0x2204, address=0x2000, size=4)
    assert bench.memory.read(0x60002000, 4) == 0x44332211
    bench.run(600 * 400)
    command(bench, device, 0x0406)
    command(bench, device, 0x0420, 0x0818, address=0x2000)
    assert bench.memory.read(0x60002000, 4) == 0xFFFFFFFF
    command(bench, device, 0x0405, 0x2401, size=1)
    assert get(device, "RFDR0") == 1  # busy
    put(device, "IPRXFCR", 1)
    bench.run(600 * 45_000)
    command(bench, device, 0x0405, 0x2401, size=1)
    assert get(device, "RFDR0") == 0


def test_a_page_goes_through_the_fifo_of_half_its_size() -> None:
    bench, device = flexspi()
    bench.memory.write_all(0x60002000, b"\xff" * 0x100)
    command(bench, device, 0x0406)
    for n, word in enumerate((0x0A180432, 0x2204)):
        put(device, f"LUT{4 + n}", word)
    put(device, "IPCR0", 0x2000)
    put(device, "IPCR1", 1 << 16 | 256)
    put(device, "IPCMD", 1)
    for n in range(32):
        assert get(device, "INTR") & 1 << 6
        put(device, "TFDR0", 2 * n)
        put(device, "TFDR1", 2 * n + 1)
        put(device, "INTR", 1 << 6)
    assert not get(device, "STS0")
    bench.run(6 * (8 + 24 + 256 * 8 // 4))  # one line, one line, four
    assert get(device, "INTR") & 1
    assert [bench.memory.read(0x60002000 + 4 * n, 4) for n in range(64)] == list(range(64))


def test_what_was_sent_before_fills_the_fifo() -> None:
    _bench, device = flexspi()
    for _ in range(16):
        assert get(device, "INTR") & 1 << 6
        put(device, "INTR", 1 << 6)
    assert not get(device, "INTR") & 1 << 6
    put(device, "IPTXFCR", 1)
    assert get(device, "INTR") & 1 << 6


def test_a_missing_chip_reads_as_ones() -> None:
    bench, device = flexspi(flash_bytes=0)
    command(bench, device, 0x049F, 0x2403, size=3)
    assert get(device, "RFDR0") == 0xFFFFFF


def test_a_line_costs_what_its_read_sequence_takes() -> None:
    assert lead_clocks(decoded(QUAD_READ)) == 8 + 6 + 6
    bench, device = flexspi()
    put(device, "LUT0", QUAD_READ[0])
    put(device, "LUT1", QUAD_READ[1])
    tuned = bench.tuning.parameters["flexspi"]
    assert tuned == {"bus_divider": 1, "bus_cycles": 20 * 6, "wait_states": 16 * 6 - 1}
    bench.clocks.set({"flexspi": 30 * MHZ})
    assert tuned == {"bus_divider": 2, "bus_cycles": 20 * 10, "wait_states": 16 * 10 - 1}


# -- the boot ROM ------------------------------------------------------------------------------
FLASH, IVT = 0x60000000, 0x1000
LOOP = bytes.fromhex("2a20fee7")  # movs r0, #42; b .


def image(entry: int, *, start: int = FLASH, code: bytes = b"", dcd: bytes = b"") -> Image:
    data = bytearray(0x3000)
    data[0:4] = b"FCFB"
    data[0x44:0x48] = bytes((1, 4, 7, 0))
    struct.pack_into("<I", data, 0x50, 0x200000)
    struct.pack_into("<2I", data, 0x80, *QUAD_READ)
    at = start + IVT
    words = (0x412000D1, entry, 0, at + 0x40 if dcd else 0, at + 0x20, at, 0, 0)
    struct.pack_into("<8I", data, IVT, *words)
    struct.pack_into("<3I", data, IVT + 0x20, start, len(data), 0)
    data[IVT + 0x40 : IVT + 0x40 + len(dcd)] = dcd
    data[0x2000 : 0x2000 + len(code)] = code
    return Image("small", "", "bin", (Segment(FLASH, bytes(data)),))


def started(loaded: Image) -> Machine:
    machine = Machine("teensy-4.0")
    machine.load(loaded)
    assert machine.run(wall_limit=60) is StopReason.IDLE
    return machine


def test_the_entry_may_be_a_vector_table_or_a_function() -> None:
    vectors = struct.pack("<2I", 0x20001000, FLASH + 0x2008 + 1) + LOOP
    machine = started(image(FLASH + 0x2000, code=vectors))
    assert (machine.registers()["r0"], machine.registers()["sp"]) == (42, 0x20001000)
    assert machine.clock.core_hz == 396 * MHZ
    machine = started(image(FLASH + 0x2000 + 1, code=LOOP))
    assert machine.registers()["r0"] == 42


def test_an_image_may_be_linked_to_ram_and_be_configured_first() -> None:
    ram = 0x20200000
    write = bytes.fromhex("cc000c04") + struct.pack(">2I", ram + 0x8000, 0x12345678)
    dcd = bytes.fromhex("d2001041") + write
    machine = started(image(ram + 0x2000 + 1, start=ram, code=LOOP, dcd=dcd))
    assert machine.registers()["pc"] == ram + 0x2002
    assert machine.read_memory(ram + 0x8000, 4) == struct.pack("<I", 0x12345678)


def test_without_an_image_it_says_what_it_waits_for() -> None:
    machine = started(Image("empty", "", "bin", (Segment(FLASH, bytes(0x2000)),)))
    assert [entry.what for entry in machine.unmodelled if "FCFB" in entry.what]
