"""Which serial port a run shows: the console, or the one that the firmware talks on instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType

import click

from emulator.cli.status import StatusLine
from emulator.links import Link, LinkSet, SerialEndpoint
from emulator.machine.machine import Machine


class PortFollower:
    """Moves a link to the first other port that sends while the console has sent nothing.

    Images for energy measurements leave the console silent and talk to the interface board's port.
    Output is shown from its first character on. Whoever runs the machine calls :meth:`settle` now
    and then, between two slices: that says what happened, and hands over what waits for the device.
    """

    def __init__(self, machine: Machine, link: Link, status: StatusLine, *, shares_terminal: bool) -> None:
        self._machine = machine
        self._link = link
        self._status = status
        self._shares_terminal = shares_terminal
        self._left: SerialEndpoint | None = None
        self._listeners: list[tuple[SerialEndpoint, Callable[[bytes], None]]] = []
        for port in machine.serial_ports.values():
            if port is not machine.console:
                self._listen(port)

    def _listen(self, port: SerialEndpoint) -> None:
        def first(data: bytes) -> None:
            silent = not self._machine.console.sent
            self.close()
            if silent:
                self._left = self._link.endpoint
                self._link.move_to(port)
                self._link.transmit(data)

        port.subscribe(first)
        self._listeners.append((port, first))

    def settle(self) -> None:
        """Say once that the link has moved; what its host sent before goes to the new port."""
        left, self._left = self._left, None
        if left is None:
            return
        port = self._link.endpoint
        waiting = bytes(left.upcoming(left.waiting()))
        left.forget_waiting()
        port.feed(waiting)
        baud = f" ({port.baud:,} baud)" if port.baud else ""
        self._status.close(shares_terminal=self._shares_terminal)
        click.echo(
            f"note: the firmware talks on {port.name}{baud}, which is shown;"
            f" the board's console, {left.name}, is silent",
            err=True,
        )

    def close(self) -> None:
        """Stop looking. May be called twice."""
        for port, listener in self._listeners:
            port.unsubscribe(listener)
        self._listeners.clear()

    def __enter__(self) -> PortFollower:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self.settle()


def unseen_ports(machine: Machine, links: LinkSet) -> Iterator[SerialEndpoint]:
    """Yield the ports that have sent something and that no link shows."""
    shown = [link.endpoint for link in links.links]
    return (port for port in machine.serial_ports.values() if port.sent and port not in shown)


def unseen_lines(machine: Machine, links: LinkSet) -> list[str]:
    """Say of each such port how to see it, a line each."""
    return [
        f"serial:       {port.sent:,} bytes went out on {port.name}, which is not shown;"
        f" --uart {port.name} shows it"
        for port in unseen_ports(machine, links)
    ]
