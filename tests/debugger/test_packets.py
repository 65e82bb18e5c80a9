"""What goes over the wire, and what GDB is told in XML: without a machine."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
import zlib

import pytest

from emulator.board.reader import load_board
from emulator.debugger.connection import Address, Connection, parse_address
from emulator.debugger.descriptions import memory_map, target_description, thread_list
from emulator.debugger.packets import (
    MOST_PAYLOAD_BYTES,
    PacketReader,
    Signal,
    escaped,
    framed,
    unescaped,
)
from emulator.debugger.registers import XPSR_NUMBER, Registers, register_set
from emulator.debugger.server import crc32_msb_first
from emulator.debugger.stops import StopTable
from emulator.errors import LinkError, UsageError
from emulator.machine.halts import MOST_WATCHPOINTS, Access, Halt, Watchpoint

EVERY_BYTE = bytes(range(256))


def test_a_packet_is_what_the_manual_shows() -> None:
    assert framed(b"OK") == b"$OK#9a"
    assert framed(b"") == b"$#00"


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_packets_come_whole_whatever_the_pieces(size: int) -> None:
    stream = b"+" + framed(b"g") + framed(b"X20000000,100:" + escaped(EVERY_BYTE)) + b"\x03-"
    reader, found = PacketReader(), []
    for start in range(0, len(stream), size):
        found += list(reader.feed(stream[start : start + size]))
    payload = found.pop(2)
    assert found == [Signal.ACKNOWLEDGED, b"g", Signal.INTERRUPT, Signal.AGAIN]
    assert isinstance(payload, bytes) and unescaped(payload.partition(b":")[2]) == EVERY_BYTE


@pytest.mark.parametrize("damaged", [b"$g#00", b"$g#zz", b"$" + b"0" * (MOST_PAYLOAD_BYTES + 1)])
def test_damaged_packets_are_told_and_do_not_stop_what_follows(damaged: bytes) -> None:
    reader = PacketReader()
    assert list(reader.feed(damaged)) == [Signal.DAMAGED]
    assert list(reader.feed(b"noise" + framed(b"?"))) == [b"?"]


def test_escapes() -> None:
    assert escaped(b"a$#}*") == b"a}\x04}\x03}]}\x0a"
    assert unescaped(escaped(EVERY_BYTE)) == EVERY_BYTE
    assert unescaped(b"}") == b"\x20"  # cut off


def test_the_checksum_of_sections_is_the_one_of_gdb() -> None:
    # GDB manual: CRC-32/MPEG-2; its check value is 0x0376e6e7.
    assert crc32_msb_first(b"123456789") == 0x0376E6E7
    assert zlib.crc32(b"123456789") == 0xCBF43926


def test_addresses() -> None:
    assert parse_address("3333") == Address("127.0.0.1", 3333)
    assert parse_address("0.0.0.0:0") == Address("0.0.0.0", 0)
    assert parse_address("[::1]:1") == Address("::1", 1)
    for wrong in ("", ":", "x", "65536", "-1", "host:", "3333:host", "\u0663"):
        with pytest.raises(UsageError, match="is no port number"):
            parse_address(wrong)


def test_a_port_that_is_taken_is_told() -> None:
    first = Connection(Address("127.0.0.1", 0))
    with pytest.raises(LinkError, match=f"--gdb 127.0.0.1:{first.port}: can't listen for GDB there"):
        Connection(Address("127.0.0.1", first.port))
    first.close()


def test_the_registers_of_cores() -> None:
    with_fpu = register_set(has_fpu=True, has_mainline=True, has_stack_limits=False)
    small = register_set(has_fpu=False, has_mainline=False, has_stack_limits=False)
    names = {register.name: register for register in with_fpu}
    assert [register.number for register in with_fpu[:16]] == list(range(16))
    assert names["xpsr"].number == XPSR_NUMBER == 25
    assert names["d15"].size_bytes == 8 and {"msp", "psp", "basepri", "fpscr"} <= names.keys()
    assert {r.name for r in small} == {*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "msp", "psp",
                                       "primask", "control"}  # fmt: skip
    assert len({register.number for register in with_fpu}) == len(with_fpu)


class Bank(dict[str, int]):
    def get(self, name: str) -> int:  # type: ignore[override]
        return self[name]

    def set(self, name: str, value: int) -> None:
        self[name] = value


def test_a_double_is_two_singles() -> None:
    bank = Bank(s2=0x11111111, s3=0x22222222)
    registers = Registers(bank, register_set(has_fpu=True, has_mainline=True, has_stack_limits=False))
    d1 = next(register for register in registers.all if register.name == "d1")
    assert registers.read(d1) == bytes.fromhex("1111111122222222")
    registers.write(d1, bytes.fromhex("7856341221436587"))
    assert bank == {"s2": 0x12345678, "s3": 0x87654321}


def test_descriptions_are_xml() -> None:
    registers = register_set(has_fpu=True, has_mainline=True, has_stack_limits=True)
    root = ElementTree.fromstring(target_description(registers))
    assert [feature.get("name") for feature in root.iter("feature")] == [
        "org.gnu.gdb.arm.m-profile", "org.gnu.gdb.arm.vfp", "org.gnu.gdb.arm.m-system",
    ]  # fmt: skip
    assert len(list(root.iter("reg"))) == len(registers)
    threads = ElementTree.fromstring(thread_list([(0x20000010, 'a "<b>', "x<y"), (1, "core", "")]))
    assert [(t.get("id"), t.get("name"), t.text) for t in threads] == [
        ("20000010", 'a "<b>', "x<y"), ("1", "core", None),
    ]  # fmt: skip


def test_the_memory_map_has_flash_and_nothing_twice() -> None:
    regions = load_board("nucleo-l4r5zi").regions
    root = ElementTree.fromstring(memory_map(regions, [(0x40000000, 0x20000000), (0x20000000, 64)]))
    rows = [(int(m.get("start", ""), 0), int(m.get("length", ""), 0), m.get("type")) for m in root]
    assert (0x08000000, 0x200000, "flash") in rows and (0x40000000, 0x20000000, "ram") in rows
    ends = [start + length for start, length, _ in rows]
    assert all(end <= row[0] for end, row in zip(ends, rows[1:], strict=False))


def test_stop_points() -> None:
    table = StopTable()
    assert table.insert(0, 0x101, 2) and table.insert(1, 0x200, 2) and table.breakpoints == {0x100, 0x200}
    table.remove(1, 0x200, 2)
    table.remove(1, 0x300, 2)  # which is none
    assert table.breakpoints == {0x100}
    for n in range(MOST_WATCHPOINTS):
        assert table.insert(2, 0x20000000 + n, 1)
    assert not table.insert(4, 0x20000100, 1), "there is room for so many"
    watchpoint = Watchpoint(0x20000000, 1, Access.WRITE)
    assert watchpoint in table.watchpoints
    assert table.told(Halt(0x100, 0, 0, 0)).words == "swbreak:;"
    assert table.told(Halt(0x150, 0, 0, 0, watchpoint, 0x20000000)).words == "watch:20000000;"
