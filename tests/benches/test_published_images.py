"""Published images for the L4R5 boards on known inputs: they print what the real boards printed."""

import csv
import json

import pytest

from benches.measure.performance import GoldenReport, PerformanceSession
from benches.suite.benchmarks import find
from benches.suite.input_files import InputData
from emulator import Machine

ST = "closed/STMicroelectronics/code/NUCLEO_L4R5ZI-P"
BOSCH = "closed/bosch/code/NUCLEO_L4R5ZI_int8"
KWS = ("v1.3", f"{ST}/keyword_spotting/Binaries/KWS_l4r5zip_Performance_962100.hex", "nucleo-l4r5zi-p")
ST_AD = ("v1.3", f"{ST}/anomaly_detection/Binaries/AD_l4r5zip_Performance_921600.hex", "nucleo-l4r5zi-p")
IC = ("v1.2", f"{BOSCH}/ic/l4r5_ic.bin", "nucleo-l4r5zi")
BOSCH_AD = ("v1.2", f"{BOSCH}/ad/l4r5_ad.bin", "nucleo-l4r5zi")
BOSCH_AD_MAX = ("v1.2", f"{BOSCH}_max_performance/ad/l4r5_ad.bin", "nucleo-l4r5zi")

ST_KWS_PRINTED = {  # protocol_logs/mlcrunner_v1.3_ST_kws_performance_log.txt; the other outputs are 0
    "tst_000000_Stop_7.bin": {7: 0.996},
    "tst_000001_Left_2.bin": {2: 0.988, 11: 0.008},
    "tst_000002_Right_6.bin": {6: 0.996},
    "tst_000003_Up_8.bin": {4: 0.004, 8: 0.996},
    "tst_000004_On_5.bin": {5: 0.996},
}


def session(development_image, image):
    version, path, board = image
    machine = Machine(board)
    machine.load(development_image(version, path))
    return machine, PerformanceSession(machine)


def test_keyword_spotting_prints_what_the_board_printed(development_image, reference_data):
    _, played = session(development_image, KWS)
    for name, nonzero in ST_KWS_PRINTED.items():
        played.host.load((reference_data / "datasets/kws01" / name).read_bytes())
        printed = played.host.infer(1, 0).results.values
        assert printed == tuple(nonzero.get(index, 0.0) for index in range(12)), name


def test_image_classification_prints_what_the_board_printed(development_image, reference_data):
    with (reference_data / "golden/board_ic01_m-results.csv").open() as file:
        golden = {name: tuple(map(float, values)) for name, *values in csv.reader(file)}
    _, played = session(development_image, IC)
    played.host.load((reference_data / "datasets/ic01/taxi_s_001241.bin").read_bytes())
    assert played.host.infer(1, 0).results.values == golden["taxi_s_001241.bin"]


@pytest.mark.parametrize("image", [ST_AD, BOSCH_AD, BOSCH_AD_MAX], ids=["st", "bosch", "bosch_max"])
def test_anomaly_detection_scores_as_the_host_model(development_image, reference_data, image):
    recording = (reference_data / "datasets/ad01/normal_id_01_00000000_hist_librosa.bin").read_bytes()
    scores = json.loads((reference_data / "golden/host_ad01_window_mse.json").read_text())
    _, played = session(development_image, image)
    for index in (0, 100):
        played.host.load(recording[512 * index : 512 * index + 2560])
        (printed,) = played.host.infer(1, 0).results.values
        assert printed == pytest.approx(scores[index], abs=0.05)  # each engine rounds its own way


@pytest.mark.parametrize("image", [KWS, BOSCH_AD], ids=["kws", "ad"])
def test_device_clock_and_modelled_cycles_agree_within_a_tick(development_image, image):
    machine, played = session(development_image, image)
    data = InputData("zeros", bytes(played.benchmark.input_bytes))
    (item,) = played.measure([data], 2, 1, GoldenReport()).windows
    assert played.benchmark is find(played.benchmark.name)
    assert machine.clock.core_hz == 120_000_000
    elapsed_us = item.window.counts.cycles / machine.clock.core_hz * 1e6
    # one tick, and the few cycles that one image loses between reading CYCCNT and clearing it
    assert abs(elapsed_us - item.window.elapsed_us) <= 1.1
