"""The errors a user can meet, each with the exit code of the command that meets it.

Every message says what happened, where, and the next step; the command line prints
it as it is, so it is written for the person who reads it, not for a log.
"""

from __future__ import annotations

from collections.abc import Sequence

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_GUEST_FAULT = 3
EXIT_LIMIT = 4


class BoardlessError(Exception):
    """Root of the tree: ``what`` happened, ``where``, and the ``next_step``."""

    exit_code = EXIT_USAGE

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what = what
        self.where = where
        self.next_step = next_step
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.next_step}" if self.next_step else text


class UsageError(BoardlessError):
    """An option or an argument that can't be honoured."""


class ImageError(BoardlessError):
    """A firmware image that can't be loaded: damaged, foreign, or too large for the board."""


class BoardError(BoardlessError):
    """A board description that is unknown, incomplete or contradicts itself."""


class BoardProblems(BoardError):
    """Several problems of one board description, found at once: ``problems`` has each."""

    def __init__(self, file: str, problems: Sequence[BoardError]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(map(str, problems)).replace("\n", "\n  ")
        super().__init__(f"{len(problems)} problems", where=file, next_step=listed)


class LinkError(BoardlessError):
    """A serial link that can't be opened: a port in use, no such address."""


class NotOnABoard(BoardlessError):
    """A test asks a real board for what only an emulated one can do; the test is skipped."""

    ROBOT_SKIP_EXECUTION = True  # Robot Framework skips, too, as pytest's plugin does


class EngineError(BoardlessError):
    """Code that the engine can't run as the hardware does, or does not come out of."""


class CheckFailed(BoardlessError):
    """The run went well, but what it printed is not what it should have printed.

    ``exit_code``: the firmware's own, when it ended itself with one; a process has its low 8 bits.
    """

    def __init__(
        self, what: str, *, where: str = "", next_step: str = "", exit_code: int = EXIT_CHECK_FAILED
    ) -> None:
        self.exit_code = exit_code & 0xFF or EXIT_CHECK_FAILED
        super().__init__(what, where=where, next_step=next_step)


class GuestFault(BoardlessError):
    """The firmware crashed; ``report`` holds registers, cause and backtrace as text."""

    exit_code = EXIT_GUEST_FAULT

    def __init__(self, what: str, *, where: str = "", next_step: str = "", report: str = "") -> None:
        self.report = report
        super().__init__(what, where=where, next_step=next_step)


class LimitReached(BoardlessError):
    """A cycle, wall-clock or silence limit ended the run before its goal."""

    exit_code = EXIT_LIMIT
