"""docs/ci.md: what it shows of files is what is in them; every option, key and code has its line."""

from __future__ import annotations

import re
from pathlib import Path

import click
import yaml

from benches.cli.check import check
from benches.gate.specification import MeasurementTable, read_specification
from emulator.reporting.figures import PARTS
from emulator.schema.table import fields_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text()
EXAMPLE = ROOT / "firmware" / "examples" / "filter"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_specification_is_one(tmp_path: Path) -> None:
    file = tmp_path / "boardless.toml"
    file.write_text(blocks("toml")[0])
    assert read_specification(file).measurements[0].limits["cycles"].hard == 50_000


def test_steps_are_those_of_the_example() -> None:
    workflow = (EXAMPLE / ".github/workflows/firmware.yml").read_text()
    action, gitlab, component = blocks("yaml")
    assert action in workflow
    job = (EXAMPLE / ".gitlab-ci.yml").read_text()
    assert gitlab in job
    assert set(yaml.safe_load(job)) == {"cycles"}
    (used,) = yaml.safe_load(component)["include"]
    inputs = next(yaml.safe_load_all((ROOT / "templates" / "check.yml").read_text()))["spec"]["inputs"]
    assert set(used["inputs"]) == {name for name, facts in inputs.items() if "default" not in facts}


def test_every_key_and_option_has_its_words() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"`([^`]+)`", prose))
    keys = {word for cell in words for word in cell.split()}
    assert set(fields_of(MeasurementTable)) - {"limits"} <= keys
    outputs = {
        max(option.opts, key=len)
        for option in check.params
        if isinstance(option, click.Option) and type(option.type).__name__ == "OutputTarget"
    }
    assert outputs | {"--github", "--asv"} <= {word.split()[0] for word in words}
    assert {word.partition(":")[0] for word in words if ":" in word} >= set(PARTS)
