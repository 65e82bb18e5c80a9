"""A benchmark firmware in qemu-system-arm, spoken to over its serial line."""

from __future__ import annotations

import select
import subprocess
import time
from pathlib import Path
from types import TracebackType

READY = b"m-ready\r\n"
PIECE_BYTES = 31


class QemuDevice:
    """The process; ``command`` plays one exchange of the protocol."""

    def __init__(self, machine: str, image: Path) -> None:
        self.process = subprocess.Popen(
            ["qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none",
             "-serial", "stdio", "-kernel", str(image)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
        )  # fmt: skip
        self.buffer = bytearray()
        self.greeting = self.until_ready()

    def __enter__(self) -> QemuDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    def until_ready(self, seconds: float = 60.0) -> list[str]:
        """Lines up to m-ready, without it."""
        deadline = time.monotonic() + seconds
        while READY not in self.buffer:
            left = deadline - time.monotonic()
            assert self.process.stdout is not None
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"no m-ready after {bytes(self.buffer)!r}")
            chunk = self.process.stdout.read(65536)
            if not chunk:
                raise EOFError(f"qemu ended after {bytes(self.buffer)!r}")
            self.buffer += chunk
        text, _, rest = bytes(self.buffer).partition(READY)
        self.buffer = bytearray(rest)
        return text.decode("ascii").split("\r\n")[:-1]

    def command(self, text: str, seconds: float = 60.0) -> list[str]:
        """Send a command, return the reply's lines without m-ready."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode("ascii") + b"%")
        return self.until_ready(seconds)

    def load(self, data: bytes) -> None:
        """Send an input as hosts do, in short pieces."""
        lines = self.command(f"db load {len(data)}")
        for start in range(0, len(data), PIECE_BYTES):
            lines = self.command("db " + data[start : start + PIECE_BYTES].hex())
        assert lines == ["m-load-done"], lines

    def raw_output(self) -> bytes:
        """Bytes of the output tensor."""
        (line,) = self.command("raw")
        return bytes.fromhex(line.removeprefix("m-raw-[").removesuffix("]"))

    def layer_checksums(self) -> list[tuple[int, int, str]]:
        """Infer once: index, bytes and CRC-32 of each layer's output."""
        layers = []
        for line in self.command("layers"):
            index, size_bytes, checksum = line.removeprefix("m-layer-[").removesuffix("]").split(",")
            layers.append((int(index), int(size_bytes), checksum))
        return layers
