"""One keyword-spotting inference of the shipped firmware, for whatever is switched on beside it.

The firmware boots, takes an input and infers once; then its ``network_run`` is called again
and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.speed.measure import timed_call
from benches.speed.rows import Speed
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from benches.suite.input_files import load_inputs
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.machine.machine import Machine

FUNCTION = "network_run"


@dataclass(frozen=True, slots=True)
class Firmware:
    """The image to measure and the board that it is for."""

    path: Path
    board: str

    def ready_machine(self, timing: str, hook: str) -> Machine:
        """A machine that has inferred once, so that its memory holds what ``network_run`` needs."""
        machine = Machine(self.board, timing=timing, hook=hook)
        machine.load(self.path)
        host = ProtocolHost(MachineChannel(machine))
        host.wait_ready()
        host.load(load_inputs([shipped.inputs_for(KEYWORD_SPOTTING)], KEYWORD_SPOTTING, limit=1)[0].data)
        host.infer(1, 0)
        return machine


def shipped_firmware(board_name: str) -> Firmware:
    """The shipped keyword-spotting image of a board."""
    return Firmware(shipped.image_for(KEYWORD_SPOTTING, load_board(board_name).name), board_name)


def timed_inferences(machine: Machine, inferences: int, way: str) -> Speed:
    """Some inferences of a machine that has inferred before."""
    function = function_address(machine)
    instructions = cycles = 0
    seconds = 0.0
    for _ in range(inferences):
        passed, counts = timed_call(machine, function)
        seconds += passed
        instructions += counts.instructions
        cycles += counts.cycles
    return Speed(way, instructions, seconds, cycles)


def function_address(machine: Machine) -> int:
    """Where ``network_run`` is. Raises :class:`UsageError` when the image does not tell."""
    debug = machine.image.debug if machine.image is not None else None
    symbol = debug.symbol(FUNCTION) if debug is not None else None
    if symbol is None:
        raise UsageError(f"the image has no symbol {FUNCTION}", next_step="Measure a shipped image.")
    return symbol.address
