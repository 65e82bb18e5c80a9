"""A board on a desk, for tests: a PTY that stays, and behind it whatever has been put into flash.

``python desk.py PTY CONTROL`` runs until its standard input ends; it prints "there" when it is.
desk_tool.py is what a flash tool and a debugger are to a board.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import tty
from pathlib import Path

from boardless import BoardlessError, Machine, StopReason

STEP_CYCLES = 1_000_000


class Desk:
    """An emulated board that knows nothing of who talks to it."""

    def __init__(self, pty: Path, control: Path) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.slave = slave  # held open, so that hosts may come and go
        pty.symlink_to(os.ttyname(slave))
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(str(control))
        self.control.listen()
        self.machine = Machine("virtual-m4")
        self.runs = False

    def serve(self) -> None:
        print("there", flush=True)
        while True:
            ready, _, _ = select.select(
                [self.master, self.control, sys.stdin], [], [], 0 if self.runs else None
            )
            if sys.stdin in ready and not sys.stdin.read(1):
                return
            if self.control in ready:
                self.obey()
            if self.master in ready:
                self.machine.console.feed(os.read(self.master, 4096))
                self.runs = self.machine.image is not None
            if self.runs:
                self.step()

    def obey(self) -> None:
        connection, _ = self.control.accept()
        with connection:
            words = connection.recv(4096).decode().split()
            try:
                if words[0] == "load":
                    self.machine = Machine("virtual-m4")  # RAM begins anew, as after a power cycle
                    self.machine.load(words[1])
                else:
                    self.machine.reset()
                self.runs = True
                connection.sendall(b"done")
            except BoardlessError as error:
                connection.sendall(str(error).encode())

    def step(self) -> None:
        try:
            self.runs = self.machine.run(max_cycles=STEP_CYCLES) is StopReason.MAX_CYCLES
        except BoardlessError:
            self.runs = False  # a crashed board says nothing
        os.write(self.master, self.machine.console.take())


if __name__ == "__main__":
    Desk(Path(sys.argv[1]), Path(sys.argv[2])).serve()
