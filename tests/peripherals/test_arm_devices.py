"""CMSDK UART, timers, ports, the MPS2 counters, and address aliases."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from emulator.device import SOFTWARE, reset_cause
from peripherals.alias import AddressAlias
from peripherals.arm.cmsdk_dualtimer import CmsdkDualTimer
from peripherals.arm.cmsdk_gpio import CmsdkGpio
from peripherals.arm.cmsdk_syscon import CmsdkSyscon
from peripherals.arm.cmsdk_timer import CmsdkTimer
from peripherals.arm.cmsdk_uart import CmsdkUart
from peripherals.arm.iotkit_sysctl import IotKitSysctl
from peripherals.arm.mps2_fpgaio import FpgaIo
from peripherals.arm.mps2_scc import Mps2Scc
from peripherals.arm.mps3_scc import Mps3Scc

TX_EN, RX_EN, TX_INT, RX_INT, RXO_INT = 1, 2, 4, 8, 32
CHARACTER = 1000


def uart(bench: Bench, control: int) -> CmsdkUart:
    device: CmsdkUart = bench.build(CmsdkUart, "uart0", lines=("tx", "rx", "overflow", "combined"))
    put(device, "BAUDDIV", 100)
    put(device, "CTRL", control)
    return device


def test_uart_identity_and_reset_values() -> None:
    device = Bench().build(CmsdkUart)
    assert [device.read(0xFE0 + 4 * i, 4) for i in range(4)] == [0x21, 0xB8, 0x1B, 0]
    assert [device.read(0xFF0 + 4 * i, 4) for i in range(4)] == [0x0D, 0xF0, 0x05, 0xB1]
    assert all(get(device, name) == 0 for name in ("STATE", "CTRL", "INTSTATUS", "BAUDDIV"))


def test_uart_sends_at_its_pace() -> None:
    bench = Bench()
    device = uart(bench, TX_EN | TX_INT)
    put(device, "DATA", ord("a"))
    assert get(device, "STATE") == 0  # it went to the shift register
    put(device, "DATA", ord("b"))
    assert get(device, "STATE") == 1
    put(device, "INTSTATUS", 1)
    bench.run(CHARACTER)
    assert bench.serial.sent == [ord("a")]
    assert get(device, "STATE") == 0
    assert bench.lines["tx"].level
    assert bench.lines["combined"].level
    put(device, "INTSTATUS", 1)
    assert not bench.lines["tx"].level
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"ab"
    assert bench.serial.bauds == [10_000]


def test_uart_receives_and_overruns() -> None:
    bench = Bench()
    device = uart(bench, RX_EN | RX_INT | RXO_INT)
    bench.serial.feed(b"xyz")
    bench.run(CHARACTER)
    assert bench.lines["rx"].level
    assert get(device, "DATA") == ord("x")
    assert get(device, "STATE") == 0
    put(device, "INTSTATUS", 2)
    assert not bench.lines["rx"].level
    bench.run(2 * CHARACTER)
    assert get(device, "STATE") == 2 | 8
    assert bench.lines["overflow"].level
    put(device, "STATE", 8)
    assert not bench.lines["overflow"].level
    assert get(device, "DATA") == ord("z")
    round_trip(device)


def test_uart_without_a_divider_says_so() -> None:
    bench = Bench()
    device = bench.build(CmsdkUart)
    put(device, "CTRL", TX_EN)
    put(device, "DATA", 1)
    bench.run(100_000)
    assert bench.serial.sent == []
    assert "BAUDDIV below 16" in bench.unmodelled[0][2]


def test_timer_counts_down_and_interrupts() -> None:
    bench = Bench()
    device = bench.build(CmsdkTimer, lines=("global",))
    put(device, "RELOAD", 99)
    put(device, "CTRL", 1 | 8)
    bench.run(98)
    assert get(device, "VALUE") == 1
    assert not bench.lines["global"].level
    bench.run(1)
    assert get(device, "VALUE") == 0
    assert bench.lines["global"].level
    assert get(device, "INTSTATUS") == 1
    bench.run(1)
    assert get(device, "VALUE") == 99
    put(device, "INTSTATUS", 1)
    assert not bench.lines["global"].level
    bench.run(99)
    assert bench.lines["global"].rises == 2
    round_trip(device)


def test_timer_free_running_as_a_time_source() -> None:
    bench = Bench()
    device = bench.build(CmsdkTimer)
    put(device, "RELOAD", 0xFFFFFFFF)
    put(device, "CTRL", 1)
    bench.run(1_000_000)
    assert get(device, "VALUE") == 0xFFFFFFFF - 1_000_000
    assert bench.touches == 1
    put(device, "CTRL", 0)
    bench.run(1000)
    assert get(device, "VALUE") == 0xFFFFFFFF - 1_000_000
    assert bench.clock.next_cycles() > 1 << 62


def test_timer_without_reload_runs_out() -> None:
    bench = Bench()
    device = bench.build(CmsdkTimer, lines=("global",))
    put(device, "VALUE", 10)
    put(device, "CTRL", 1 | 8)
    bench.run(1000)
    assert get(device, "VALUE") == 0
    assert bench.lines["global"].rises == 1
    put(device, "CTRL", 2)
    assert bench.unmodelled[-1][2] == "external input"


def test_dual_timer_modes() -> None:
    bench = Bench()
    device = bench.build(CmsdkDualTimer, lines=("timer1", "timer2", "combined"))
    assert get(device, "TIMER1CONTROL") == 0x20
    put(device, "TIMER1LOAD", 49)
    put(device, "TIMER1CONTROL", 0x80 | 0x40 | 0x20 | 2)  # periodic, 32 bits
    put(device, "TIMER2LOAD", 4)
    put(device, "TIMER2CONTROL", 0x80 | 0x20 | 1 | 1 << 2)  # one-shot, divides by 16
    bench.run(49)
    assert bench.lines["timer1"].level
    assert not bench.lines["timer2"].level
    assert get(device, "TIMER1MIS") == 1
    put(device, "TIMER1INTCLR", 1)
    assert not bench.lines["combined"].level
    bench.run(15)
    assert get(device, "TIMER2VALUE") == 0
    assert bench.lines["timer2"].level
    assert get(device, "TIMER1VALUE") == 35
    put(device, "TIMER2INTCLR", 1)
    bench.run(100_000)
    assert get(device, "TIMER2RIS") == 0
    round_trip(device)


def test_dual_timer_widths() -> None:
    bench = Bench()
    device = bench.build(CmsdkDualTimer)
    put(device, "TIMER1LOAD", 0x12345)
    put(device, "TIMER1CONTROL", 0x80)  # free-running, 16 bits
    bench.run(0x2346)
    assert get(device, "TIMER1VALUE") == 0x1FFFF
    put(device, "TIMER1BGLOAD", 9)
    assert get(device, "TIMER1LOAD") == 9
    put(device, "TIMER1CONTROL", 0x80 | 2)
    bench.run(0x20000)
    assert get(device, "TIMER1VALUE") == 0xFFFFFFFF


def test_port_drives_and_masks() -> None:
    bench = Bench()
    port = bench.build(CmsdkGpio, "gpio0")
    put(port, "OUTENSET", 0x0101)
    put(port, "DATAOUT", 0x0103)
    assert bench.signals.history == [("gpio0:0", 1), ("gpio0:8", 1)]
    port.write(0x400 + 4 * 0x01, 2, 0)  # only pin 0
    assert bench.signals.get("gpio0:0") == 0
    assert get(port, "DATAOUT") == 0x0102
    assert port.read(0x800 + 4 * 0xFF, 2) == 0x0100
    bench.signals.levels["gpio0:5"] = 1
    assert get(port, "DATA") == 0x0120
    put(port, "OUTENCLR", 0x100)
    assert get(port, "OUTENCLR") == 1
    round_trip(port)


def test_fpga_counters() -> None:
    bench = Bench()
    device = bench.build(FpgaIo)
    put(device, "PRESCALE", 9)
    bench.run(2_500_000)
    assert [get(device, n) for n in ("CLK1HZ", "CLK100HZ", "COUNTER", "PSCNTR")] == [
        2,
        250,
        2_500_000,
        250_000,
    ]
    put(device, "COUNTER", 0)
    bench.run(7)
    assert get(device, "COUNTER") == 7
    put(device, "LED0", 2)
    assert bench.signals.get("led:1") == 1
    round_trip(device)


def test_alias_reaches_the_device_behind() -> None:
    bench = Bench()
    bench.build(CmsdkTimer, "timer", base=0x50000000)
    alias = bench.build(AddressAlias, "alias", base=0x40000000, target=0x50000000)
    alias.write(0x08, 4, 1234)
    assert alias.read(0x04, 4) == 1234
    assert alias.register_name(4) == "0x50000004"
    round_trip(alias)


def test_configuration_controller_tells_the_clock() -> None:
    bench = Bench(60_000_000)
    device = bench.build(Mps2Scc, id=0x41043850)
    assert get(device, "ID") == 0x41043850
    put(device, "CFGCTRL", 1 << 31 | 1 << 20)  # read oscillator 0: twice the system clock
    assert get(device, "CFGDATA_RTN") == 120_000_000
    assert get(device, "CFGSTAT") == 1
    put(device, "CFGCTRL", 1 << 31 | 1 << 20 | 7)  # there is no oscillator 7
    assert get(device, "CFGSTAT") == 3
    round_trip(device)


def test_oscillators_of_an_mps3_board() -> None:
    """DAI 0547: number 1 is the system's, and the peripherals have a clock of their own."""
    bench = Bench(60_000_000)
    device = bench.build(Mps3Scc, id=0x41055470)
    device.reset()
    assert bench.clocks.hz("peripheral") == 25_000_000
    for number, hz in ((0, 24_000_000), (1, 60_000_000), (5, 23_750_000)):
        put(device, "CFGCTRL", 1 << 31 | 1 << 20 | number)
        assert get(device, "CFGDATA_RTN") == hz
    round_trip(device)


