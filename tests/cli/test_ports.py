"""Which serial port is shown: the console, the one that the firmware talks on, or a named one."""

from __future__ import annotations

import json

import pytest
from talking_firmware import build, start

HELLO = "hello\nm-ready\n"
NOTE = (
    "note: the firmware talks on usart3 (117,647 baud), which is shown;"
    " the board's console, lpuart1, is silent\n"
)
UNSEEN = "serial:       11 bytes went out on usart3, which is not shown; --uart usart3 shows it"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, cross_tools):
    """The talking firmware, on a UART that is not the board's console."""
    return build(tmp_path_factory.mktemp("elsewhere"), uart="USART3")


def test_a_firmware_that_leaves_the_console_silent_is_shown_and_hears(boardless, elsewhere, tmp_path):
    done = boardless("run", elsewhere, "--json", tmp_path / "run.json", input="name%")
    assert done.stdout == HELLO + "m-name-dut-[test]\nm-ready\n", done.stderr
    assert done.returncode == 0
    assert done.stderr.count(NOTE) == 1
    assert "not shown" not in done.stderr
    serial = json.loads((tmp_path / "run.json").read_text())["serial"]
    assert serial["usart3"]["sent_bytes"] > 0
    assert not any(port["unseen"] for port in serial.values())


def test_until_hears_the_port_that_talks(boardless, elsewhere):
    done = boardless("run", elsewhere, "--until", "m-ready")
    assert done.returncode == 0, done.stderr
    assert "the text of --until came" in done.stderr


def test_output_on_another_port_than_the_console_is_one_line(boardless, firmware, tmp_path):
    done = boardless("run", firmware, "--json", tmp_path / "run.json", input="o%")
    assert done.stdout == HELLO + "m-ready\n"
    assert done.stderr.count(UNSEEN) == 1
    assert "note:" not in done.stderr
    serial = json.loads((tmp_path / "run.json").read_text())["serial"]
    assert {name for name, port in serial.items() if port["unseen"]} == {"usart3"}


def test_a_named_port_is_shown_and_nothing_follows(boardless, firmware, elsewhere):
    done = boardless("run", firmware, "--uart", "usart3", "--until", "m-ready")
    assert done.stdout == ""
    assert "bytes went out on lpuart1, which is not shown; --uart lpuart1 shows it" in done.stderr
    done = boardless("run", elsewhere, "--uart", "lpuart1", "--until", "m-ready")
    assert done.stdout == ""
    assert "note:" not in done.stderr


def test_an_unknown_port_is_named_with_those_that_there_are(boardless, firmware):
    done = boardless("run", firmware, "--uart", "usart9")
    assert done.returncode == 2
    assert "nucleo-l4r5zi has no serial port 'usart9'" in done.stderr
    assert "lpuart1" in done.stderr


def test_a_port_of_serve_can_be_named(firmware):
    process = start("serve", firmware, "--uart", "usart3", "--wall-limit", "0.2")
    _output, errors = process.communicate(timeout=60)
    assert "--uart lpuart1 shows it" in errors.decode()
