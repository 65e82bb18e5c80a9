"""The dynamic branch predictor's rules."""

from __future__ import annotations

from emulator.thumb.decode import decode_block
from emulator.timing.branch_predictor import BranchPredictor
from emulator.timing.cores import core_model
from emulator.timing.model import FALL_THROUGH


def test_a_loop_is_predicted_but_for_its_end_each_time() -> None:
    predictor = BranchPredictor()
    wrong = [predictor.direct(1, backward=True, taken=turn < 3) for _loop in range(3) for turn in range(4)]
    assert wrong == [False, False, False, True] * 3


def test_a_branch_not_met_before_goes_backward_or_not_at_all() -> None:
    predictor = BranchPredictor()
    assert not predictor.direct(1, backward=True, taken=True)
    assert predictor.direct(2, backward=True, taken=False)
    assert not predictor.direct(3, backward=False, taken=False)
    assert predictor.direct(4, backward=False, taken=True)


def test_one_outlier_does_not_change_a_strong_prediction() -> None:
    predictor = BranchPredictor()
    for _ in range(3):
        predictor.direct(1, backward=False, taken=True)
    assert predictor.direct(1, backward=False, taken=False)
    assert not predictor.direct(1, backward=False, taken=True)


def test_an_indirect_branch_goes_where_it_went_the_last_time() -> None:
    predictor = BranchPredictor()
    assert [predictor.indirect(1, t) for t in (8, 8, 16, 8)] == [True, False, True, True]


def test_saved_state_comes_back() -> None:
    predictor = BranchPredictor()
    predictor.indirect(1, 8)
    saved = predictor.save()
    predictor.indirect(1, 16)
    predictor.load(saved)
    assert not predictor.indirect(1, 8)


def test_m7_wrong_prediction_is_8_and_6_when_the_flags_were_early() -> None:
    """jnk0le/random cortex_m7.md: 8, and 6 when the flags were set 3 cycles before."""
    model = core_model("cortex-m7")
    late = decode_block(bytes.fromhex("0138fdd1"), 0x1000)  # subs r0,#1; bne
    early = decode_block(bytes.fromhex("0138" + "00bf" * 8 + "f4d1"), 0x1000)  # eight NOPs between
    assert model.step(model.initial_state, late, 0, FALL_THROUGH).mispredict == 8
    assert model.step(model.initial_state, early, 0, FALL_THROUGH).mispredict == 6


def test_other_cores_predict_nothing() -> None:
    for name in ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33"):
        assert not core_model(name).predicts_branches
