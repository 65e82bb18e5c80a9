"""The devices of a session of tests: stands for emulated boards, or the one real board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from emulator.board.model import Board
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.testing.dut import Dut
from emulator.testing.emulated import EmulatedDut
from emulator.testing.limits import judge, read_limits
from emulator.testing.stand import Stand
from emulator.testing.wired import WiredBoard, WiredDut, Wiring


def board_named(name: Board | str | Path, root: Path, console: str | None = None) -> Board:
    """A board by name, or by the path of its file from ``root`` on. Raises BoardError.

    ``console``: another than its own, such as ``"rtt"``.
    """
    if isinstance(name, Board):
        board = name
    else:
        board = load_board(str(root / name) if str(name).endswith(".toml") else str(name))
    return board if console is None else replace(board, console=console)


class Devices:
    """``port``: of the real board, which ``load`` and ``reset`` are commands for; None: all are emulated."""

    def __init__(
        self,
        root: Path,
        *,
        port: str | None = None,
        baud: int = 115_200,
        load: str | None = None,
        reset: str | None = None,
    ) -> None:
        self._root = root
        self._wiring = None if port is None else Wiring(port, baud, load, reset)
        self._wired: WiredBoard | None = None
        self._stands: list[tuple[Board, Stand]] = []

    def dut(self, board: Board, *, records: bool = False) -> Dut:
        """The device for one test. ``records``: its limits will be asked for. Raises LinkError."""
        device: Dut
        if self._wiring is not None:
            self._wired = self._wired or WiredBoard(board, self._wiring)
            device = WiredDut(self._wired)
        else:
            device = EmulatedDut(self.stand(board), records=records)
        device.root = self._root
        return device

    def stand(self, board: Board) -> Stand:
        """The stand of a board."""
        for known, stand in self._stands:
            if known == board:
                return stand
        stand = Stand(board)
        self._stands.append((board, stand))
        return stand

    def over_limits(self, dut: Dut, words: Mapping[str, object], title: str) -> str | None:
        """What is over its limit, in words, "" when nothing is; None: nobody knows. Raises UsageError."""
        limits = read_limits(words)
        if not isinstance(dut, EmulatedDut):
            return None
        recording = dut.recording(title)
        if recording is None:
            raise UsageError(
                "the test has loaded no image",
                where="boardless_limits",
                next_step="name one by boardless_image, or call dut.load()",
            )
        return judge(recording, limits, self._root)

    def forget_stands(self) -> None:
        """Machines and snapshots go."""
        self._stands.clear()

    def close(self) -> None:
        """The session is over."""
        self.forget_stands()
        if self._wired is not None:
            self._wired.channel.close()
