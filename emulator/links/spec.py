"""The ``--serial`` option: which link, and where."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import UsageError
from emulator.links.endpoint import SerialEndpoint
from emulator.links.link import Link

LOOPBACK = "127.0.0.1"
KINDS = "stdio, pty, tcp:[HOST:]PORT or rfc2217:[HOST:]PORT"
LARGEST_PORT = 65535
STDOUT = 1


@dataclass(frozen=True, slots=True)
class SerialSpec:
    """A parsed ``--serial``. ``host`` and ``port`` matter to TCP kinds only."""

    kind: str
    host: str = LOOPBACK
    port: int = 0


def parse_serial(text: str) -> SerialSpec:
    """Parse ``stdio``, ``pty``, ``tcp:[HOST:]PORT`` or ``rfc2217:[HOST:]PORT``.

    Without HOST the port is on loopback. Raises :class:`UsageError`.
    """
    kind, colon, address = text.partition(":")
    if kind in ("stdio", "pty") and not colon:
        return SerialSpec(kind)
    if kind not in ("tcp", "rfc2217") or not address:
        raise UsageError(f"--serial {text!r} is none of {KINDS}", next_step="for example --serial tcp:5000")
    return SerialSpec(kind, *parse_address(address, f"--serial {text!r}", "--serial tcp:5000"))


def parse_address(text: str, option: str, example: str) -> tuple[str, int]:
    """Host and port of ``[HOST:]PORT``; without HOST it is loopback. ``option``: as it was given.

    Raises :class:`UsageError`.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
        raise UsageError(
            f"{option}: {port!r} is no port number (0 to {LARGEST_PORT})",
            next_step=f"for example {example}; 0 takes a free port",
        )
    return host.strip("[]") or LOOPBACK, int(port)


def open_link(
    spec: SerialSpec,
    endpoint: SerialEndpoint,
    *,
    symlink: Path | None = None,
    stdout: int = STDOUT,
    before_output: Callable[[bytes], None] | None = None,
) -> Link:
    """Open the link that ``spec`` names.

    ``symlink`` is for a PTY; ``stdout``, a file descriptor, and ``before_output`` are for stdio.
    Raises :class:`LinkError` when it can't be opened. Each kind's module is imported by
    its use: pyserial by RFC 2217 only, terminals not on systems without them.
    """
    module = importlib.import_module(f"emulator.links.{spec.kind}")
    if spec.kind == "stdio":
        link: Link = module.StdioLink(endpoint, stdout=stdout, before_output=before_output)
    elif spec.kind == "pty":
        link = module.PtyLink(endpoint, symlink=symlink)
    else:
        link_class = module.TcpLink if spec.kind == "tcp" else module.Rfc2217Link
        link = link_class(endpoint, spec.host, spec.port)
    return link
