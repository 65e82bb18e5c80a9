"""Boardless from Python: run a board's firmware with no board.

from boardless import Machine
machine = Machine("nucleo-l4r5zi")
machine.load("firmware.elf")
machine.run(until="m-ready")
print(machine)

Everything here is defined in ``emulator`` and imported when it is first asked for.
"""

from __future__ import annotations

import importlib

from emulator import __version__

TYPE_CHECKING = False  # type checkers take it for true; typing itself takes longer than all of this
if TYPE_CHECKING:
    from emulator.board.model import Board
    from emulator.board.reader import list_boards, load_board
    from emulator.engine.counts import Counts
    from emulator.errors import (
        BoardError,
        BoardlessError,
        BoardProblems,
        CheckFailed,
        EngineError,
        GuestFault,
        ImageError,
        LimitReached,
        LinkError,
        NotOnABoard,
        UsageError,
    )
    from emulator.image.loader import load_image
    from emulator.image.model import Image, Symbol
    from emulator.machine.call import CallResult
    from emulator.machine.execution import StopReason
    from emulator.machine.machine import Machine
    from emulator.machine.snapshot import Snapshot
    from emulator.recording.model import Recording
    from emulator.recording.store import read_recording, write_recording
    from emulator.reporting.profiled import ProfiledBlock, profile
    from emulator.reporting.questions import recording_tables
    from emulator.reporting.report import Report
    from emulator.reporting.table import Table
    from emulator.testing.dut import Dut
    from emulator.testing.keywords import Keywords

__all__ = [
    "Board",
    "BoardError",
    "BoardProblems",
    "BoardlessError",
    "CallResult",
    "CheckFailed",
    "Counts",
    "Dut",
    "EngineError",
    "GuestFault",
    "Image",
    "ImageError",
    "Keywords",
    "LimitReached",
    "LinkError",
    "Machine",
    "NotOnABoard",
    "ProfiledBlock",
    "Recording",
    "Report",
    "Snapshot",
    "StopReason",
    "Symbol",
    "Table",
    "UsageError",
    "__version__",
    "list_boards",
    "load_board",
    "load_image",
    "profile",
    "read_recording",
    "recording_tables",
    "write_recording",
]

_HOMES = {
    "emulator.board.model": ("Board",),
    "emulator.board.reader": ("list_boards", "load_board"),
    "emulator.errors": (
        "BoardError",
        "BoardProblems",
        "BoardlessError",
        "CheckFailed",
        "EngineError",
        "GuestFault",
        "ImageError",
        "LimitReached",
        "LinkError",
        "NotOnABoard",
        "UsageError",
    ),
    "emulator.image.loader": ("load_image",),
    "emulator.image.model": ("Image", "Symbol"),
    "emulator.machine.call": ("CallResult",),
    "emulator.engine.counts": ("Counts",),
    "emulator.machine.execution": ("StopReason",),
    "emulator.machine.machine": ("Machine",),
    "emulator.machine.snapshot": ("Snapshot",),
    "emulator.recording.model": ("Recording",),
    "emulator.recording.store": ("read_recording", "write_recording"),
    "emulator.reporting.profiled": ("ProfiledBlock", "profile"),
    "emulator.reporting.questions": ("recording_tables",),
    "emulator.reporting.report": ("Report",),
    "emulator.reporting.table": ("Table",),
    "emulator.testing.dut": ("Dut",),
    "emulator.testing.keywords": ("Keywords",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


# a type checker knows the names from above, and would take every other name for one of Any
if not TYPE_CHECKING:

    def __getattr__(name):
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(home), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
