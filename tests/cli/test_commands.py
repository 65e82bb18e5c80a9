"""The command group, and the commands that need no image."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from talking_firmware import ROOT

from emulator.board.reader import list_boards
from emulator.cli import doctor as doctor_module
from emulator.cli.doctor import Finding
from emulator.cli.main import COMMANDS, Entry, main
from emulator.cli.words import bytes_in_words, hertz_in_words, seconds_in_words
from emulator.errors import BoardError, GuestFault


def children_cpu_s() -> float:
    """The processor's time of all ended children: a busy machine does not lengthen it much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_is_quick_and_imports_little():
    program = (
        "import sys; from emulator.cli.main import main\n"
        "try: main(['--help'], prog_name='boardless')\n"
        "except SystemExit: pass\n"
        "heavy = ('unicorn', 'rich', 'numpy', 'serial', 'elftools', 'capstone')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    times = []
    for _ in range(5):
        begin_s = children_cpu_s()
        output = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
        )
        times.append(children_cpu_s() - begin_s)
    assert output.stdout.splitlines()[-1] == "[]"
    assert min(times) < 0.2
    for name in ("run", "bench", "boards", "serve", "doctor"):
        assert f"  {name} " in output.stdout
    assert "simulated and unofficial" in output.stdout


@pytest.mark.parametrize(
    ("command", "unwanted"),
    [
        ("bench", "unicorn emulator.board emulator.chip emulator.image emulator.timing"),
        ("host", "unicorn msgspec emulator.board emulator.chip emulator.image emulator.machine"),
        ("boards", "unicorn emulator.chip emulator.image"),
        ("run", "emulator.chip emulator.links.rtt"),
    ],
)
def test_the_help_of_a_command_imports_what_it_needs(command: str, unwanted: str) -> None:
    program = (
        "import sys; from emulator.cli.main import main\n"
        f"try: main([{command!r}, '--help'], prog_name='boardless')\n"
        "except SystemExit: pass\n"
        f"print([name for name in {unwanted.split()} if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert output.stdout.splitlines()[-1] == "[]"


def test_import_emulator_brings_neither_the_command_line_nor_host_software():
    program = (
        "import sys; from emulator import Machine; Machine('nucleo-l4r5zi')\n"
        "unwanted = ('click', 'rich', 'serial', 'tflite_runtime', 'tensorflow', 'benches',\n"
        "    'emulator.chip', 'emulator.links.rtt')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert output.stdout.strip() == "[]"


def test_version():
    result = CliRunner().invoke(main, ["--version"])
    assert result.output.startswith("boardless, version 0.")


def test_a_command_that_was_imported_keeps_nothing_from_being_freed():
    """Programs that call commands many times, these tests for one, would never get their memory back."""
    context = click.Context(main)
    main.get_command(context, "run")
    before = gc.get_freeze_count()
    main.get_command(context, "run")
    assert gc.get_freeze_count() == before
    assert gc.isenabled()


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_every_command_can_be_imported_and_explains_itself(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output


def test_a_command_whose_module_is_missing_is_not_offered(monkeypatch):
    monkeypatch.setitem(COMMANDS, "dream", Entry("emulator.cli.no_such_module:dream", "Dream."))
    monkeypatch.setitem(COMMANDS, "sleep", Entry("no_such_package.module:sleep", "Sleep."))
    assert "dream" not in CliRunner().invoke(main, ["--help"]).output
    for name in ("dream", "sleep"):
        result = CliRunner().invoke(main, [name])
        assert result.exit_code == 2
        assert f"No such command '{name}'" in result.output


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            BoardError("unknown key", where="x.toml: colour", next_step="remove it"),
            2,
            "x.toml: colour: unknown key\n",
        ),
        (GuestFault("the firmware crashed", report="r0 0x1"), 3, "r0 0x1\nboardless: the firmware crashed"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "boardless: this needs more memory"),
        (OSError(28, "No space left on device"), 2, "boardless: No space left on device\n"),
        (PermissionError(13, "Permission denied", "x.bin"), 2, "boardless: x.bin: Permission denied\n"),
    ],
)
def test_errors_become_one_message_and_a_code(monkeypatch, error, code, words):
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(main, "get_command", lambda _ctx, _name: failing)
    result = CliRunner().invoke(main, ["failing"])
    assert result.exit_code == code
    assert words in result.output
    assert "Traceback" not in result.output


def test_boards_are_listed():
    result = CliRunner().invoke(main, ["boards"])
    assert result.exit_code == 0
    for name in list_boards():
        assert name in result.output
    assert "unofficial" in result.output


@pytest.mark.parametrize("name", list_boards())
def test_every_board_is_described(name):
    result = CliRunner().invoke(main, ["boards", name])
    assert result.exit_code == 0, result.output
    for words in (name, "core:", "Memory map", "Devices", "0x"):
        assert words in result.output


def test_an_unknown_board():
    result = CliRunner().invoke(main, ["boards", "nucleo-l4r5z"])
    assert result.exit_code == 2
    assert "did you mean" in result.output


def test_doctor_looks_at_the_real_installation():
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "ok   unicorn runs Thumb code: yes" in result.output
    assert "ok   a machine can be built" in result.output


def test_doctor_says_what_to_fix_first(monkeypatch):
    findings = (
        lambda: Finding("nice to have", good=False, detail="gone", fix="get it"),
        lambda: Finding("heart", good=False, detail="stopped", fix="start it", needed=True),
    )
    monkeypatch.setattr(doctor_module, "CHECKS", findings)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "FAIL heart: stopped" in result.output
    assert "Fix first: heart: start it" in result.output


def test_words():
    assert [seconds_in_words(s) for s in (0, 4.34e-5, 0.0434, 1.5, 12345)] == [
        "0 us", "43.4 us", "43.4 ms", "1.5 s", "12,345 s",
    ]  # fmt: skip
    assert [hertz_in_words(h) for h in (32768, 4_000_000, 500)] == ["32.768 kHz", "4 MHz", "500 Hz"]
    assert [bytes_in_words(b) for b in (2 << 20, 640 << 10, 100)] == ["2 MB", "640 KB", "100 bytes"]
