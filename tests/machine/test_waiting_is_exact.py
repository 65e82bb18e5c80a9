"""Looking for waiting loops, and not running their turns, changes no figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator import Counts, Machine

PAYLOAD = bytes(range(62))
DEVELOPMENT = {
    "nucleo-g0b1re": (  # flash without a cache in front: reads are under way when a turn ends
        "v1.1",
        "closed/bosch/code/NUCLEO_G0B1RE/kws/BUILD/NUCLEO_G0B1RE/GCC_ARM-CUSTOM_PROFILE/code.bin",
    ),
    "nucleo-l4r5zi-p": (
        "v1.3",
        "closed/STMicroelectronics/code/NUCLEO_L4R5ZI-P/keyword_spotting/Binaries/"
        "KWS_l4r5zip_Performance_962100.hex",
    ),
}


def conversation(
    board: str, image: Path, prepare: Callable[[Machine], None], hook: str = "auto"
) -> list[Counts]:
    machine = Machine(board, hook=hook)
    machine.load(image)
    prepare(machine)
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    totals = [machine.counts]
    for command in (
        "name",
        f"db load {len(PAYLOAD)}",
        f"db {PAYLOAD[:31].hex()}",
        f"db {PAYLOAD[31:].hex()}",
    ):
        host.command(command)
        totals.append(machine.counts)
    return totals


def run_every_turn(machine: Machine) -> None:
    machine.execution.skip_waiting = False


def never_look(machine: Machine) -> None:
    machine.execution.waits.look = lambda _limit: None  # type: ignore[method-assign]


def check(board: str, image: Path) -> None:
    totals = conversation(board, image, lambda _machine: None)
    assert conversation(board, image, run_every_turn) == totals
    assert conversation(board, image, never_look) == totals


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "mps2-an505", "virtual-m0plus"])
def test_shipped_firmware(board: str) -> None:
    check(board, shipped.image_for(KEYWORD_SPOTTING, board))


@pytest.mark.parametrize("board", DEVELOPMENT)
def test_published_firmware(board: str, development_image: Callable[[str, str], Path]) -> None:
    check(board, development_image(*DEVELOPMENT[board]))


def test_both_hooks_skip_alike() -> None:
    image = shipped.image_for(KEYWORD_SPOTTING, "virtual-m0plus")
    totals = conversation("virtual-m0plus", image, lambda _machine: None, "native")
    assert conversation("virtual-m0plus", image, lambda _machine: None, "python") == totals
