"""``boardless validate --assembly``: the micro-kernels cost what their rules say, on every core."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import benches.assembly
from benches.assembly.build import RECIPES, TIMED, Recipe, build
from benches.assembly.reader import FIT, own_catalog, read_assembly_catalog, silicon_catalog
from benches.assembly.run import AssemblyOptions, fit_offsets, run_assembly, summarize_sets, word_value
from benches.cli.validate import validate as command
from benches.silicon.validate import ABSENT, FAILED
from emulator import Machine
from emulator.errors import CheckFailed, UsageError

FOLDER = Path(benches.assembly.__file__).parent
HEADER = "set,elf,function,arguments,board,published_cycles,offset,harness\n"


@pytest.mark.parametrize("hook", ["native", "python"])
def test_every_micro_kernel_is_exact(hook):
    results = run_assembly(own_catalog(), AssemblyOptions(hook=hook))
    assert len(results) == 60
    wrong = [
        (r.core, r.function, r.published_cycles, r.modelled_cycles, r.detail) for r in results if r.ratio != 1
    ]
    assert not wrong


@pytest.mark.parametrize(("name", "cpu"), [("micro_kernels", "cortex-m0"), ("m7_loops", "cortex-m7")])
def test_the_committed_elf_is_what_its_source_gives(cross_tools, tmp_path, name, cpu):
    built, plain, committed = tmp_path / "k.elf", tmp_path / "k.bin", tmp_path / "c.bin"
    subprocess.run(
        ["arm-none-eabi-as", f"-mcpu={cpu}", FOLDER / f"{name}.s", "-o", tmp_path / "k.o"], check=True
    )
    subprocess.run(
        ["arm-none-eabi-ld", "-n", "-Ttext=0", "--entry=idle", tmp_path / "k.o", "-o", built], check=True
    )
    for elf, binary in ((built, plain), (FOLDER / f"{name}.elf", committed)):
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, binary], check=True)
    assert plain.read_bytes() == committed.read_bytes()


def test_silicons_count_down_loops_on_the_m7():
    """Published: 1 cycle a turn, 2 where the loop straddles 8 bytes at its end."""
    silicon = read_assembly_catalog(FOLDER / "silicon.csv")
    rows = tuple(row for row in silicon.rows if row.set == "M7 count-down loops")
    results = run_assembly(replace(silicon, rows=rows), AssemblyOptions())
    assert len(results) == 6
    assert all(abs(r.ratio - 1) < 0.03 for r in results)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_silicons_loops_from_flash_without_caches_on_the_m7(hook):
    """Published: 4 to 17 cycles a turn by the place in the line; 16 stores or loads across two lines."""
    silicon = read_assembly_catalog(FOLDER / "silicon.csv")
    rows = tuple(row for row in silicon.rows if "from flash without caches" in row.set)
    results = run_assembly(replace(silicon, rows=rows), AssemblyOptions(hook=hook))
    assert len(results) == 16
    assert all(abs(r.ratio - 1) < 0.002 for r in results)


def test_silicons_sources_are_named_where_they_are_missing(tmp_path):
    silicon = read_assembly_catalog(FOLDER / "silicon.csv")
    assert all(row.source for row in silicon.rows)
    elfs = {recipe.elf for recipe in RECIPES} | {"m7_loops.elf"}
    assert {row.elf for row in silicon.rows} == elfs
    with pytest.raises(UsageError, match="no sources for aes_cm0"):
        build(RECIPES[0], tmp_path, tmp_path)


EMPTY_FUNCTION = """
    .balign 4
    .global {0}
    .type   {0}, %function
    .thumb_func
{0}:
    bx      lr
