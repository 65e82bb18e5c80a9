"""The rooms of the project, low to high: a room imports from those before it, and from itself.

``test_layout.py`` holds the imports to it. ``CONTRIBUTING.md`` shows exactly this as its tree, which
``python -m tests.layout.rooms`` prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WIDEST_LINE = 112
ROOT_MODULES = "peripherals/*.py"
VENDOR = "peripherals/VENDOR/"
"""Stands for the folders of ``peripherals`` that no line names: one for each maker of chips."""


@dataclass(frozen=True, slots=True)
class Line:
    """Rooms that stand on one line of the tree, low to high, and the sentence that says what they are for.

    A room is a folder ``"emulator/bus/"`` or a module ``"emulator/errors.py"``. ``to_come``: it does
    not exist yet, and this is where it would stand.
    """

    rooms: tuple[str, ...]
    sentence: str
    to_come: bool = False


LINES = (
    Line(
        ("emulator/errors.py", "emulator/files/", "emulator/schema/"),
        "what users are told; files, whole or not at all; declared tables",
    ),
    Line(("emulator/installation/",), "what is installed here, what is missing, what to do"),
    Line(
        ("emulator/clock/", "emulator/device.py"),
        "the one clock; what a device and a machine see of each other",
    ),
    Line(("emulator/thumb/",), "Thumb instructions, decoded from bytes"),
    Line(("emulator/timing/",), "what it costs: pipelines in cores/, memory/ (a new cache policy)"),
    Line(("emulator/board/",), "the board file: model, reading, checks, supply"),
    Line(("emulator/image/",), "firmware files, their symbols and lines, do they fit a board"),
    Line(("emulator/system/",), "the core's exceptions, faults, SysTick, DWT and other registers"),
    Line(("emulator/engine/",), "Unicorn, the two block hooks, the automaton that prices, counts"),
    Line(("emulator/bus/",), "which device answers an access, which instruction makes it, wires"),
    Line(("emulator/links/",), "serial ports, and how a host outside reaches them: PTY, TCP, stdio"),
    Line(("emulator/machine/",), "a whole board at work: wiring, run loop, traps, snapshots, crashes"),
    Line(
        ("emulator/recording/", "emulator/profiling/", "emulator/reporting/"),
        "a run's window as data; its folds, tables, pages (a new exporter)",
    ),
    Line(
        ("emulator/learning/", "emulator/testing/", "emulator/chip/"),
        "unmodelled registers; a device under test (a pytest fixture); SVD",
    ),
    Line(("emulator/debugger/",), "a GDB server: it stops, steps and reads a machine, and goes back"),
    Line(("emulator/cli/",), "the commands; the one place in emulator/ that knows click and rich"),
    Line(("boardless/",), "what users import: one small public face"),
    Line(
        ("peripherals/register_device.py", "peripherals/parts/", ROOT_MODULES),
        "what devices of all makers share: UART lines, counters",
    ),
    Line(
        (VENDOR, "peripherals/instruments/"),
        "one class a device (a new UART); what is wired to a board",
    ),
    Line(("peripherals/boards/", "peripherals/families/"), "boards and chip families as TOML (a new board)"),
    Line(
        ("benches/build/", "benches/synthetic/", "benches/suite/"),
        "firmware and inputs that we make; the tasks (a new benchmark)",
    ),
    Line(
        ("benches/protocol/", "benches/virtual_ports/", "benches/measure/"),
        "the protocol's host side, other hosts' ports; one image measured",
    ),
    Line(
        ("benches/silicon/", "benches/assembly/", "benches/calibration/"),
        "the comparison with published figures; a board's own counts",
    ),
    Line(
        ("benches/runs/", "benches/energy/", "benches/speed/"),
        "rows of results, energy, host speed",
    ),
    Line(("benches/gate/", "benches/sweep/", "benches/cli/"), "a CI's gate; sweeps; the commands"),
    Line(("firmware/", "docs/", "tests/"), "the benchmarks' C; a page a job; a folder of tests a room"),
)

MOST_LINES = 26
ONLY = {
    "emulator": ("emulator",),
    "peripherals": (
        "peripherals",
        "emulator/device.py",
        "emulator/errors.py",
        "emulator/schema/",
        "emulator/clock/",
    ),
}
"""All that a whole package imports of the project, whatever the order would allow."""

HOMES = {
    "a new UART": VENDOR,
    "a new cache policy": "emulator/timing/",
    "a new exporter": "emulator/reporting/",
    "a GDB server": "emulator/debugger/",
    "a pytest fixture": "emulator/testing/",
    "a new benchmark": "benches/suite/",
    "a new board": "peripherals/boards/",
}
"""Where a newcomer puts it, by the tree alone."""


def rooms() -> Iterator[str]:
    """Every room that exists, low to high."""
    for line in LINES:
        if not line.to_come:
            yield from line.rooms


def tree() -> str:
    """The tree as text."""
    texts = [(_paths(line), line.sentence) for line in LINES]
    width = max(len(paths) for paths, _ in texts) + 2
    return "\n".join(f"{paths:<{width}}{sentence}" for paths, sentence in texts)


def _paths(line: Line) -> str:
    """``benches/build/, suite/``: the package of the first goes for all that share it."""
    package = line.rooms[0].partition("/")[0] + "/"
    text = ", ".join([line.rooms[0], *(room.removeprefix(package) for room in line.rooms[1:])])
    return f"{text} (to come)" if line.to_come else text


if __name__ == "__main__":
    print(tree())
