"""Starts the board on the desk (desk.py), and says how tests reach it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.testing.firmware import BOARD

ROOT = Path(__file__).parents[2]
DESK = Path(__file__).with_name("desk.py")
TOOL = Path(__file__).with_name("desk_tool.py")


class BoardOnDesk:
    """Where its port and its flash tool are."""

    def __init__(self, folder: Path) -> None:
        self.port, self.control = folder / "port", folder / "control"
        self.process = subprocess.Popen(
            [sys.executable, str(DESK), str(self.port), str(self.control)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout and self.process.stdout.readline() == "there\n"

    @property
    def tool(self) -> str:
        return f"{sys.executable} -S {TOOL} {self.control}"

    @property
    def options(self) -> tuple[str, ...]:
        load, reset = f"{self.tool} load {{image}}", f"{self.tool} reset"
        return ("--dut-board", BOARD, "--dut-port", str(self.port), "--dut-load", load, "--dut-reset", reset)

    def close(self) -> None:
        self.process.communicate("")
