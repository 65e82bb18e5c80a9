"""The shipped benchmark firmware answers a host with the same bytes on QEMU and here.

Only the time stamps differ: QEMU's clock is not the board's.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from random import Random

import pytest
from batches import PLATFORMS

from benches.suite.benchmarks import SHIPPED, find
from emulator import Machine

IMAGES = Path(__file__).parents[2] / "benches" / "images"
READY = b"m-ready\r\n"
CYCLES_PER_COMMAND = 10**10
PIECE = 62  # hexadecimal digits


def conversation(input_bytes: bytes) -> list[bytes]:
    """What a careful and a clumsy host would say."""
    hex_digits = input_bytes.hex().encode()
    pieces = [hex_digits[i : i + PIECE] for i in range(0, len(hex_digits), PIECE)]
    return [
        b"name%", b"profile%", b"timestamp%", b"help%", b"nonsense%", b"db%", b"db load%", b"db load 0%",
        b"db load %d%%" % len(input_bytes), b"db 0g%",
        b"db load %d%%" % len(input_bytes), *(b"db %s%%" % piece for piece in pieces),
        b"db print%", b"results%", b"infer 1 0%", b"infer 0 0%", b"infer 2 1%", b"results%",
    ]  # fmt: skip


def answers_of_machine(board: str, image: Path, commands: list[bytes]) -> list[bytes]:
    machine = Machine(board)
    machine.load(image)
    answers = []
    for command in [b"", *commands]:
        machine.console.feed(command)
        machine.run(until=READY, max_cycles=CYCLES_PER_COMMAND)
        answers.append(machine.console.take())
    return answers


def answers_of_qemu(qemu: str, board: str, image: Path, commands: list[bytes]) -> list[bytes]:
    with subprocess.Popen(
        [qemu, "-M", board, "-kernel", str(image), "-display", "none", "-monitor", "none",
         "-serial", "stdio"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            answers = []
            for command in [b"", *commands]:
                process.stdin.write(command)
                process.stdin.flush()
                answer = b""
                while not answer.endswith(READY):
                    line = process.stdout.readline()
                    assert line, f"QEMU ended after {answer!r}"
                    answer += line
                answers.append(answer)
            return answers
        finally:
            process.kill()


def without_times(answer: bytes) -> bytes:
    return re.sub(rb"m-lap-us-\d+", b"m-lap-us-N", answer)


def shipped() -> list[tuple[str, str]]:
    return [
        (benchmark, board)
        for benchmark in (known.name for known in SHIPPED)
        for board in PLATFORMS
        if (IMAGES / f"{benchmark}-{board}.elf").is_file()
    ]


def test_something_is_shipped() -> None:
    assert ("kws", "mps2-an386") in shipped()


@pytest.mark.parametrize(("benchmark", "board"), shipped())
def test_same_bytes(qemu: str, benchmark: str, board: str) -> None:
    image = IMAGES / f"{benchmark}-{board}.elf"
    input_bytes = Random(1).randbytes(find(benchmark).input_bytes)
    commands = conversation(input_bytes)
    expected = answers_of_qemu(qemu, board, image, commands)
    found = answers_of_machine(board, image, commands)
    for command, theirs, ours in zip([b"(boot)", *commands], expected, found, strict=True):
        assert without_times(ours) == without_times(theirs), command
