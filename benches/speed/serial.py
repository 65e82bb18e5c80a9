"""What a byte of input costs: the shipped firmware's load of one input, as a host sends it."""

from __future__ import annotations

from dataclasses import dataclass

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.speed.inference import Firmware
from benches.speed.rows import host_seconds
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class SerialCost:
    """Seconds for each byte of an input (two hexadecimal digits and its part of the commands).

    ``host_s``: of the host's time. ``every_turn_s``: the same with every turn of the firmware's
    waiting loops run. ``board_s``: modelled.
    """

    host_s: float
    every_turn_s: float
    board_s: float


def serial_cost(firmware: Firmware, hook: str, repeats: int) -> SerialCost:
    """The best of some loads each way, which take turns; the first one translates and is not timed."""
    machine = Machine(firmware.board, hook=hook)
    machine.load(firmware.path)
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    size_bytes = KEYWORD_SPOTTING.input_bytes
    data = bytes(n & 0xFF for n in range(size_bytes))
    host.load(data)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(repeats):
        for skip, seconds in times.items():
            machine.execution.skip_waiting = skip
            seconds.append(_seconds(host, data))
    machine.execution.skip_waiting = True
    before = machine.clock.seconds()
    host.load(data)
    board_s = machine.clock.seconds() - before
    return SerialCost(min(times[True]) / size_bytes, min(times[False]) / size_bytes, board_s / size_bytes)


def _seconds(host: ProtocolHost, data: bytes) -> float:
    started = host_seconds()
    host.load(data)
    return host_seconds() - started
