"""USB of SAM D21 and SAM D51 on the bench: what firmware waits for, and that nobody is there."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.microchip.usb import SYNCHRONIZATION_CYCLES, Usb

ENABLE, SYNC_RESET, SYNC_ENABLE, SERVICE = 2, 1 << 16, 1 << 17, 5 << 24


def test_a_software_reset_is_seen_under_way_and_then_over() -> None:
    """TinyUSB waits for SYNCBUSY.SWRST to be set, and then to be clear."""
    bench = Bench()
    usb = bench.build(Usb, "usb", lines=("global",))
    put(usb, "DESCADD", 0x20001000)
    usb.write(0x00, 1, 1)
    assert usb.read(0x02, 1) == 1
    assert get(usb, "DESCADD") == 0
    bench.run(SYNCHRONIZATION_CYCLES - 1)
    assert get(usb, "CTRLA") == SERVICE | SYNC_RESET
    bench.run(1)
    assert get(usb, "CTRLA") == SERVICE
    round_trip(usb)


def test_an_attached_device_is_told_once_that_there_is_no_host() -> None:
    bench = Bench()
    usb = bench.build(Usb, "usb", lines=("global",))
    usb.write(0x00, 1, ENABLE)
    assert get(usb, "CTRLA") == SERVICE | SYNC_ENABLE | ENABLE
    bench.run(SYNCHRONIZATION_CYCLES)
    assert get(usb, "CTRLA") == SERVICE | ENABLE
    usb.write(0x03, 1, 0xF)
    assert get(usb, "CTRLA") == 0xF << 24 | ENABLE, "QOSCTRL needs no synchronization"
    assert not bench.unmodelled, "it is detached"
    for _ in range(2):
        usb.write(0x08, 2, 0)
        usb.write(0x08, 2, 1)
    assert len(bench.unmodelled) == 1
    assert "no host" in bench.unmodelled[0][2]


def test_enables_and_endpoints() -> None:
    bench = Bench()
    usb = bench.build(Usb, "usb", lines=("global",))
    usb.write(0x18, 2, 0x208)
    usb.write(0x14, 2, 0x200)
    assert usb.read(0x18, 2) == usb.read(0x14, 2) == 8
    assert usb.read(0x0D, 1) == 1, "FSMSTATUS: off"
    usb.write(0x105, 1, 0xC0)  # EPSTATUSSET0
    usb.write(0x104, 1, 0x40)  # EPSTATUSCLR0
    assert usb.read(0x106, 1) == 0x80
    usb.write(0x129, 1, 0x13)  # EPINTENSET1
    usb.write(0x128, 1, 0x01)
    assert usb.read(0x128, 1) == usb.read(0x129, 1) == 0x12
    usb.write(0x120, 1, 0x23)
    assert usb.read(0x120, 1) == 0x23
    assert not bench.lines["global"].level
    assert not bench.unmodelled
