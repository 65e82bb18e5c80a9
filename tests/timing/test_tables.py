"""No timing figure without its source."""

from __future__ import annotations

import pytest

from emulator.thumb.instruction import ARMV81M, Kind
from emulator.timing.cores import core_model
from emulator.timing.cores.armv7m_rows import OTHER_MEMORY
from emulator.timing.cores.armv7m_rows import RULES as ARMV7M_RULES
from emulator.timing.cores.cortex_m4 import SAME_BASE_HIDES
from emulator.timing.cores.cortex_m7_rows import RULES as M7_RULES
from emulator.timing.cores.cortex_m33 import RULES as M33_RULES
from emulator.timing.cores.cortex_m55_rows import RULES as M55_RULES
from emulator.timing.cores.cortex_m85_rows import RULES as M85_RULES
from emulator.timing.cores.fetch_queue import RULES as FETCH_RULES
from emulator.timing.cores.registry import MODELS
from emulator.timing.cores.table import STATUSES, Row, Rule, Table, TableError, check_rules

RULE_SETS = {
    "armv7m": ARMV7M_RULES,
    "armv7m fetch": FETCH_RULES,
    "armv7m and m4": {"other memory": OTHER_MEMORY, "same base": SAME_BASE_HIDES},
    "cortex-m7": M7_RULES,
    "cortex-m33": M33_RULES,
    "cortex-m55": M55_RULES,
    "cortex-m85": M85_RULES,
}


@pytest.mark.parametrize("core", sorted(MODELS))
def test_every_row_has_source_and_status(core: str) -> None:
    table = core_model(core).table  # type: ignore[attr-defined]
    assert {row.kind for row in table.rows} in (set(Kind), set(Kind) - set(ARMV81M))
    for row in table.rows:
        assert row.source.strip(), row
        assert row.status in STATUSES, row
        assert row.spread is None or row.spread[0] <= row.cycles <= row.spread[1], row


@pytest.mark.parametrize("name", sorted(RULE_SETS))
def test_every_rule_has_source_and_status(name: str) -> None:
    for what, rule in RULE_SETS[name].items():
        assert rule.source.strip(), what
        assert rule.status in STATUSES, what


def test_a_row_without_a_source_is_refused() -> None:
    with pytest.raises(TableError, match=r"ALU.*no source"):
        Table([Row(Kind.ALU, 1, "trm", " ")])
    with pytest.raises(TableError, match="status 'sure'"):
        Table([Row(Kind.ALU, 1, "sure", "nobody")])
    with pytest.raises(TableError, match=r"latency.*no source"):
        check_rules({"latency": Rule(1, "guess", "")})


def test_a_table_covers_every_kind() -> None:
    with pytest.raises(TableError, match=r"no general row for .*LOAD"):
        Table([Row(Kind.ALU, 1, "guess", "a test")])
