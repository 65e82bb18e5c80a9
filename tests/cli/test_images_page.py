"""docs/images.md: a bootloader and an application together, as the page shows it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from talking_firmware import ROOT, code_block, run

from boardless import Machine
from emulator.image.model import Image, Segment
from tests.machine.firmware import build

PAGE = (ROOT / "docs" / "images.md").read_text()
BOOTLOADER = r"""
static void (*const *const application)(void) = (void (*const *)(void))0x4000;
void main(void) { print("bootloader\n"); REG(0xE000ED08) = 0x4000; application[1](); }
"""
APPLICATION = r"""
#define PAGE ((volatile const char *)0x1FFFF800)
void main(void)
{
    print("application");
#ifdef WITH_PAGE
    print(", serial number ");
    for (int i = 0; i < 4; i++) put(PAGE[i]);
#endif
    print("\n");
    for (;;) { }
}
__attribute__((used)) void only_this(void) { open_console(); print("only this\n"); for (;;) { } }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    build(folder, BOOTLOADER, name="boot")
    at = {"0x0 :": "0x4000 :"}
    build(folder, APPLICATION, name="app", places=at)
    build(folder, "#define WITH_PAGE\n" + APPLICATION, name="paged", places=at)
    (folder / "page.bin").write_bytes(b"1234")
    (folder / "settings.bin").write_bytes(b"abcd")
    (folder / "my-board.toml").write_text(code_block(PAGE, "toml"))
    return folder


def test_as_the_page_shows_it(folder: Path) -> None:
    for part in code_block(PAGE, "console").split("$ boardless ")[1:]:
        command, _, shown = part.partition("\n")
        words = shlex.split(command.replace("app.elf", "paged.elf") if "page.bin" in command else command)
        done = run(folder, *words)
        assert (done.returncode, done.stdout) == (0, shown), done.stderr


def test_a_board_s_own_contents_are_there_without_a_file(folder: Path) -> None:
    done = run(folder, "run", "paged.elf", "--board", "my-board.toml", "--vectors", "0x4000")
    assert (done.returncode, done.stdout) == (0, "application, serial number 0000\n"), done.stderr


def test_the_page_s_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    exec(compile(code_block(PAGE, "python"), "images.md", "exec"), names)
    machine = names["machine"]
    assert isinstance(machine, Machine)
    machine.run()
    assert machine.console.take() == b"bootloader\napplication\n"


def test_a_start_of_one_s_own(folder: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(folder / "app.elf")
    at = machine.symbol("only_this").address
    arguments = ("run", "app.elf", "--board", "virtual-m4", "--start")
    done = run(folder, *arguments, hex(at))
    assert (done.returncode, done.stdout) == (0, "only this\n"), done.stderr
    nowhere = run(folder, *arguments, "0x9000")
    assert (nowhere.returncode, nowhere.stdout) == (2, "")
    assert "app.elf: holds no instruction at 0x00009000, where it is to start" in nowhere.stderr


def test_an_application_without_its_bootloader(folder: Path) -> None:
    done = run(folder, "run", "app.elf", "--board", "virtual-m4")
    assert (done.returncode, done.stdout) == (2, "")
    assert "has its vectors at 0x00004000; virtual-m4 begins at 0x00000000: it holds nothing" in done.stderr
    assert "add its bootloader with --load, or begin by its own: --vectors 0x00004000" in done.stderr
    data = run(folder, "run", "app.elf", "--board", "virtual-m4", "--load", "page.bin@0x0")
    assert "virtual-m4 begins at 0x00000000: " in data.stderr


def test_the_stack_of_a_start_is_the_vectors_or_free_memory(folder: Path) -> None:
    machine = Machine("virtual-m4")
    at = machine.load(folder / "app.elf").debug.symbol("only_this").address  # type: ignore[union-attr]
    machine.load(folder / "app.elf", start=at | 1)
    assert (machine.registers()["pc"], machine.registers()["sp"]) == (at, 0x20010000)
    code = Segment(0x2000_0000, bytes.fromhex("fee7"), "a branch to itself")
    machine.load(Image("code", "0" * 64, "bin", (code,), start=0x2000_0000))
    assert (machine.registers()["pc"], machine.registers()["sp"]) == (0x2000_0000, 0x2008_0000)
    machine.reset()
    assert machine.registers()["pc"] == 0x2000_0000


@pytest.mark.parametrize("command", ["profile", "explain"])
def test_other_commands_begin_there_too(folder: Path, command: str) -> None:
    """What is recorded is the application's run, by the vectors that were given."""
    options = ("--board", "virtual-m4", "--load", "app.elf", "--vectors", "0x4000")
    done = run(folder, command, "boot.elf", *options, "--until", "application")
    assert done.returncode == 0, done.stderr
    assert "print" in done.stdout
    refused = run(folder, command, "boot.elf", *options[:4], "--console", "rtt:99")
    assert refused.returncode == 2
    assert "--console: console: no console 'rtt:99'" in refused.stderr


def test_bench_takes_them_for_an_image_of_one_s_own(folder: Path) -> None:
    refused = run(folder, "bench", "kws", "--load", "app.elf", "--start", "0x4000")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--load, --start describe an image of yours" in refused.stderr
    elsewhere = run(folder, "bench", "--image", "boot.elf", "--board", "virtual-m4", "--load", "boot.elf")
    assert elsewhere.returncode == 2
    assert "both want 0x00000000" in elsewhere.stderr


def test_check_takes_them(folder: Path) -> None:
    (folder / "boardless.toml").write_text("""
[measure.application]
image = "boot.elf"
load = ["app.elf", "settings.bin@0x8000"]
board = "virtual-m4"
vectors = 0x4000
until = "application"
""")
    done = run(folder, "check", "boardless.toml", "--update")
    assert done.returncode == 0, done.stderr
    (folder / "boardless.toml").write_text((folder / "boardless.toml").read_text().replace("8000", "x"))
    wrong = run(folder, "check", "boardless.toml")
    assert wrong.returncode == 2
    assert "is no 32-bit address" in wrong.stdout + wrong.stderr


def test_what_is_wrong_with_a_further_file(folder: Path) -> None:
    arguments = ("run", "boot.elf", "--board", "virtual-m4", "--load")
    (folder / "raw.bin").write_bytes(b"abcd")
    for given, words in (
        ("none.bin@0x4000", "none.bin: no such file"),
        ("raw.bin@0x4000@", "no such file"),
        ("raw.bin@0x1_0000_0000", "is no 32-bit address"),
        ("raw.bin", "a raw binary does not say where it belongs"),
        ("raw.bin@0x0", "both want 0x00000000-0x00000003"),
        ("app.elf@0x8000", "an ELF says itself where it belongs"),
    ):
        done = run(folder, *arguments, given)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert words in done.stderr, done.stderr


def test_vectors_that_are_none(folder: Path) -> None:
    done = run(folder, "run", "boot.elf", "--board", "virtual-m4", "--vectors", "0x4000")
    assert done.returncode == 2
    assert "holds nothing at 0x00004000" in done.stderr
