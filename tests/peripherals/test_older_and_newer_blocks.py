"""The USART of F1 to F4, and the EXTI of G0, U5 and H7."""

from __future__ import annotations

from device_bench import Bench, get, put, round_trip

from peripherals.stm32.exti import ExtiH7, ExtiTwoEdges
from peripherals.stm32.syscfg import SyscfgH7
from peripherals.stm32.usart_v1 import UsartV1

UE, RE, TE, RXNEIE, IDLEIE = 1 << 13, 1 << 2, 1 << 3, 1 << 5, 1 << 4
RXNE, TC, TXE, ORE, IDLE = 1 << 5, 1 << 6, 1 << 7, 1 << 3, 1 << 4
CHARACTER = 1000


def running(bench: Bench, control: int = 0) -> UsartV1:
    device: UsartV1 = bench.build(UsartV1, "usart2", lines=("global",))
    put(device, "BRR", 100)
    put(device, "CR1", UE | RE | TE | control)
    return device


def test_old_usart_sends() -> None:
    bench = Bench()
    device = running(bench)
    assert get(device, "SR") == TC | TXE
    put(device, "DR", ord("a"))
    put(device, "DR", ord("b"))
    assert get(device, "SR") == 0
    bench.run(CHARACTER)
    assert get(device, "SR") == TXE
    bench.run(CHARACTER)
    assert bytes(bench.serial.sent) == b"ab"
    assert get(device, "SR") == TC | TXE
    assert bench.serial.bauds == [10_000]
    assert bench.touches == 0


def test_old_usart_receives_and_clears_by_reading() -> None:
    bench = Bench()
    device = running(bench, RXNEIE)
    bench.serial.feed(b"xyz")
    bench.run(CHARACTER)
    assert bench.lines["global"].level
    assert get(device, "DR") == ord("x")
    bench.run(2 * CHARACTER)
    assert get(device, "SR") & (ORE | RXNE) == ORE | RXNE
    assert get(device, "DR") == ord("y")
    assert not get(device, "SR") & ORE
    assert not bench.lines["global"].level
    round_trip(device)


def test_old_usart_idle_and_dma() -> None:
    bench = Bench()
    device = running(bench, IDLEIE)
    put(device, "CR3", 1 << 6)
    bench.serial.feed(b"x")
    bench.run(2 * CHARACTER)
    assert get(device, "SR") & IDLE
    assert bench.signals.get("dma:USART2_RX") == 1
    get(device, "DR")
    assert bench.signals.get("dma:USART2_RX") == 0
    assert not bench.lines["global"].level
    put(device, "CR3", 1 << 3)
    assert bench.unmodelled[-1][2] == "half-duplex mode"


def test_exti_with_a_register_for_each_edge() -> None:
    bench = Bench()
    device = bench.build(ExtiTwoEdges, "exti", lines=("line4_15",), resets={"IMR1": 0})
    put(device, "EXTICR2", 1 << 8)  # line 5 from port B
    put(device, "IMR1", 1 << 5)
    put(device, "RTSR1", 1 << 5)
    put(device, "FTSR1", 1 << 5)
    bench.signals.set("PA5", 1)
    assert not bench.lines["line4_15"].level
    bench.signals.set("PB5", 1)
    assert (get(device, "RPR1"), get(device, "FPR1")) == (1 << 5, 0)
    put(device, "RPR1", 1 << 5)
    assert not bench.lines["line4_15"].level
    bench.signals.set("PB5", 0)
    assert get(device, "FPR1") == 1 << 5
    assert bench.lines["line4_15"].level
    put(device, "FPR1", 1 << 5)
    put(device, "SWIER1", 1 << 5)
    assert get(device, "RPR1") == 1 << 5
    round_trip(device)
    one_bank = bench.build(ExtiTwoEdges, "exti1", banks=1)
    names = [row.name for row in one_bank.register_table()]
    assert "EXTICR2" in names
    assert "IMR2" not in names


def test_exti_of_h7() -> None:
    bench = Bench()
    syscfg = bench.build(SyscfgH7, "syscfg")
    device = bench.build(ExtiH7, "exti", lines=("line15_10",))
    put(syscfg, "EXTICR4", 2 << 4)  # line 13 from port C
    put(device, "IMR1", 1 << 13)
    put(device, "RTSR1", 1 << 13)
    bench.signals.set("PC13", 1)
    assert get(device, "PR1") == 1 << 13
    assert bench.lines["line15_10"].level
    put(device, "PR1", 1 << 13)
    assert not bench.lines["line15_10"].level
    put(syscfg, "CCCSR", 1)
    assert get(syscfg, "CCCSR") == 0x101
