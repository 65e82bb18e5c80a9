import csv
import json
import sys

import pytest

from benches.suite import golden_trial
from benches.suite.benchmarks import ANOMALY_DETECTION, IMAGE_CLASSIFICATION, KEYWORD_SPOTTING
from benches.suite.golden import GoldenInterpreter, GoldenUnavailable, compare
from benches.suite.shipped import model_for
from emulator.errors import UsageError
from emulator.installation.requirements import golden_advice


@pytest.mark.parametrize(
    ("printed", "golden", "match"),
    [
        ((0.004, 0.996), (1 / 256, 255 / 256), True),  # rounded, as newlib does
        ((0.003, 0.996), (1 / 256, 255 / 256), True),  # cut, as mbed's minimal printf does
        ((0.008, 0.992), (1 / 256, 255 / 256), False),  # one step of the int8 output off
        ((0.004,), (1 / 256, 255 / 256), False),
    ],
)
def test_printed_results_match_rounded_or_cut(printed, golden, match):
    assert compare(printed, golden, 0.0).match is match


def test_difference_is_in_output_units():
    assert compare((0.25, 0.5), (0.25, 0.625), 0.0).max_abs_diff == 0.125
    assert compare((0.25,), (0.25, 0.625), 0.0).max_abs_diff is None


def test_six_decimals_are_compared_as_six():
    assert compare((0.023438,), (6 / 256,), 0.0, decimals=6).match
    assert not compare((0.023439,), (6 / 256,), 0.0, decimals=6).match


def test_tolerance_widens_by_output_units():
    assert compare((11.675,), (11.6762,), 0.0011).match
    assert not compare((11.675,), (11.6782,), 0.0011).match


def test_missing_runtime_is_told_with_the_command_to_install_it(monkeypatch, tmp_path):
    for module in ("tflite_runtime.interpreter", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(GoldenUnavailable) as caught:
        GoldenInterpreter(tmp_path / "any.tflite", KEYWORD_SPOTTING)
    assert caught.value.next_step == golden_advice()


def test_a_file_that_is_no_model(tmp_path):
    path = tmp_path / "not.tflite"
    path.write_bytes(b"not a flatbuffer")
    with pytest.raises(UsageError, match=r"not\.tflite"):
        GoldenInterpreter(path, KEYWORD_SPOTTING)


def test_reference_keyword_model_gives_what_the_board_printed(reference_data):
    golden = GoldenInterpreter(reference_data / "models/kws_ref_model.tflite", KEYWORD_SPOTTING)
    with (reference_data / "golden/board_kws01_m-results.csv").open() as file:
        rows = list(csv.reader(file))[::10]
    for name, *printed in rows:
        outputs = golden.outputs((reference_data / "datasets/kws01" / name).read_bytes())
        assert compare([float(word) for word in printed], outputs, 0.0).match, name


def test_reference_image_model_gives_what_the_board_printed(reference_data):
    golden = GoldenInterpreter(reference_data / "models/pretrainedResnet_quant.tflite", IMAGE_CLASSIFICATION)
    outputs = golden.outputs((reference_data / "datasets/ic01/taxi_s_001241.bin").read_bytes())
    assert compare((0.0, 0.996, 0, 0, 0, 0, 0, 0, 0, 0), outputs, 0.0).match


def test_anomaly_scores_follow_the_host_model(reference_data):
    """The stored scores come from TensorFlow's optimized kernels, which round differently."""
    golden = GoldenInterpreter(reference_data / "models/ad01_int8.tflite", ANOMALY_DETECTION)
    stored = json.loads((reference_data / "golden/host_ad01_window_mse.json").read_text())
    recording = (reference_data / "datasets/ad01/normal_id_01_00000000_hist_librosa.bin").read_bytes()
    for index in range(0, len(stored), 20):
        (score,) = golden.outputs(recording[512 * index : 512 * index + 2560])
        assert score == pytest.approx(stored[index], abs=0.02)


def test_wrong_benchmark_for_a_model_names_both_sizes(reference_data):
    with pytest.raises(UsageError, match=r"takes 490 values.*needs 3072"):
        GoldenInterpreter(reference_data / "models/kws_ref_model.tflite", IMAGE_CLASSIFICATION)


def test_a_model_that_the_interpreter_dies_of_is_refused(monkeypatch, tmp_path):
    """Whatever a damaged model does, it does it in a process of its own."""
    shipped = model_for(KEYWORD_SPOTTING)
    model = shipped.read_bytes()
    golden_trial.try_model(model, "right.tflite")
    program = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(golden_trial, "command", lambda: [sys.executable, "-c", program])
    with pytest.raises(UsageError, match=r"crashes on this model \(signal 11\)"):
        GoldenInterpreter(shipped, KEYWORD_SPOTTING)
    GoldenInterpreter(shipped, KEYWORD_SPOTTING, known=True)
    monkeypatch.setattr(
        golden_trial, "command", lambda: [sys.executable, "-c", "import time; time.sleep(60)"]
    )
    monkeypatch.setattr(golden_trial, "LIMIT_S", 0.2)
    with pytest.raises(UsageError, match="not through with one inference"):
        golden_trial.try_model(model, "slow.tflite")