# -- reset information -----------------------------------------------------------------------------
def test_the_system_controller_remembers_a_software_reset() -> None:
    bench = Bench()
    device = bench.build(CmsdkSyscon, "syscon")
    assert (get(device, "RSTINFO"), get(device, "REMAP")) == (0, 1)
    bench.signals.set(reset_cause(SOFTWARE), 1)
    device.reset()
    bench.signals.set(reset_cause(SOFTWARE), 0)
    assert get(device, "RSTINFO") == 1
    round_trip(device)
    put(device, "RSTINFO", 1)
    assert get(device, "RSTINFO") == 0
    put(device, "RESETOP", 1)
    assert [what for _offset, _access, what in bench.unmodelled] == ["a reset when the processor locks up"]


def test_the_iot_kit_resets_the_system_and_says_so() -> None:
    bench = Bench()
    device = bench.build(IotKitSysctl, "sysctl")
    assert get(device, "RESET_SYNDROME") == 1
    put(device, "SWRESET", 0xFF)
    assert not bench.resets
    put(device, "SWRESET", 1 << 9)
    assert bench.resets == ["sysctl: SWRESET"]
    device.reset()
    assert get(device, "RESET_SYNDROME") == 1 << 9 | 1
    put(device, "RESET_SYNDROME", 0)
    assert get(device, "RESET_SYNDROME") == 0
    put(device, "SECDBGSET", 0x30)
    put(device, "SECDBGCLR", 0x10)
    assert get(device, "SECDBGSTAT") == 0x20
    round_trip(device)
