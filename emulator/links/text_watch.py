"""Waits for a text in what an endpoint sends."""

from __future__ import annotations

from collections.abc import Callable

from emulator.links.endpoint import SerialEndpoint


class TextWatch:
    """Sees a text, however it is cut into pieces, from now on until it is closed.

    ``on_found()`` is called once. An empty text is found in the first piece.
    """

    def __init__(
        self, endpoint: SerialEndpoint, text: bytes, on_found: Callable[[], None] = lambda: None
    ) -> None:
        self.found = False
        self._endpoint = endpoint
        self._text = text
        self._on_found = on_found
        self._tail = bytearray()
        endpoint.subscribe(self._look)

    def _look(self, data: bytes) -> None:
        self._tail += data
        if not self.found and self._text in self._tail:
            self.found = True
            self._on_found()
        del self._tail[: max(0, len(self._tail) - len(self._text) + 1)]

    def close(self) -> None:
        """Stop looking."""
        self._endpoint.unsubscribe(self._look)
