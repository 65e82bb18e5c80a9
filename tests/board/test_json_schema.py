"""``boardless boards --schema``: what an editor says of a board file is what the reader says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from emulator.board.json_schema import board_schema
from emulator.board.reader import list_boards, load_board
from emulator.board.schema import CORES, BoardTable
from emulator.board.shipped import device_kinds
from emulator.cli.main import main
from emulator.device import Device
from emulator.schema.table import field_names
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(ROOT.glob("peripherals/*/*.toml"))
MINE = 'title = "Mine"\nfamily = "stm32l4plus"\nconsole = "usart2"\n'


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """As the command prints it."""
    result = CliRunner().invoke(main, ["boards", "--schema"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.output)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def mistakes(validator: jsonschema.Draft7Validator, text: str) -> list[str]:
    return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors(tomllib.loads(text))]


def test_it_is_the_schema_of_the_declarations(schema: dict[str, Any]) -> None:
    assert schema == json.loads(json.dumps(board_schema()))
    assert set(schema["properties"]) == set(field_names(BoardTable))
    for table in (
        *(kind.parameters for kind in KINDS.values()),
        *(core.parameters for core in MODELS.values()),
    ):
        assert set(schema["definitions"][table.__name__]["properties"]) == set(field_names(table))
    for kind in device_kinds().values():
        assert set(schema["definitions"][kind.PARAMETERS.__name__]["properties"]) == set(
            field_names(kind.PARAMETERS)
        )


def test_every_key_says_what_it_means(schema: dict[str, Any]) -> None:
    for name, definition in {"": schema, **schema["definitions"]}.items():
        for key, field in definition["properties"].items():
            assert field.get("description"), f"{name}.{key}"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_files_are_right(validator: jsonschema.Draft7Validator, file: Path) -> None:
    assert mistakes(validator, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("consle = 'usart2'\n", ""),
        ("family = 'stm32l4pls'\n", "family"),
        ("core = 'cortex-m5'\n", "core"),
        ("reset_hz = 0\n", "reset_hz"),
        ("signals = { PC13 = 2 }\n", "signals.PC13"),
        ("core_parameters = { bitband = 1 }\n", "core_parameters"),
        ("[regions.sram3]\nwait_state = 40\n", "regions.sram3"),
        ("[regions.sram3]\nsize_bytes = 1000\n", "regions.sram3.size_bytes"),
        ("[accelerators.flash]\nkind = 'stm32-arm'\n", "accelerators.flash.kind"),
        ("[accelerators.flash.parameters]\nlines = 9\n", "accelerators.flash.parameters"),
        ("[accelerators.flash.parameters]\nline_bytes = 7\n", "accelerators.flash.parameters.line_bytes"),
        ("[accelerators.flash.sources]\nlines = 'x'\n", "accelerators.flash.sources"),
        ("[devices.usart2.parameters]\nfifos = 8\n", "devices.usart2.parameters"),
        ("[devices.usart2.parameters]\nfifo = 65\n", "devices.usart2.parameters.fifo"),
        ("[devices.usart2.interrupts]\nglobl = 5\n", "devices.usart2.interrupts"),
        ("[devices.more]\ntype = 'peripherals.stm32.timer:Timer'\nparameters = { bits = 24 }\n",
         "devices.more.parameters.bits"),
        ("[devices.usart2]\ntype = 'peripherals.stm32.timer:Timer'\nparameters = { fifo = 8 }\n",
         "devices.usart2.parameters"),
        ("[devices.rng]\ntype = 'os.system'\n", "devices.rng.type"),
        ("[energy]\nsupply_mv = '3.3'\n", "energy.supply_mv"),
    ],
)  # fmt: skip
def test_an_editor_sees_the_mistakes(
    validator: jsonschema.Draft7Validator, tmp_path: Path, text: str, path: str
) -> None:
    board = (MINE if not text.startswith("family") else MINE.replace("family", "#")) + text
    assert path in mistakes(validator, board)
    assert mistakes(validator, MINE) == []


def test_a_board_without_a_family_says_everything(validator: jsonschema.Draft7Validator) -> None:
    (error,) = {
        e.message for e in validator.iter_errors({"title": "x", "core": "cortex-m4"}) if "fpu" in e.message
    }
    assert error == "'fpu' is a required property"


def test_cores_and_kinds_are_those_that_there_are(schema: dict[str, Any]) -> None:
    assert set(CORES) == set(MODELS) == set(schema["properties"]["core"]["enum"])
    assert set(KINDS) == set(schema["definitions"]["AcceleratorTable"]["properties"]["kind"]["enum"])


def test_every_device_class_of_a_shipped_board_is_in_it(schema: dict[str, Any]) -> None:
    offered = schema["definitions"]["DeviceTable"]["properties"]["type"]["anyOf"][0]["enum"]
    used = {entry.type for name in list_boards() for entry in load_board(name).devices}
    assert used <= set(offered) == set(device_kinds())
    assert all(issubclass(kind, Device) for kind in device_kinds().values())


def test_the_schema_and_a_board_at_once_are_refused() -> None:
    result = CliRunner().invoke(main, ["boards", "virtual-m4", "--schema"])
    assert result.exit_code == 2
