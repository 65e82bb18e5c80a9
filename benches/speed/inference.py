"""One keyword-spotting inference of the shipped firmware: the same calls, run in several ways.

The firmware boots, takes an input and infers once; then its ``network_run`` is called again
and again. Plain Unicorn gets a copy of memory and registers at that point.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.speed.measure import Speed, bare_core, run_plain, timed_call
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from benches.suite.input_files import load_inputs
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.machine.machine import Machine

FUNCTION = "network_run"
RETURN_SLOT_BYTES = 16
REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "fpscr")


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


def inference_emulated(firmware: Firmware, timing: str, hook: str, inferences: int) -> Speed:
    """Some inferences on the whole machine, one warm-up before them."""
    machine = firmware.ready_machine(timing, hook)
    timed_call(machine, function_address(machine))
    return timed_inferences(machine, inferences, timing)


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


def inference_plain(firmware: Firmware, inferences: int) -> Speed:
    """The same inferences on Unicorn with nothing hooked; instructions come from counting once."""
    machine = firmware.ready_machine("count", "auto")
    function = function_address(machine)
    core = bare_core(machine.board)
    for mine, theirs in zip(core.memories, machine.core.memories, strict=True):
        if not mine.region.alias_of:
            mine.buffer[:] = theirs.buffer[:]
    for name in REGISTERS:
        core.set(name, machine.core.get(name))
    memory = core.memory_at(function)
    if memory is None:
        raise UsageError(f"{FUNCTION} is not in memory", where=str(firmware.path))
    back = memory.region.end - RETURN_SLOT_BYTES
    _, counts = timed_call(machine, function)
    seconds = 0.0
    for warm in (False, *[True] * inferences):
        core.set("lr", back | 1)
        passed = run_plain(core, function, back)
        seconds += passed if warm else 0.0
    return Speed("plain Unicorn", counts.instructions * inferences, seconds)


def function_address(machine: Machine) -> int:
    """Where ``network_run`` is. Raises :class:`UsageError` when the image does not tell."""
    debug = machine.image.debug if machine.image is not None else None
    symbol = debug.symbol(FUNCTION) if debug is not None else None
    if symbol is None:
        raise UsageError(f"the image has no symbol {FUNCTION}", next_step="Measure a shipped image.")
    return symbol.address
