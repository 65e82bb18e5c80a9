"""FIDELITY.md's tables are what the shipped evidence says, and that is what the project promises."""

from __future__ import annotations

import pytest

from benches.silicon.catalog import development_catalog
from benches.silicon.constants import core_figures, table_of
from benches.silicon.error_bands import BandTable, read_bands
from benches.silicon.fidelity import with_tables
from benches.silicon.fitted_constants import fitted_constants
from emulator.errors import UsageError
from emulator.files import read_text
from emulator.installation.documents import FIDELITY, document

WRITE_ANEW = "python -m benches.silicon.fidelity"


def test_the_page_s_tables_are_those_of_the_shipped_evidence() -> None:
    page = read_text(document(FIDELITY))
    assert with_tables(page, read_bands()) == page, f"write them anew: {WRITE_ANEW}"


def test_a_page_without_a_place_for_a_table_is_told() -> None:
    page = read_text(document(FIDELITY)).replace("<!-- table: families -->", "")
    with pytest.raises(UsageError, match="no one place for the table 'families'"):
        with_tables(page, read_bands())


def test_bands_without_refits_make_no_tables() -> None:
    bands = BandTable(read_bands().images)
    with pytest.raises(UsageError, match="without leaving families out"):
        with_tables(read_text(document(FIDELITY)), bands)


def test_the_evidence_is_of_every_development_image() -> None:
    bands = read_bands()
    performance = {row.title for row in development_catalog() if row.mode == "performance"}
    assert {image.name for image in bands.images} == performance
    assert all(image.left_out_ratio is not None for image in bands.images)
    assert bands.left_out is not None
    assert set(bands.left_out["constants"]) == {constant.name for constant in fitted_constants()}
    with_energy = {
        f"{row.version} {row.submitter} {row.system} {row.benchmark} ({row.mode})"
        for row in development_catalog()
        if row.published_energy_uj
    }
    assert {energy["title"] for energy in bands.energies} == with_energy


def test_the_promised_errors_hold() -> None:
    bands = read_bands()
    errors = [abs(image.ratio - 1) for image in bands.images]
    assert sum(errors) / len(errors) <= 0.015
    assert max(errors) <= 0.05
    left_out = [image.error for image in bands.images]
    assert sum(left_out) / len(left_out) <= 0.025
    energies = [abs(energy["modelled_uj"] / energy["published_uj"] - 1) for energy in bands.energies]
    assert sum(energies) / len(energies) <= 0.08
    assert max(energies) <= 0.20


def test_every_figure_of_a_core_is_counted() -> None:
    for figures in core_figures():
        assert sum(figures.rows.values()) == len(table_of(figures.core).rows)
    counts = {figures.core: figures for figures in core_figures()}
    assert counts["cortex-m0plus"].rules == {}
    assert counts["cortex-m4"].rules["fitted"] == 3
