"""What a port list says about a port of ours, and the file that says it to other programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from emulator.errors import UsageError
from emulator.files import OutputFile, read_text

NUCLEO_USB = (0x0483, 0x374B)
"""The ST-LINK/V2-1 of a NUCLEO board: what the benchmark's host takes for a device."""
INTERFACE_USB = (0x0483, 0x374E)
"""The ST-LINK/V3 of the STM32H573I-DK: the benchmark's interface board."""
POWER_USB = (0x0483, 0x5740)
"""ST's virtual COM port class, as the LPM01A power monitor has it."""
USB_MOST = 0xFFFF
_USB = re.compile(r"(?:0x)?([0-9a-fA-F]{1,4}):(?:0x)?([0-9a-fA-F]{1,4})")


@dataclass(frozen=True, slots=True)
class VirtualPort:
    """A port as host software lists it. ``device``: the path or URL that opens it.

    ``vid`` and ``pid`` None: listed without a USB id, so nothing takes it for a device.
    """

    name: str
    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    description: str = ""


def parse_usb(text: str) -> tuple[int, int]:
    """``VID:PID`` in hexadecimal. Raises :class:`UsageError`."""
    match = _USB.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no USB id", next_step="write VID:PID in hexadecimal, 0483:374B")
    return int(match[1], 16), int(match[2], 16)


def write_ports(output: OutputFile, ports: Sequence[VirtualPort]) -> None:
    """Write the list whole or not at all, so that a reader never sees half of it."""
    output.write_json({"note": "simulated and unofficial", "ports": [asdict(port) for port in ports]})


def _checked(port: VirtualPort) -> VirtualPort:
    texts = (port.name, port.device, port.serial_number, port.description)
    numbers = (port.vid, port.pid)
    if not all(isinstance(text, str) and "\0" not in text for text in texts) or not port.device:
        raise ValueError(f"port {port.name!r}: name, device, serial number and description are texts")
    if not all(number is None or (type(number) is int and 0 <= number <= USB_MOST) for number in numbers):
        raise ValueError(f"port {port.name!r}: vid and pid are numbers of 16 bits, or null")
    return port


def read_ports(path: Path) -> tuple[VirtualPort, ...]:
    """Read what :func:`write_ports` wrote. Raises :class:`UsageError`."""
    try:
        content = json.loads(read_text(path))
        return tuple(_checked(VirtualPort(**port)) for port in content["ports"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(f"is no port list: {error}", where=str(path)) from error
