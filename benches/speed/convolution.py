"""The convolution kernel of ``convolution.s`` as bytes, and as an image for an address."""

from __future__ import annotations

import hashlib
import struct

from emulator.image.model import Image, Segment

CODE = bytes.fromhex(
    "dff8d8c04ff0005808f500584ff0005a0af5804a4ff0100b4ff000514ff0400e"
    "404680225ff0040950f8043b51f8044b2ffa93f52ffa94f62ffa83f32ffa84f4"
    "25fb062223fb042250f8043b51f8044b2ffa93f52ffa94f62ffa83f32ffa84f4"
    "25fb062223fb042250f8043b51f8044b2ffa93f52ffa94f62ffa83f32ffa84f4"
    "25fb062223fb042250f8043b51f8044b2ffa93f52ffa94f62ffa83f32ffa84f4"
    "25fb062223fb0422b9f10109bcd1121202f307020af8012bbef1010eb0d108f1"
    "4008bbf1010ba7d1bcf1010c9ad118200149abbefee700bf2600020001000000"
)
STACK_TOP = 0x20010000
VECTORS = struct.Struct("<16I")
REPETITIONS = struct.Struct("<I")

PIXELS, CHANNELS, TURNS = 16, 64, 4
_TURN = 4 * 8 + 2
_CHANNEL = 3 + TURNS * _TURN + 5
_PIXEL = 2 + CHANNELS * _CHANNEL + 3
_REPETITION = 5 + PIXELS * _PIXEL + 2
BEFORE_REPETITIONS, AFTER_REPETITIONS = 1, 2


def instructions(repetitions: int) -> int:
    """Instructions up to the semihosting exit, which is not counted."""
    return BEFORE_REPETITIONS + repetitions * _REPETITION + AFTER_REPETITIONS


def image_bytes(base: int, repetitions: int) -> bytes:
    """Vector table and code, to be placed at ``base``."""
    reset = base + VECTORS.size
    vectors = VECTORS.pack(STACK_TOP, reset | 1, *[reset + exit_offset() | 1] * 14)
    return vectors + CODE[: -REPETITIONS.size] + REPETITIONS.pack(repetitions)


def exit_offset() -> int:
    """Offset of the semihosting BKPT in the code."""
    return CODE.index(bytes.fromhex("abbe"))


def image(base: int, repetitions: int) -> Image:
    """The kernel as an image for :meth:`emulator.machine.machine.Machine.load`."""
    return flat_image("convolution.s", base, image_bytes(base, repetitions))


def flat_image(name: str, base: int, data: bytes) -> Image:
    """Bytes from ``base`` on, a vector table first."""
    return Image(name, hashlib.sha256(data).hexdigest(), "bin", (Segment(base, data),), base)
