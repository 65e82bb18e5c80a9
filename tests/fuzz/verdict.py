"""What is wrong with how a case ended: a traceback, a signal, a hang, or success without a result."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .cases import Case
from .child import EXIT_TRACEBACK, Ended

RESULTS = {  # a command's first word -> what a success must have said, on either stream
    "run": "instructions:",
    "bench": "simulated and unofficial",
    "serve": "ready: ",
    "build": ": flash ",
    "boards": "core",
    "explain": "Where the cycles go",
    "report": "nofficial",
    "compare": "nofficial",
    "validate": "published",
    "host": "unofficial",
    "doctor": "Python",
}
KNOWN_CODES = {0, 1, 2, 3, 4, 130, 141}
OWN_CODE = re.compile(r"^boardless: the firmware ended itself with exit code (\d+)$", re.MULTILINE)
HELP = "Usage: "
MESSAGE = re.compile(r"^(boardless|Error): ", re.MULTILINE)
INTERNAL = ("Traceback (most recent", "internal error", "Exception ignored", "ResourceWarning")


def fault(case: Case, ended: Ended, folder: Path) -> str:
    """What is wrong, in words; empty when nothing is."""
    said = ended.output + ended.errors
    if ended.hung:
        return f"hangs for {ended.seconds:.0f} s"
    if ended.status < 0:
        return f"ended by signal {-ended.status}"
    for words in INTERNAL:
        if words in said:
            return f"{words}: {_last_line(said)}"
    if ended.status == EXIT_TRACEBACK:
        return "left by an exception"
    if ended.status not in KNOWN_CODES and ended.status != _firmwares_own(ended):
        return f"exit code {ended.status}"
    left = [path.name for path in folder.rglob("*.part")]
    if left:
        return f"left a temporary file: {left}"
    if ended.status:
        return _without_message(ended)
    return _without_result(case, ended, folder)


def _firmwares_own(ended: Ended) -> int | None:
    """The exit code that a process has whose firmware ended itself with one; None: it did not."""
    told = OWN_CODE.search(ended.errors)
    return None if told is None else int(told[1]) & 0xFF


def _without_message(ended: Ended) -> str:
    count = len(MESSAGE.findall(ended.errors))
    if count == 1:
        return ""
    if ended.status == 1 and "Fix first:" in ended.output:
        return ""
    return f"exit code {ended.status} with {count} messages"


def _without_result(case: Case, ended: Ended, folder: Path) -> str:
    if HELP in ended.output:
        return ""
    said = ended.output + ended.errors
    if not said.strip() and not case.program:
        return "exit code 0, and nothing said"
    wanted = RESULTS.get(case.words[0] if case.words else "", "")
    if wanted not in said:
        return f"exit code 0 without {wanted!r}"
    return _bad_report(case, folder) or _bad_firmware(case, folder)


def _bad_report(case: Case, folder: Path) -> str:
    for option in ("--json", "--update-bands"):
        for at, word in enumerate(case.words[:-1]):
            path = folder / case.words[at + 1].removeprefix("@/")
            if word != option or not case.words[at + 1].startswith("@/"):
                continue
            try:
                json.loads(path.read_text(), parse_constant=_no_number)
            except (OSError, ValueError) as error:
                return f"exit code 0, but {option} is no JSON: {error}"
    return ""


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _bad_firmware(case: Case, folder: Path) -> str:
    if case.words[:1] != ["build"] or "--out" not in case.words[:-1]:
        return ""
    made = [path for path in folder.rglob("*") if path.is_file() and path.name not in case.files]
    if not any(path.read_bytes()[:4] == b"\x7fELF" for path in made):
        return "exit code 0 without firmware"
    return ""


def _last_line(text: str) -> str:
    lines = [
        line
        for line in text.strip().splitlines()
        if re.match(r"^[\w.]+(Error|Exception|Interrupt|Exit)", line)
    ]
    return lines[-1][:200] if lines else text.strip().splitlines()[-1][:200]
