"""Robot Framework's library: whole runs of ``robot``, on an emulated board and on one behind a port."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emulator.testing.keywords import Keywords
from tests.testing.board_on_desk import BoardOnDesk
from tests.testing.firmware import BOARD

ROOT = Path(__file__).parents[2]
SUITE = r"""
*** Settings ***
Library    boardless.Keywords    board=virtual-m4    image=${IMAGE}    boot=ready\n

*** Test Cases ***
Talks
    Write To Device    n
    ${name}=    Expect    name (\\w+)-\\d
    Should Be Equal    ${name}    tester
    Write To Device    b
    Expect Exact    boots 00000001    timeout=200 ms

Figures
    ${sum}=    Call Function    add    2    -5
    Should Be Equal As Integers    ${sum}    -3
    ${cycles}=    Function Should Take At Most    work    20000
    ${all}=    Get Cycles
    Should Be True    0 < ${cycles} < ${all}
    Cycles Should Be At Most    ${all}
    ${instructions}=    Get Instructions
    Should Be True    0 < ${instructions} < ${all}

Memory And Pins
    Write Memory    samples    48879    type=uint16    index=2
    ${value}=    Read Memory    samples    type=int16    index=2
    Should Be Equal As Integers    ${value}    -16657
    Pin Should Be    gpio0:0    0
    Write To Device    p
    Wait For Pin    gpio0:0    1
    Set Pin    gpio0:5    1
    Write To Device    i
    Expect Exact    high

Faults
    Raise Interrupt    on_button
    Expect Exact    button
    Flip Memory Bit    canary    4    at_cycles=200000
    Flip Register Bit    r12    3
    Run For    20 ms
    ${value}=    Read Memory    canary
    Should Be Equal As Integers    ${value}    16
    Brown Out    loses_memory=${True}
    Expect Exact    boot
    Reset Device
    Expect Exact    boot
    Disturb Line    losses=1.0
    Write To Device    n
    Run Keyword And Expect Error    *never sent*    Expect    name    timeout=10 ms

A Test Begins Anew
    ${value}=    Read Memory    canary
    Should Be Equal As Integers    ${value}    0
    Load Image    ${IMAGE}    boot=ready\n
"""
WRONG = r"""
*** Settings ***
Library    boardless.Keywords    board=virtual-m4    image=${IMAGE}    boot=ready\n

*** Test Cases ***
Too Slow
    Function Should Take At Most    work    10

Crashes
    Write To Device    c
    Expect    never

Pin
    Pin Should Be    gpio0:0    1
"""


def robot(folder: Path, suite: str, *options: str) -> tuple[dict[str, tuple[str, str]], str]:
    """By test, its status and message; and all of the log."""
    (folder / "suite.robot").write_text(suite)
    command = [sys.executable, "-m", "robot", "--outputdir", str(folder), *options, "suite.robot"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    tree = ElementTree.parse(folder / "output.xml")
    statuses = {test.attrib["name"]: test.find("status") for test in tree.iter("test")}
    assert statuses, done.stdout + done.stderr
    found = {
        name: (s.attrib["status"], (s.text or "").strip()) for name, s in statuses.items() if s is not None
    }
    return found, "\n".join(message.text or "" for message in tree.iter("msg"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BoardOnDesk]:
    board = BoardOnDesk(tmp_path)
    yield board
    board.close()


def test_a_suite_on_an_emulated_board(talker: Path, tmp_path: Path) -> None:
    found, log = robot(tmp_path, SUITE, "--variable", f"IMAGE:{talker}")
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(found, "PASS"), (found, log)
    assert len(found) == 5


def test_a_failed_test_says_why_and_the_log_shows_the_device(talker: Path, tmp_path: Path) -> None:
    found, log = robot(tmp_path, WRONG, "--variable", f"IMAGE:{talker}")
    assert {status for status, _ in found.values()} == {"FAIL"}
    assert "work took" in found["Too Slow"][1] and "over the limit of 10 by" in found["Too Slow"][1]
    assert "the firmware crashed" in found["Crashes"][1]
    assert found["Pin"][1] == "CheckFailed: gpio0:0 is 0, and should be 1"
    assert f"{BOARD}: console\nboot\nready" in log
    assert "backtrace (likely):\n  #0" in log and "crash+0x" in log


def test_the_same_suite_on_a_board_behind_a_port(talker: Path, tmp_path: Path, desk: BoardOnDesk) -> None:
    wiring = f"    port={desk.port}    load={desk.tool} load {{image}}"
    suite = SUITE.replace("boot=ready\\n\n\n***", f"boot=ready\\n{wiring}\n\n***")
    assert suite != SUITE
    found, _ = robot(tmp_path, suite, "--variable", f"IMAGE:{talker}")
    assert found["Talks"][0] == "PASS", found
    for name in ("Figures", "Memory And Pins", "Faults", "A Test Begins Anew"):
        assert found[name][0] == "SKIP" and "needs the emulator" in found[name][1], found


def test_every_keyword_has_its_words(tmp_path: Path) -> None:
    """libdoc reads the library as users' editors do."""
    command = [
        sys.executable,
        "-m",
        "robot.libdoc",
        "boardless.Keywords::virtual-m4",
        str(tmp_path / "k.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    keywords = [n for n in vars(Keywords) if not n.startswith("_") and callable(getattr(Keywords, n))]
    text = (tmp_path / "k.json").read_text()
    assert len(keywords) == 21
    for name in keywords:
        assert f'"name": "{name.replace("_", " ").title()}"' in text
        assert getattr(Keywords, name).__doc__
