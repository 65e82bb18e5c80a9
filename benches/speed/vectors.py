"""The Cortex-M55 kernels of ``vectors.s`` as bytes, on an emulated board and on QEMU."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import partial

from benches.speed import convolution
from benches.speed.convolution import STACK_TOP, VECTORS
from benches.speed.measure import on_qemu, whole_run
from benches.speed.rows import Speed
from emulator.errors import CheckFailed
from emulator.machine.machine import Machine

BOARD = "mps3-an547"
"""QEMU's name of the machine, too."""
CODE = bytes.fromhex(
    "36484ff4700101603548016841f400210160bff34f8fbff36f8f354d334e4ff0"
    "0057dff8c090dfe806f002142a43384649464ff0fd03002403f009c0b0ec101e"
    "b1ec103ef0ee224f1ff009c0013deed13fe0384649463a464ff0fd0313f001e0"
    "b0ec881eb1ec883e10ff420b10ef4208a2ec881e1ff00dc0013dead129e03846"
    "49464ff0fd0380ef506023f001e871fe4d0fb0ec040f71fe4d0fb1ec042f20ef"
    "524926ef4468043befdc013de7d110e038464ff48073002443f001e050f8041b"
    "0c4484eac10440f8044c0ff009c8013deed118200449abbefee7000088ed00e0"
    "14ed00e000100020260002000000000001000000"
)
SCALAR = "scalar code, LE"
SCALAR_BOARDS = ("virtual-m55", "nucleo-u575zi-q")
WORDS = struct.Struct("<II")
EXIT = bytes.fromhex("abbe")
BEFORE, AFTER = 14, 2
REPETITION: Mapping[str, int] = {
    "dot product of bytes, LETP": 5 + 16 * 4 + 2,
    "half-words multiplied and stored, LETP": 5 + 32 * 6 + 2,
    "words from bytes, VCTP and VPST": 4 + 64 * 9 + 2,
    SCALAR: 4 + 256 * 5 + 2,
}
"""Kernels in the order of ``vectors.s``, with their instructions a repetition."""


def instructions(kernel: str, repetitions: int) -> int:
    """Instructions up to the semihosting exit, but for a branch to it."""
    return BEFORE + repetitions * REPETITION[kernel] + AFTER


def image_bytes(kernel: str, repetitions: int) -> bytes:
    """Vector table and code, for address 0."""
    reset = VECTORS.size
    vectors = VECTORS.pack(STACK_TOP, reset | 1, *[reset + CODE.index(EXIT) | 1] * 14)
    return vectors + CODE[: -WORDS.size] + WORDS.pack(list(REPETITION).index(kernel), repetitions)


def emulated(kernel: str, timing: str, repetitions: int) -> Speed:
    """The kernel on the whole machine; its instruction count is checked."""
    image = convolution.flat_image("vectors.s", 0, image_bytes(kernel, repetitions))
    speed, wanted = whole_run(Machine(BOARD, timing=timing), image, timing), instructions(kernel, repetitions)
    if not 0 <= speed.instructions - wanted <= 2:
        raise CheckFailed(f"counted {speed.instructions} instructions; {kernel} has {wanted}")
    return speed


def convolution_on(board: str, repetitions: int) -> Speed:
    """The scalar kernel of ``convolution.s`` with core timing, from the board's vector table on."""
    machine = Machine(board, timing="core")
    return whole_run(machine, convolution.image(machine.board.vector_table, repetitions), board)


def kernel_qemu(kernel: str, repetitions: int) -> Speed | None:
    """The kernel on QEMU: see :func:`on_qemu`."""
    return on_qemu(BOARD, partial(image_bytes, kernel), partial(instructions, kernel), repetitions)
