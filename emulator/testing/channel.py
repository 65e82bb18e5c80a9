"""One serial line of a device under test: text is expected from it, bytes are written to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import AnyStr, overload

from emulator.errors import CheckFailed
from emulator.testing.noise import Noise

TIMEOUT_S = 5.0
LAST_CHARACTER_S = 0.1
"""What has been silent for so long has ended."""
SHOWN_BYTES = 200
"""Of what came instead."""


class Channel(ABC):
    """The line's host side. Each search begins behind what the last one found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.unread = bytearray()
        self.disturbance: Noise | None = None
        self.reception: Noise | None = None
        """Of what comes from the device, as ``disturbance`` of what goes there."""

    # -- what tests do -----------------------------------------------------------------------
    def write(self, data: bytes | str) -> None:
        """Send bytes to the device (text: as UTF-8)."""
        sent = data.encode() if isinstance(data, str) else data
        self._send(sent if self.disturbance is None else self.disturbance.of(sent))

    @overload
    def expect(self, pattern: str | re.Pattern[str], timeout: float = TIMEOUT_S) -> re.Match[str]: ...
    @overload
    def expect(self, pattern: bytes | re.Pattern[bytes], timeout: float = TIMEOUT_S) -> re.Match[bytes]: ...

    def expect(
        self, pattern: str | bytes | re.Pattern[str] | re.Pattern[bytes], timeout: float = TIMEOUT_S
    ) -> re.Match[str] | re.Match[bytes]:
        r"""Wait until a regular expression matches what the device has sent; the match.

        ``timeout``: in seconds, modelled ones on an emulated board, the host's on a real one. Text is UTF-8.
        A match that may go on, as that of ``r"(\d+)"``, has ended when something else comes, or nothing
        for 0.1 s. Raises CheckFailed when it does not come, GuestFault.
        """
        compiled = re.compile(pattern) if isinstance(pattern, str | bytes) else pattern
        if isinstance(compiled.pattern, str):
            return self._wait(compiled, self._text, timeout)
        return self._wait(compiled, lambda: bytes(self.unread), timeout)

    def expect_exact(self, text: bytes | str, timeout: float = TIMEOUT_S) -> None:
        """Wait until the device has sent this very text; else as :meth:`expect`."""
        wanted = text.encode() if isinstance(text, str) else text
        self._wait(re.compile(re.escape(wanted)), lambda: bytes(self.unread), timeout)

    def be_quiet(self) -> None:
        """No noise in either direction."""
        self.disturbance = self.reception = None

    def hear(self, data: bytes) -> None:
        """Take what has come from the device."""
        self.unread += data if self.reception is None else self.reception.of(data)

    def take(self) -> bytes:
        """What the device has sent and nobody has expected, so far."""
        self._look_for_more()
        taken = bytes(self.unread)
        self.unread.clear()
        return taken

    # -- what a kind of line does ------------------------------------------------------------
    @abstractmethod
    def _send(self, data: bytes) -> None:
        """Send bytes."""

    @abstractmethod
    def _receive(self, found: Callable[[], bool], timeout_s: float) -> str:
        """Add to ``unread`` what comes until ``found()``, asked with each piece; or why no more comes."""

    @abstractmethod
    def _look_for_more(self) -> None:
        """Add to ``unread`` what has come and was not looked at."""

    @abstractmethod
    def _where(self) -> str:
        """Where the device stands, in words."""

    def _elsewhere(self) -> str:
        """A hint where else the device has talked, to end a sentence."""
        return ""

    # -- inside ------------------------------------------------------------------------------
    def _text(self) -> str:
        return self.unread.decode(errors="surrogateescape")

    def _wait(
        self, pattern: re.Pattern[AnyStr], received: Callable[[], AnyStr], timeout: float
    ) -> re.Match[AnyStr]:
        found: re.Match[AnyStr] | None = None

        def look() -> bool:
            nonlocal found
            found = pattern.search(received())
            return found is not None

        why = "" if look() else self._receive(look, timeout)
        if found is not None and _may_go_on(found):
            self._receive(lambda: look() and not _may_go_on(found), LAST_CHARACTER_S)
        if found is None:
            raise self._never_sent(pattern, why)
        before = found.string[: found.end()]
        passed = before.encode(errors="surrogateescape") if isinstance(before, str) else before
        del self.unread[: len(passed)]
        return found

    def _never_sent(self, pattern: re.Pattern[AnyStr], why: str) -> CheckFailed:
        text = pattern.pattern
        shown = text if isinstance(text, str) else text.decode(errors="backslashreplace")
        tail = bytes(self.unread[-SHOWN_BYTES:]).decode(errors="backslashreplace")
        came = f"what came instead ends {tail!r}" if tail else "nothing came meanwhile"
        return CheckFailed(
            f"{self.name} never sent {shown!r}: {why}",
            where=self._where(),
            next_step=came + self._elsewhere(),
        )


def _may_go_on(match: re.Match[AnyStr] | None) -> bool:
    """It ends where the text ends, and would go on if its last character came again."""
    if match is None or match.end() < len(match.string) or not match[0]:
        return False
    longer = match.re.match(match.string + match.string[-1:], match.start())
    return longer is not None and longer.end() > match.end()
