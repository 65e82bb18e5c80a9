"""A device for link tests: answers each command that ends in '%' and counts what it got."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from emulator.links import LinkSet, SerialEndpoint

SLICE_S = 0.005


class EchoDevice:
    """Takes everything that waits at each step; ``name%`` is answered by ``m-[name]``."""

    def __init__(self) -> None:
        self.endpoint = SerialEndpoint("uart")
        self.received = bytearray()
        self._command = bytearray()

    def say(self, text: bytes) -> None:
        for byte in text:
            self.endpoint.transmit(byte)

    def step(self) -> None:
        while (byte := self.endpoint.next_received()) is not None:
            self.received.append(byte)
            if byte == ord("%"):
                self.say(b"m-[" + bytes(self._command) + b"]\r\nm-ready\r\n")
                self._command.clear()
            else:
                self._command.append(byte)
                del self._command[:-64]


class Runner:
    """Runs a device and its links in a thread, as the command line does in its own."""

    def __init__(self, device: EchoDevice, links: LinkSet) -> None:
        self.device, self.links = device, links
        self._stop = False
        self._work: list[Callable[[], None]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.links.device_has_booted()
        while not self._stop:
            for work in self._work[:]:
                work()
                self._work.remove(work)
            self.device.step()
            self.links.wait(0.05)

    def do(self, work: Callable[[], None]) -> None:
        """Have ``work`` done by the runner's thread and wait for it."""
        self._work.append(work)
        wait_for(lambda: work not in self._work)

    def __enter__(self) -> Runner:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop = True
        self._thread.join(5)
        assert not self._thread.is_alive()
        self.links.close()


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)