"""
TIMED_ON_M55 = (
    *("fndsa_sha3_process_block", "bit_split_1", "bit_split_5", "bit_merge_1", "bit_merge_5"),
    *("fndsa_mqpoly_int_to_ntt", "fndsa_mqpoly_ntt_to_int", "opt_mp_NTT", "opt_mp_iNTT"),
)


def test_the_harness_of_the_m55_s_published_figures(cross_tools, tmp_path):
    """A call and a return are 2 and 2. Calls in a loop cost their arguments, SUBS and BNE (2), too."""
    functions = "".join(EMPTY_FUNCTION.format(name) for name in TIMED_ON_M55)
    vectors = '.section .vectors, "a"\n .word 0x20040000, 0x341\n .text\n'
    (tmp_path / "empty.s").write_text(vectors + functions)
    sources = [str(tmp_path / "empty.s"), str(FOLDER / "harness_m55.s")]
    places = ["-nostdlib", "-Wl,-n,--section-start=.vectors=0,-Ttext=0x340,-Tbss=0x20000000,-e,0x340"]
    elf = str(tmp_path / "keccak_cm55.elf")
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", *places, *sources, "-o", elf], check=True
    )
    shutil.copy(elf, tmp_path / "fndsa_cm55.elf")
    published = read_assembly_catalog(FOLDER / "silicon_m55.csv")
    results = run_assembly(published, AssemblyOptions(folders=(tmp_path,)))
    assert all(row.source and row.times_itself for row in published.rows)
    assert {result.status for result in results} == {"ok"}
    cycles = {result.function: result.function_cycles for result in results}
    assert {cycles[f"{name}_64"] for name in ("bit_split_1", "bit_merge_5", "process_block")} == {64 * 4 + 1}
    around = 5  # from the counter's reading to the first call, and from the last return to the next reading
    assert cycles["int_to_ntt_100"] == cycles["ntt_to_int_100"] == 100 * 8 + around
    assert cycles["mp_NTT_100"] == cycles["mp_iNTT_100"] == 100 * 10 + around + 1


def test_no_published_figure_of_the_m3_m4_and_m33_has_an_offset():
    boards = ("virtual-m3", "virtual-m3-flash.toml", "virtual-m33", "stm32f4-discovery")
    rows = [row for row in silicon_catalog().rows if row.board in boards]
    assert len(rows) == 63
    assert {row.offset for row in rows} == {0}
    assert all(row.times_itself for row in rows if row.set.startswith(("CM3_", "CM4_", "CM33_", "GLS254")))


TIMED_LOOP = """
    .syntax unified
    .global CM3_1T_AES_encrypt
    .thumb_func
CM3_1T_AES_encrypt:
    ldr     r1, [r0]        @ SRAM, behind the reading of the counter
1:  subs    r3, #1
    bne     1b
    bx      lr
    .word   0
