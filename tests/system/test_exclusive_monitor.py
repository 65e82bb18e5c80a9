"""LDREX, STREX and CLREX with exceptions between them, on whole machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembled import finish, machine_with, results

MAINLINE = ("virtual-m3", "virtual-m4", "virtual-m7", "virtual-m33")
CLAIM = "    ldrex r0, [r6]\n"
STORE = "    strex r0, r5, [r6]\n    str r0, [r4], #4\n"
SVC = "    svc #0\n"


def run(
    folder: Path, body: str, words: int, board: str, *, hook: str = "native", handler: str = ""
) -> list[int]:
    start = "    add r6, r4, #64\n    mov r5, #7\n"
    machine = machine_with(folder, start + body, board, hook=hook, handler=handler)
    finish(machine)
    return list(results(machine, words))


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("board", MAINLINE)
def test_an_exception_clears_it(tmp_path: Path, board: str, hook: str) -> None:
    """0: stored, 1: not. Without an exception it stores, once for each LDREX."""
    body = CLAIM + STORE + STORE + CLAIM + SVC + STORE + CLAIM + STORE
    assert run(tmp_path, body, 4, board, hook=hook) == [0, 1, 1, 0]


@pytest.mark.parametrize("board", MAINLINE)
def test_entry_clears_what_the_thread_claimed_and_return_what_the_handler_did(
    tmp_path: Path, board: str
) -> None:
    in_handler = "    strex r0, r5, [r6]\n    str r0, [r4], #4\n    ldrex r0, [r6]\n"
    assert run(tmp_path, CLAIM + SVC + STORE, 2, board, handler=in_handler) == [1, 1]


@pytest.mark.parametrize("board", MAINLINE)
def test_clrex_and_a_dummy_store(tmp_path: Path, board: str) -> None:
    """CLREX, or a STREX to anywhere, makes the next STREX fail."""
    dummy = "    add r7, r6, #32\n    strex r0, r5, [r7]\n"
    body = CLAIM + "    clrex\n" + STORE + CLAIM + dummy + STORE + CLAIM + STORE
    assert run(tmp_path, body, 3, board) == [1, 1, 0]


@pytest.mark.parametrize("board", MAINLINE)
@pytest.mark.parametrize("size", ["b", "h", ""])
def test_every_size(tmp_path: Path, size: str, board: str) -> None:
    body = f"""
    mvn r0, #0
    str r0, [r6]
    ldrex{size} r0, [r6]
    strex{size} r0, r5, [r6]
    str r0, [r4], #4
    ldr r0, [r6]
    str r0, [r4], #4
    """
    stored = {"b": 0xFFFFFF07, "h": 0xFFFF0007, "": 7}[size]
    assert run(tmp_path, body, 2, board) == [0, stored]


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("board", MAINLINE)
def test_the_monitor_holds_no_address_and_no_size(tmp_path: Path, board: str, hook: str) -> None:
    """While it is set, a STREX of any size to anywhere passes, once (the cores' TRMs)."""
    body = """
    add r7, r6, #32
    ldrex r0, [r6]
    strex r0, r5, [r7]
    str r0, [r4], #4
    strex r0, r5, [r7]
    str r0, [r4], #4
    ldrexb r0, [r6]
    strexh r0, r5, [r7]
    str r0, [r4], #4
    ldrexh r0, [r7]
    strex r0, r5, [r7, #4]
    str r0, [r4], #4
    ldrex r0, [r6]
    strexb r0, r5, [r6]
    str r0, [r4], #4
    ldrex r0, [r6]
    ldrex r0, [r7]
    strex r0, r5, [r6]
    str r0, [r4], #4
    strex r0, r5, [r7]
    str r0, [r4], #4
    ldr r0, [r7]
    str r0, [r4], #4
    ldr r0, [r7, #4]
    str r0, [r4], #4
    """
    assert run(tmp_path, body, 9, board, hook=hook) == [0, 1, 0, 0, 0, 0, 1, 7, 7]


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize("board", MAINLINE)
def test_a_plain_store_leaves_it(tmp_path: Path, board: str, hook: str) -> None:
    body = CLAIM + "    mov r0, #99\n    str r0, [r6]\n" + STORE + "    ldr r0, [r6]\n    str r0, [r4], #4\n"
    assert run(tmp_path, body, 2, board, hook=hook) == [0, 7]


@pytest.mark.parametrize("board", MAINLINE)
def test_a_store_whose_condition_fails_leaves_it(tmp_path: Path, board: str) -> None:
    body = CLAIM + "    cmp r5, #7\n    it ne\n    strexne r0, r5, [r6]\n" + STORE + STORE
    assert run(tmp_path, body, 2, board) == [0, 1]
