"""Programs without a vector table, as ``--specs=rdimon.specs`` links them: started at their entry point."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.board.reader import load_board
from emulator.errors import ImageError
from emulator.image import check_vectors, load_image
from tests.machine.firmware import build as build_firmware

SOURCE = r"""
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static int initialised = 41;
volatile float third = 3.0f;
int main(int argc, char **argv)
{
    int zero;
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    char *memory = malloc(argc > 1 ? 100000 : 10);
    printf(" %d %d %.3f %s\n", ++initialised, memory != 0, (double)(1.0f / third), strdup("copied"));
    clock_t begin = clock();
    for (volatile int i = 0; i < 100000; i++)
        ;
    printf("clock moved %d, tty %d, end of input %d\n", clock() > begin, isatty(1), getchar() == EOF);
    printf("stack %s heap\n", (char *)&zero > memory ? "above" : "below");
    FILE *file = fopen("notes.txt", "w");
    if (!file) {
        fprintf(stderr, "notes.txt: %s\n", strerror(errno));
        return 3;
    }
    fprintf(file, "0123456789");
    fclose(file);
    file = fopen("notes.txt", "r");
    fseek(file, -3, SEEK_END);
    char text[4] = {0};
    fread(text, 1, 3, file);
    printf("end of the file: %s\n", text);
    exit(0);
}
"""
FLOAT = {"cortex-m4": ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]}
CORES = {
    "virtual-m0": "cortex-m0", "virtual-m0plus": "cortex-m0plus", "virtual-m3": "cortex-m3",
    "virtual-m4": "cortex-m4", "virtual-m7": "cortex-m7", "virtual-m33": "cortex-m33",
    "mps2-an385": "cortex-m3", "mps2-an386": "cortex-m4", "mps2-an500": "cortex-m7",
    "mps2-an505": "cortex-m33",
}  # fmt: skip
PRINTED = """[program-{core}.elf][-n][two words] 42 1 0.333 copied
clock moved 1, tty 1, end of input 1
stack above heap
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def program(folder: Path, core: str, *options: str, source: str = SOURCE) -> Path:
    elf = folder / f"program-{core}.elf"
    if options or not elf.exists():
        c_file = folder / f"program-{core}.c"
        c_file.write_text(source)
        subprocess.run(
            ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", *FLOAT.get(core, []), "-O1", *options,
             "--specs=rdimon.specs", str(c_file), "-o", str(elf)],
            check=True, capture_output=True,
        )  # fmt: skip
    return elf


@pytest.mark.parametrize("board", CORES)
def test_newlib_program(board: str, folder: Path) -> None:
    """Heap, stack, command line, console, time; host files stay closed, and its code is the process's."""
    machine = Machine(board, arguments="-n 'two words'")
    machine.load(program(folder, CORES[board]))
    assert machine.run() is StopReason.EXIT
    printed = machine.console.take().decode()
    assert printed == PRINTED.format(core=CORES[board]) + "notes.txt: Permission denied\n"
    assert machine.exit_code == 3
    assert machine.clock.seconds() > 100_000 / machine.clock.core_hz


def test_host_files_in_a_folder(folder: Path, tmp_path: Path) -> None:
    machine = Machine("mps2-an385", files_dir=tmp_path)
    machine.load(program(folder, "cortex-m3"))
    machine.run()
    assert machine.console.take().decode().endswith("end of the file: 789\n")
    assert machine.exit_code == 0
    assert (tmp_path / "notes.txt").read_text() == "0123456789"


def test_a_reset_and_a_restored_snapshot_start_it_anew(folder: Path, tmp_path: Path) -> None:
    machine = Machine("virtual-m3")
    machine.load(program(folder, "cortex-m3"))
    beginning = machine.snapshot()
    machine.run()
    first = machine.console.take()
    machine.load(build_firmware(tmp_path, 'void main(void) { print("x"); }', core="cortex-m3"))
    machine.run(until="x")
    machine.console.take()
    machine.restore(beginning)
    assert machine.run() is StopReason.EXIT
    assert machine.console.take() == first


def test_data_in_flash_are_refused(folder: Path) -> None:
    elf = program(folder, "cortex-m3", "-Wl,-Ttext-segment=0x08000000")
    with pytest.raises(ImageError, match="its data lie in flash"):
        Machine("stm32f4-discovery").load(elf)
    elf.unlink()


NO_SEMIHOSTING = "int main(void) { return 0; } void _start(void) { for (;;) { } }"


def test_no_program_of_ours(tmp_path: Path) -> None:
    """Without a semihosting call in it, an image without vectors is no firmware for this board."""
    c_file, elf = tmp_path / "n.c", tmp_path / "n.elf"
    c_file.write_text(NO_SEMIHOSTING)
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-nostdlib", "-Ttext=0x8000",
                    str(c_file), "-o", str(elf)], check=True)  # fmt: skip

    with pytest.raises(ImageError, match="holds nothing at 0x00000000"):
        check_vectors(load_image(elf), load_board("virtual-m3"))


def test_vectors_win(tmp_path: Path) -> None:
    """A firmware with a vector table and semihosting starts by its vectors, its stack where they say."""
    machine = Machine("virtual-m4")
    machine.load(build_firmware(tmp_path, 'void main(void) { __asm__ volatile("bkpt 0xAB"); }'))
    assert machine.core.get("sp") == 0x20010000