"""


@pytest.mark.parametrize("hook", ["native", "python"])
@pytest.mark.parametrize(("cpu", "board"), [("cortex-m3", "virtual-m3"), ("cortex-m4", "stm32f4-discovery")])
def test_a_harness_costs_its_call_and_a_load_less_the_one_that_it_takes_off(
    cross_tools, tmp_path, hook, cpu, board
):
    """BL 2 and LDR 2, less 1. The counter's reading is no change of memory, a call's first access is."""
    (tmp_path / "loop.S").write_text(TIMED_LOOP)
    build(Recipe("aes_cm3.elf", ("loop.S",), cpu, has_harness=True), tmp_path, tmp_path)
    path = tmp_path / "catalog.csv"
    path.write_text(
        HEADER
        + f"s,aes_cm3.elf,{TIMED}CM3_1T_AES_encrypt,ram 0 0 10,{board},35,0,returned\n"
        + f"s,aes_cm3.elf,CM3_1T_AES_encrypt,ram 0 0 10,{board},32,0,\n"
    )
    timed, called = run_assembly(read_assembly_catalog(path), AssemblyOptions(hook=hook))
    assert (timed.status, called.status) == ("ok", "ok")
    on_m4 = int(cpu == "cortex-m4")
    assert timed.modelled_cycles == timed.returned == called.modelled_cycles - on_m4 + 3


def catalog(tmp_path, *lines):
    path = tmp_path / "catalog.csv"
    path.write_text(HEADER + "".join(line + "\n" for line in lines))
    return path


def test_a_users_catalogue_with_a_fitted_offset(tmp_path):
    """The harness adds 12 cycles to each, 10 of them beyond the BX that the calls hold already."""
    path = catalog(
        tmp_path,
        f"mine,micro_kernels.elf,alu_64,,virtual-m4,76,{FIT}",
        f"mine,micro_kernels.elf,muls_32,3 7,virtual-m4,44,{FIT}",
        f"mine,micro_kernels.elf,jumps_16,,virtual-m4,45,{FIT}",
    )
    results = run_assembly(read_assembly_catalog(path), AssemblyOptions((FOLDER,)))
    assert [r.offset for r in results] == [10, 10, 10]
    assert [r.modelled_cycles for r in results] == [76, 44, 44]
    assert results[1].returned == 3 * 7**32 % 2**32
    assert fit_offsets(results) == results
    figures = summarize_sets(results)["cortex-m4", "mine"]
    assert figures.worst_abs_error == pytest.approx(1 / 45)


def test_toml_reads_the_same(tmp_path):
    path = tmp_path / "catalog.toml"
    path.write_text(
        '[[function]]\nelf = "a.elf"\nfunction = "f"\nboard = "virtual-m0"\npublished_cycles = 12\n'
        'offset = 4\narguments = "ram+4, 0x10"\nwarmups = 1\n'
    )
    row = read_assembly_catalog(path).rows[0]
    assert (row.published_cycles, row.offset, row.arguments, row.warmups) == (12, 4, ("ram+4", "0x10"), 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("s,,f,,virtual-m0,1,0", "'elf' is missing"),
        ("s,a.elf,f,,virtual-m0,many,0", "not a number"),
        ("s,a.elf,f,,virtual-m0,0,0", "above 0"),
        ("s,a.elf,f,1 2 3 4 5,virtual-m0,1,0", "r0 to r3"),
        ("s,a.elf,f,,virtual-m0,1,0,subtracted", "harness 'subtracted'"),
    ],
)
def test_a_bad_row_is_named(tmp_path, line, words):
    with pytest.raises(UsageError, match=words) as caught:
        read_assembly_catalog(catalog(tmp_path, line))
    assert "row 1" in str(caught.value)


def test_absent_and_broken_functions_are_rows(tmp_path):
    path = catalog(
        tmp_path,
        "s,gone.elf,f,,virtual-m0,1,0",
        "s,micro_kernels.elf,no_such_function,,virtual-m0,1,0",
        "s,micro_kernels.elf,idle,,virtual-m0,1,0",
    )
    results = run_assembly(read_assembly_catalog(path), AssemblyOptions((FOLDER,)))
    assert [r.status for r in results] == [ABSENT, FAILED, FAILED]
    assert "no symbol 'no_such_function'" in results[1].detail
    assert "did not return" in results[2].detail


def test_arguments_may_be_symbols():
    machine = Machine("virtual-m0")
    machine.load(FOLDER / "micro_kernels.elf")
    ram = next(r for r in machine.board.regions if r.kind == "ram")
    assert word_value(machine, "idle+2", ram) == 0x12
    assert word_value(machine, "0x10+1", ram) == 0x11
    assert word_value(machine, "ram", ram) == ram.base + ram.size_bytes // 2


def test_the_command(tmp_path):
    report = tmp_path / "report.json"
    result = CliRunner().invoke(command, ["--assembly", "--json", str(report)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "simulated and unofficial" in result.output
    content = json.loads(report.read_text())
    assert {item["core"] for item in content["summary"]} == {
        *("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"),
    }
    path = catalog(tmp_path, "s,micro_kernels.elf,idle,,virtual-m0,1,0")
    arguments = ["--assembly", "--catalog", str(path), "--images", str(FOLDER)]
    with pytest.raises(CheckFailed, match="1 of 1 functions failed"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
    result = CliRunner().invoke(command, ["--assembly", "--fit-report"])
    assert result.exit_code == 2
