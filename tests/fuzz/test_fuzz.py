"""Five hundred damaged cases run clean, and the judge would see it if they did not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from emulator.cli.parameter_types import BoardName, InputFile, InputFileOrFolder, InputFolder

from . import child
from .cases import FOLDER, TEMPLATES, Case, make_case, parameters_of
from .child import case_folder, run_case
from .corpus import seeds
from .verdict import fault

ROOT = Path(__file__).parents[2]
CASES, PARTS = 500, 10


@pytest.mark.usefixtures("cross_tools")
@pytest.mark.parametrize("part", range(PARTS))
def test_cases_run_clean(part: int) -> None:
    """``make fuzz`` runs as many more as one has time for."""
    count = CASES // PARTS
    command = [sys.executable, "-m", "tests.fuzz", "--first", str(part * count), "--count", str(count)]
    done = subprocess.run([*command, "--jobs", "1"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} cases in" in done.stdout


@pytest.mark.usefixtures("cross_tools")
def test_a_case_is_the_same_every_time() -> None:
    for number in range(200):
        first, second = make_case(number), make_case(number)
        assert (first.words, first.files, first.console) == (second.words, second.files, second.console)


@pytest.mark.usefixtures("cross_tools")
def test_every_kind_of_file_and_every_option_has_its_turn() -> None:
    damaged: Counter[str] = Counter()
    given: Counter[tuple[str, str]] = Counter()
    known = set()
    kinds = {seed.data: kind for kind, all_seeds in seeds().items() for seed in all_seeds}
    for number in range(12_000):
        case = make_case(number)
        for file, seed in case.whole.items():
            if case.files[file] != seed.data:
                damaged[kinds[seed.data]] += 1
        for item in parameters_of(case):
            known.add((item.title, item.option))
            if item.option in case.words:
                given[item.title, item.option] += 1
    assert set(damaged) == set(seeds())
    options = {key for key in known if key[1].startswith("--")}
    assert options - set(given) == set()


def test_every_input_of_every_command_is_damaged_somewhere() -> None:
    """A new command that reads files belongs into a template."""
    from tests.cli.commands import parameters  # noqa: PLC0415

    commands = {
        item.words[0] if item.words else item.command.callback.__module__
        for item in parameters()
        if isinstance(item.parameter.type, (InputFile, InputFileOrFolder, InputFolder, BoardName))
    }
    covered = set()
    for template, _weight in TEMPLATES:
        for seed in range(20):
            case = Case(0, "", [])
            template(case, Random(seed))
            covered.add(case.program or case.words[0])
    assert commands <= covered


# -- the judge -------------------------------------------------------------------------------
def judged(monkeypatch: pytest.MonkeyPatch, work: object, words: tuple[str, ...] = ("boards",)) -> str:
    """What is said of a command that does ``work``."""
    monkeypatch.setattr(child, "_call", work)
    case = Case(0, "", list(words))
    with case_folder() as folder:
        return fault(case, run_case(case, folder), folder)


def test_a_fault_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(_case: Case, _folder: Path) -> int:
        raise IndexError("list index out of range")

    assert "IndexError" in judged(monkeypatch, raises)
    assert judged(monkeypatch, lambda *_: os.kill(os.getpid(), signal.SIGKILL)) == "ended by signal 9"
    assert judged(monkeypatch, lambda *_: os._exit(7)) == "exit code 7"
    assert judged(monkeypatch, lambda *_: 0) == "exit code 0, and nothing said"
    assert judged(monkeypatch, lambda *_: print("something") or 0) == "exit code 0 without 'core'"
    assert judged(monkeypatch, lambda *_: 2) == "exit code 2 with 0 messages"
    own = "boardless: the firmware ended itself with exit code 264\n"
    assert judged(monkeypatch, lambda *_: sys.stderr.write(own) and 8) == ""
    assert judged(monkeypatch, lambda *_: sys.stderr.write(own) and 9) == "exit code 9"
    twice = "boardless: a\nboardless: b\n"
    assert "2 messages" in judged(monkeypatch, lambda *_: sys.stderr.write(twice) and 1)
    assert judged(monkeypatch, lambda *_: sys.stderr.write("boardless: a\n") and 1) == ""
    left = "left a temporary file"
    assert left in judged(monkeypatch, lambda _c, folder: (folder / ".x.part").write_text("") or 0)
    infinite = 'print("core") or (folder / "r").write_text("{\\"x\\": NaN}") and 0'
    work = eval(f"lambda _c, folder: {infinite}")
    assert "no JSON" in judged(monkeypatch, work, ("boards", "--json", f"{FOLDER}/r"))


def test_a_hang_is_ended_and_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LIMIT_S", 0.3)
    begin = time.monotonic()
    assert "hangs" in judged(monkeypatch, lambda *_: time.sleep(60))
    assert time.monotonic() - begin < 10


def test_a_fuzz_that_was_stopped_for_a_while_sees_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspended machine, or ^Z: the case had no time either."""
    now_s = iter([0.0, 0.0, 0.1, 100.0, 100.1])
    monkeypatch.setattr(child, "LIMIT_S", 1.0)
    ends = iter([(0, 0), (0, 0), (0, 0), (1, 0)])
    monkeypatch.setattr(child, "time", SimpleNamespace(monotonic=lambda: next(now_s), sleep=lambda _s: None))
    monkeypatch.setattr(child.os, "waitpid", lambda *_: next(ends))
    monkeypatch.setattr(child.os, "killpg", lambda *_: None)
    assert child._wait(1, 1.0) == (0, False)


@pytest.mark.usefixtures("cross_tools")
def test_a_right_case_is_fine() -> None:
    case = Case(0, "", ["run", f"{FOLDER}/image.elf", "--until", "m-ready", "--json", f"{FOLDER}/run.json"])
    case.files["image.elf"] = seeds()["image"][0].data
    with case_folder() as folder:
        ended = run_case(case, folder)
        assert ended.status == 0, ended.errors
        assert ended.output == "hello\r\nm-ready"
        assert fault(case, ended, folder) == ""
        assert "signal" in fault(case, replace(ended, status=-11), folder)
