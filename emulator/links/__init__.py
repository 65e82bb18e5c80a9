"""Serial links: an endpoint per UART, and how a host outside reaches it."""

from emulator.links.endpoint import SerialEndpoint
from emulator.links.link import Link, LinkSet
from emulator.links.spec import SerialSpec, open_link, parse_serial

__all__ = ["Link", "LinkSet", "SerialEndpoint", "SerialSpec", "open_link", "parse_serial"]
