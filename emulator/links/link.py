"""What all links share: moving bytes between an endpoint and file descriptors.

No threads. The runner calls :meth:`LinkSet.pump` while the device runs and
:meth:`LinkSet.wait` while it is idle; a link never blocks in ``pump``.
"""

from __future__ import annotations

import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

from emulator.errors import LinkError
from emulator.links.endpoint import SerialEndpoint

WAITING_LIMIT_BYTES = 1 << 16
"""A host is not read from while this much waits for the device: it blocks, not we."""
OUTGOING_LIMIT_BYTES = 1 << 20
"""What is kept for a connected host that does not read; older bytes are dropped then."""
READ_BYTES = 1 << 14
UNREAD_STEP_S = 0.005

Interest = tuple[int, int]
"""A file descriptor and the ``select.poll`` events that a link waits for."""


class Outgoing:
    """Bytes on their way to a host that may be slow; bounded, the oldest go first."""

    def __init__(self, limit_bytes: int = OUTGOING_LIMIT_BYTES) -> None:
        self._data = bytearray()
        self._limit_bytes = limit_bytes
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._data)

    def append(self, data: bytes) -> None:
        """Add bytes; makes room by dropping the oldest."""
        self._data += data
        excess = len(self._data) - self._limit_bytes
        if excess > 0:
            del self._data[:excess]
            self.dropped += excess

    def clear(self) -> None:
        """Forget everything: its host is gone."""
        self._data.clear()

    def write_with(self, write: Callable[[bytes], int]) -> None:
        """Write until nothing is left or ``write`` raises BlockingIOError."""
        while self._data:
            try:
                written = write(bytes(self._data[:READ_BYTES]))
            except BlockingIOError:
                return
            del self._data[:written]


class Link(ABC):
    """Moves bytes between one endpoint and one kind of host connection.

    ``description``: for the user, such as ``"tcp 127.0.0.1:5000"``. ``address``: the path or
    URL by which pyserial opens it, empty for stdio. ``finished``: the
    host will never send again. ``hung_up``: nobody will ever read again either.
    ``failure``: why, when it is an error that nobody is left to read.
    ``outgoing.dropped`` counts what a connected host was too slow to read. ``is_held``: the device
    stands still, and takes nothing of a host.
    """

    description: str
    address = ""
    finished = False
    hung_up = False
    failure: LinkError | None = None
    check_every_s: float | None = None
    is_held = False

    def __init__(self, endpoint: SerialEndpoint) -> None:
        self.endpoint = endpoint
        self.outgoing = Outgoing()
        self._device_listens = False
        endpoint.subscribe(self.transmit)

    @abstractmethod
    def transmit(self, data: bytes) -> None:
        """Take what the device sent; must not feed the endpoint."""

    @abstractmethod
    def interest(self) -> list[Interest]:
        """Tell what to wait for: only what :meth:`pump` can deal with right now."""

    @abstractmethod
    def pump(self) -> int:
        """Move what can be moved without blocking, both ways; count the device's bytes."""

    def device_has_booted(self) -> None:
        """Hear that the device listens by now; a host's bytes wait until then.

        A board on a desk has booted long before a host talks to it; without this, what a
        host says early would be lost in a receiver that is not on yet.
        """
        self._device_listens = True

    def wait_until_read(self, patience_s: float) -> None:
        """Wait until a host that is there has been given everything.

        A host that reads on is waited for; one that takes nothing for ``patience_s`` is not.
        """
        self.pump()
        least, end_s = len(self.outgoing), time.monotonic() + patience_s
        while self.outgoing and time.monotonic() < end_s:
            time.sleep(UNREAD_STEP_S)
            self.pump()
            if len(self.outgoing) < least:
                least, end_s = len(self.outgoing), time.monotonic() + patience_s

    def move_to(self, endpoint: SerialEndpoint) -> None:
        """Serve another endpoint from now on; the host's connection stays."""
        self.endpoint.unsubscribe(self.transmit)
        self.endpoint = endpoint
        endpoint.subscribe(self.transmit)

    def device_is_idle(self) -> None:  # noqa: B027  (a hook; most links have nothing to do)
        """Hear that the device will not send before the host does."""

    def room(self) -> int:
        """How many bytes may be read from the host now."""
        return (
            0
            if not self._device_listens or self.is_held
            else max(0, min(READ_BYTES, WAITING_LIMIT_BYTES - self.endpoint.waiting()))
        )

    def close(self) -> None:
        """Leave the endpoint; subclasses close what they opened. May be called twice."""
        self.endpoint.unsubscribe(self.transmit)

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Watched(Protocol):
    """What else is waited for beside links: a debugger's connection, say."""

    check_every_s: float | None

    def interest(self) -> list[Interest]:
        """See :meth:`Link.interest`."""

    def pump(self) -> int:
        """See :meth:`Link.pump`; not 0 also when there is anything else to do."""


class LinkSet:
    """The links of one machine. ``beside``: what is waited for with them."""

    def __init__(self, links: Sequence[Link], beside: Sequence[Watched] = ()) -> None:
        self.links = tuple(links)
        self._all: tuple[Watched, ...] = (*self.links, *beside)

    @property
    def finished(self) -> bool:
        """No host will ever send again."""
        return all(link.finished for link in self.links)

    @property
    def hung_up(self) -> bool:
        """Somebody who was to read the output is gone for good."""
        return any(link.hung_up for link in self.links)

    def pump(self) -> int:
        """Move bytes of every link without blocking; count those that the device gets."""
        return sum(link.pump() for link in self._all)

    def device_has_booted(self) -> None:
        """Tell every link that the device listens by now."""
        for link in self.links:
            link.device_has_booted()

    def hold(self, held: bool) -> None:
        """Whether the device stands still: hosts are not read from; what it has sent leaves all the same."""
        for link in self.links:
            link.is_held = held

    def wait(self, timeout_s: float | None, *, device_is_idle: bool = True) -> None:
        """Sleep until a host does something or the time is over, then pump.

        ``None``: no time limit. ``device_is_idle``: the device waits too (rather than
        being held back by its pace).
        """
        if self.pump() or self.hung_up:
            return
        if device_is_idle:
            for link in self.links:
                link.device_is_idle()
        limits = [link.check_every_s for link in self._all] + [timeout_s]
        limit_s = min((limit for limit in limits if limit is not None), default=None)
        waiting = select.poll()
        interests: dict[int, int] = {}
        for each in self._all:
            for descriptor, events in each.interest():
                interests[descriptor] = interests.get(descriptor, 0) | events
        for descriptor, events in interests.items():
            waiting.register(descriptor, events)
        if interests:
            waiting.poll(None if limit_s is None else max(0, int(limit_s * 1000 + 0.999)))
        else:
            time.sleep(0 if limit_s is None else limit_s)
        self.pump()

    def close(self) -> None:
        """Close every link."""
        for link in self.links:
            link.close()
