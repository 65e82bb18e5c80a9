"""The fit report points at the cause that explains the error."""

from dataclasses import replace

import pytest

from benches.silicon.fit_report import fit_report
from benches.silicon.validate import OK, ValidatedRow

ROW = ValidatedRow(
    "v1.2", "us", "a board", "kws", "performance", "nucleo-l4r5zi", "cortex-m4", "a.bin", status=OK
)


def row(flash, branch, issue=1000):
    """The board spends half as much again on flash as the model says."""
    modelled = issue + flash + branch
    return replace(
        ROW,
        published_cycles=modelled + flash // 2,
        modelled_cycles=modelled,
        cycles_by_cause={"issue": issue, "flash (data)": flash, "branch": branch, "divide": 0},
    )


def test_the_cause_of_the_error_comes_first():
    fits = fit_report([row(100, 40), row(300, 10), row(20, 90), row(200, 200)])
    best = fits[0]
    assert best.cause == "flash (data)"
    assert best.correlation == pytest.approx(1.0)
    assert best.factor == pytest.approx(0.5)
    assert best.mean_abs_error_left == pytest.approx(0.0, abs=1e-12)
    assert best.mean_abs_error > 0.02
    assert {fit.cause for fit in fits} == {"flash (data)", "branch", "issue"}


def test_two_rows_are_too_few():
    assert fit_report([row(100, 40), row(300, 10)]) == []


def test_equal_shares_have_no_correlation():
    assert all(fit.correlation is None for fit in fit_report([row(100, 40)] * 3))
