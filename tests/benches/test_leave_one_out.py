"""Fitted constants as data, the refit without a family, and both on published images."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benches.cli import validate_run
from benches.cli.leave_one_out_run import Refits, run_leave_one_out
from benches.cli.validate import validate
from benches.cli.validate_run import ValidateOutputs, run_validate
from benches.silicon.catalog import CatalogRow, development_catalog
from benches.silicon.fitted_constants import (
    FittedConstant,
    fitted_constants,
    parameter_of,
    values_as_they_are,
    with_parameter,
    with_values,
)
from benches.silicon.image_sources import find_image
from benches.silicon.leave_one_out import leave_one_out, refit
from benches.silicon.repriced_row import BootedImage, Reprice, RepricedRow
from benches.silicon.validate import ValidateOptions, blank_row, machine_of, validate_row
from emulator.board.reader import list_boards, load_board
from emulator.errors import BoardError, CheckFailed
from emulator.files import OutputFile

CONSTANTS = fitted_constants()
REFITTED = [constant for constant in CONSTANTS if constant.is_refitted]
DEVELOPMENT = {row.title: row for row in development_catalog() if row.mode == "performance"}
ASSEMBLY = "(assembly)"


# -- the declarations --------------------------------------------------------------------------------
def test_each_constant_stands_where_it_says_and_has_one_value() -> None:
    values = values_as_they_are(CONSTANTS)
    assert list(values) == [constant.name for constant in CONSTANTS]
    for constant in REFITTED:
        assert values[constant.name] in constant.values, constant.name
        assert list(constant.values) == sorted(set(constant.values)), constant.name
        assert len(constant.values) > 1


def test_each_row_that_a_constant_was_fitted_to_is_a_development_image_of_its_boards() -> None:
    for constant in CONSTANTS:
        assert constant.fitted_to, constant.name
        assert constant.granularity
        assert constant.how
        for title in constant.fitted_to:
            if title.endswith(ASSEMBLY):
                assert not constant.is_refitted, constant.name
            else:
                assert DEVELOPMENT[title].board in constant.places, (constant.name, title)


def test_whatever_a_board_file_calls_fitted_is_declared() -> None:
    places = {
        (board, key) for constant in CONSTANTS for board, keys in constant.places.items() for key in keys
    }
    fitted = 0
    for name in {row.board for row in DEVELOPMENT.values()}:
        board = load_board(name)
        for accelerator in board.accelerators:
            for parameter, source in accelerator.sources.items():
                if source.startswith("fitted"):
                    fitted += 1
                    assert (name, f"accelerators.{accelerator.name}.{parameter}") in places
        for region in board.regions:
            if "first_load_cycles: fitted" in region.source:
                fitted += 1
                assert (name, f"regions.{region.name}.first_load_cycles") in places
    assert fitted > 10


def test_no_board_changes_the_bus_without_a_declaration() -> None:
    declared = {
        board for c in CONSTANTS for board, keys in c.places.items() if "core_parameters" in str(keys)
    }
    for path in (files("peripherals") / "families").iterdir():
        for line in path.read_text().splitlines():
            if line.startswith("core_parameters") and "fitted" in line:
                family = path.name.removesuffix(".toml")
                boards = [name for name in list_boards() if _family_of(name) == family]
                assert set(boards) <= declared, family


def _family_of(board: str) -> str:
    text = (files("peripherals") / "boards" / f"{board}.toml").read_text()
    found = re.search(r'^family = "(\w+)"', text, re.MULTILINE)
    assert found is not None, board
    return found[1]


@pytest.mark.parametrize("key", ["accelerators.flash.bus_cycles", "regions.sram3.first_load_cycles",
                                 "core_parameters.same_base_hides"])  # fmt: skip
def test_another_value_under_a_key(key: str) -> None:
    board = load_board("nucleo-l4r5zi")
    other = 1 - min(1, parameter_of(board, key))
    changed = with_parameter(board, key, other)
    assert parameter_of(changed, key) == other
    assert with_parameter(changed, key, parameter_of(board, key)).regions == board.regions


@pytest.mark.parametrize(
    "key", ["accelerators.flash.bus", "regions.sram9.first_load_cycles", "flash", "core_parameters.x"]
)
def test_a_key_that_is_none_is_told(key: str) -> None:
    with pytest.raises(BoardError, match="there is no such key"):
        parameter_of(load_board("nucleo-l4r5zi"), key)


def test_a_constant_with_two_values_is_told() -> None:
    two = FittedConstant("two", "", "", (), {"nucleo-h7a3zi-q": (
        "accelerators.flash.bus_cycles", "accelerators.axi_sram.bus_cycles")})  # fmt: skip
    with pytest.raises(BoardError, match=r"two has several values: \[4, 5\]"):
        two.value_on(load_board("nucleo-h7a3zi-q"))
    places = dict.fromkeys(("nucleo-h7a3zi-q", "nucleo-u575zi-q"), ("accelerators.flash.bus_cycles",))
    apart = FittedConstant("apart", "", "", (), places)
    with pytest.raises(BoardError, match="apart differs from board to board"):
        values_as_they_are([apart])


# -- the search ---------------------------------------------------------------------------------------
def constant(name: str, *values: int) -> FittedConstant:
    return FittedConstant(name, "whole cycles", "by hand", ("a row",), {}, values)


BUS, BANK = constant("bus", 0, 1, 2, 3), constant("bank", 0, 1)


def row(submitter: str, network: str, ratios: Mapping[tuple[int, ...], float], *names: str) -> RepricedRow:
    return RepricedRow(
        CatalogRow("v1", submitter, "s", network, f"{submitter}-{network}", "b", 1.0), names, ratios
    )


def linear(base: float, slope: float) -> dict[tuple[int, ...], float]:
    return {(value,): base + slope * value for value in BUS.values}


def test_a_refit_takes_the_value_with_the_smallest_mean_error() -> None:
    rows = [row("a", "kws", linear(0.9, 0.05), "bus"), row("b", "kws", linear(0.94, 0.05), "bus")]
    assert refit([BUS], rows) == {"bus": 2}  # 1.00 and 1.04: 0.02; at 1 it is 0.95 and 0.99: 0.03
    assert refit([BUS], rows[:1]) == {"bus": 2}
    assert refit([BUS], rows[1:]) == {"bus": 1}
    assert refit([BUS], []) == {"bus": 0}, "nothing has a say: the first value"


def test_of_equals_the_smallest_is_taken() -> None:
    assert refit([BUS], [row("a", "kws", {(v,): 1.02 if v < 2 else 1.0 for v in BUS.values}, "bus")]) == {
        "bus": 2
    }


def test_constants_that_share_an_image_are_searched_together() -> None:
    both = {(bus, bank): 0.8 + 0.1 * bus * bank for bus in BUS.values for bank in BANK.values}
    alone = {(bank,): 1.0 - 0.01 * bank for bank in BANK.values}
    rows = [row("a", "kws", both, "bus", "bank"), row("b", "ic", alone, "bank")]
    assert refit([BUS, BANK], rows) == {"bus": 2, "bank": 1}


def test_a_family_has_no_say_in_what_it_is_judged_by() -> None:
    odd = row("us", "ad", linear(0.7, 0.1), "bus")  # wants 3
    also_odd = row("us", "ad", linear(0.71, 0.1), "bus")
    others = row("them", "kws", linear(0.9, 0.1), "bus")  # wants 1
    free = row("them", "ic", {(): 1.03})
    result = leave_one_out([odd, also_odd, others, free], [BUS, BANK], {"bus": 2, "bank": 0})
    by_family = {family.family: family for family in result.families}
    assert by_family["us", "ad"].changed == {"bus": 1}
    assert [r.left_out_ratio for r in by_family["us", "ad"].rows] == pytest.approx([0.8, 0.81])
    assert by_family["us", "ad"].rows[0].ratio == pytest.approx(0.9)
    assert by_family["them", "kws"].changed == {"bus": 3}
    assert (by_family["them", "ic"].refitted, by_family["them", "ic"].rows[0].left_out_ratio) == ({}, 1.03)
    assert result.figures.count == 4
    assert result.best == {"bus": 3}  # 0, 0.01 and 0.2 for the three that depend on it
    assert result.wanted == {"bus": {odd.row.title: 3, others.row.title: 1}}
    report = json.loads(json.dumps(result.as_json()))
    assert report["constants"] == {"bus": 2, "bank": 0}
    assert report["left_out_mean_abs_error"] == pytest.approx((0.2 + 0.19 + 0.2 + 0.03) / 4)
    us = next(family for family in report["families"] if family["submitter"] == "us")
    assert us["left_out_mean_abs_error"] == pytest.approx(0.195)
    assert us["rows"][0]["path"] == "us-ad"


# -- the command ---------------------------------------------------------------------------------------
def test_an_image_that_was_not_refitted_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = ("v1.2 bosch NUCLEO_U575ZI_int8 ad: interrupted",)
    monkeypatch.setattr(validate_run, "run_leave_one_out", lambda *_: Refits(lacking=lacking))
    monkeypatch.setattr(validate_run, "find_image", lambda *_: "found")
    monkeypatch.setattr(validate_run, "streaming_catalog", tuple)
    monkeypatch.setattr(
        validate_run, "validate_rows", lambda rows, *_: [blank_row(r, "ok", "") for r in rows]
    )
    bands, report = OutputFile(tmp_path / "bands.json"), OutputFile(tmp_path / "report.json")
    outputs = ValidateOutputs(report, bands, leave_one_out=True)
    with pytest.raises(CheckFailed, match="1 images were not refitted") as raised:
        run_validate(None, ValidateOptions(), 1, outputs)
    assert "interrupted" in raised.value.next_step
    assert (tmp_path / "report.json").exists()
    assert not (tmp_path / "bands.json").exists()


def test_images_of_others_are_left_out_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    unseen = CatalogRow("v9", "us", "s", "kws", "none.bin", "nucleo-l4r5zi", 1.0)
    assert run_leave_one_out([unseen], ValidateOptions(), 1, Console()) == Refits()
    assert "nothing to refit" in capsys.readouterr().out


# -- on published images ------------------------------------------------------------------------------
U575_PAIR = ("v1.2 bosch NUCLEO_U575ZI_int8 ad", "v1.2 bosch NUCLEO_U575ZI_int8_max_performance ad")
ST_AD = "v1.3 STMicroelectronics NUCLEO_U575ZI_Q ad"
ICACHE_MISS = next(c for c in CONSTANTS if "nucleo-u575zi-q" in c.places)


def test_a_booted_machine_with_other_parameters_is_another_board(
    development_image: Callable[[str, str], Path], request: pytest.FixtureRequest
) -> None:
    row = DEVELOPMENT[U575_PAIR[0]]
    development_image(row.version, row.path)
    folders = (Path(request.config.getoption("--images")),)
    priced = Reprice(folders, (ICACHE_MISS,))(row)
    assert not priced.problem
    assert priced.constants == (ICACHE_MISS.name,)
    as_it_is = ICACHE_MISS.value_on(load_board(row.board))
    validated = validate_row(row, ValidateOptions(folders)).ratio
    assert priced.ratio({ICACHE_MISS.name: as_it_is}) == pytest.approx(validated, rel=0.002)
    ascending = [priced.ratio({ICACHE_MISS.name: value}) for value in ICACHE_MISS.values]
    assert ascending == sorted(ascending)
    assert ascending[0] < ascending[-1]
    found = find_image(row, folders)
    assert found is not None
    board = with_values(load_board(row.board), [ICACHE_MISS], [ICACHE_MISS.values[-1]])
    fresh = BootedImage(row, machine_of(row, found, board))
    assert fresh.ratio(board) == pytest.approx(ascending[-1], rel=0.001)


def test_the_command_on_three_images(
    development_image: Callable[[str, str], Path], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rows = [DEVELOPMENT[title] for title in (*U575_PAIR, ST_AD)]
    for row in rows:
        development_image(row.version, row.path)
    catalog = tmp_path / "catalog.csv"
    columns = ("version", "submitter", "system", "benchmark", "path", "board", "published_latency_ms", "mhz")
    lines = [",".join(str(getattr(row, column)) for column in columns) for row in rows]
    catalog.write_text("\n".join([",".join(columns), *lines]) + "\n")
    arguments = [
        "--catalog",
        catalog,
        "--images",
        request.config.getoption("--images"),
        "--json",
        tmp_path / "out.json",
    ]
    arguments += ["--leave-one-out", "--update-bands", tmp_path / "bands.json"]
    result = CliRunner().invoke(validate, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out.json").read_text())["leave_one_out"]
    families = {(family["submitter"], family["network"]): family for family in report["families"]}
    assert set(families) == {("bosch", "ad"), ("STMicroelectronics", "ad")}
    refitted = families["bosch", "ad"]["refitted"][ICACHE_MISS.name]
    assert refitted in ICACHE_MISS.values
    assert "left out" in result.output
    images = json.loads((tmp_path / "bands.json").read_text())["images"]
    left_out = {
        row["title"]: row["left_out_ratio"] for family in report["families"] for row in family["rows"]
    }
    assert {image["name"]: image["left_out_ratio"] for image in images} == left_out
