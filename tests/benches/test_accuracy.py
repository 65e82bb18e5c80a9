import struct

import pytest
from fake_device import FakeMachine

from benches.measure.accuracy import quality, roc_auc, run_accuracy
from benches.protocol.host import ProtocolHost
from benches.protocol.machine_channel import MachineChannel
from benches.suite.benchmarks import ANOMALY_DETECTION, KEYWORD_SPOTTING, VISUAL_WAKE_WORDS
from benches.suite.input_files import dataset_folder, load_inputs, read_labels
from emulator.errors import UsageError


def test_roc_auc_by_hand():
    assert roc_auc([False, True], [0.1, 0.9]) == 1.0
    assert roc_auc([True, False], [0.1, 0.9]) == 0.0
    assert roc_auc([True, False, True, False], [0.5, 0.5, 0.5, 0.5]) == 0.5
    # positives 0.35, 0.8 against negatives 0.1, 0.4: three of four pairs are in order
    assert roc_auc([False, False, True, True], [0.1, 0.4, 0.35, 0.8]) == 0.75
    assert roc_auc([True, True], [0.1, 0.2]) is None


def test_quality_of_a_classifier():
    got = quality(VISUAL_WAKE_WORDS, [0, 1, 1], [(0.9, 0.1), (0.2, 0.8), (0.6, 0.4)])
    assert got.top_1 == pytest.approx(2 / 3)
    assert got.auc == 1.0  # both of class 1 score above the one of class 0


def test_first_of_equal_outputs_is_the_answer():
    assert quality(VISUAL_WAKE_WORDS, [0, 1], [(0.5, 0.5), (0.5, 0.5)]).top_1 == 0.5


@pytest.fixture
def person_folder(tmp_path):
    folder = tmp_path / "vww01"
    folder.mkdir()
    lines = []
    for index in range(4):
        (folder / f"{index}.bin").write_bytes(bytes([index * 80]) * VISUAL_WAKE_WORDS.input_bytes)
        lines.append(f"{index}.bin,2,{index // 2}")
    (folder / "y_labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def brightness(data: bytes) -> str:
    return f"{1 - data[0] / 256:.3f},{data[0] / 256:.3f}"


def session(machine):
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    return host


def test_labelled_folder_through_the_device(person_folder):
    files = read_labels(dataset_folder(person_folder, VISUAL_WAKE_WORDS), VISUAL_WAKE_WORDS)
    seen = []
    result = run_accuracy(
        session(FakeMachine(results=brightness)),
        VISUAL_WAKE_WORDS,
        files,
        progress=lambda r: seen.append(r.done),
    )
    assert seen == [1, 2, 3, 4]
    assert result.device_quality().top_1 == 1.0
    assert result.golden_quality() is None
    assert result.mismatches == 0


def test_interruption_keeps_what_is_done(person_folder):
    files = read_labels(dataset_folder(person_folder, VISUAL_WAKE_WORDS), VISUAL_WAKE_WORDS)
    machine = FakeMachine(results=brightness, interrupt_after_inferences=2)
    result = run_accuracy(session(machine), VISUAL_WAKE_WORDS, files)
    assert (result.interrupted, result.done, result.total) == (True, 2, 4)
    assert result.device_quality().top_1 == 1.0


def test_any_number_of_processes_gives_the_same_in_the_order_of_the_set(person_folder):
    files = read_labels(dataset_folder(person_folder, VISUAL_WAKE_WORDS), VISUAL_WAKE_WORDS)
    alone = run_accuracy(session(FakeMachine(results=brightness)), VISUAL_WAKE_WORDS, files)
    for jobs in (2, 3, 9):
        machine = FakeMachine(results=brightness)
        result = run_accuracy(session(machine), VISUAL_WAKE_WORDS, files, jobs=jobs)
        assert (result.labels, result.device) == (alone.labels, alone.device)
        assert result.total == result.done == 4


def test_interrupted_processes_keep_what_is_done(person_folder):
    files = read_labels(dataset_folder(person_folder, VISUAL_WAKE_WORDS), VISUAL_WAKE_WORDS)
    machine = FakeMachine(results=brightness, interrupt_after_inferences=1)  # each process its second file
    result = run_accuracy(session(machine), VISUAL_WAKE_WORDS, files, jobs=2)
    assert result.interrupted
    assert 1 <= result.done <= 2
    assert result.device_quality().top_1 == 1.0


def test_each_file_meets_the_device_as_it_had_booted(person_folder):
    files = read_labels(dataset_folder(person_folder, VISUAL_WAKE_WORDS), VISUAL_WAKE_WORDS)
    anew = []
    machine = FakeMachine(results=brightness)
    run_accuracy(session(machine), VISUAL_WAKE_WORDS, files, begin_anew=lambda: anew.append(1))
    assert len(anew) == len(files)


def test_anomaly_recording_slides_a_window_and_averages(tmp_path):
    values = [float(index // 128) for index in range(128 * 7)]  # 7 frames of 128: three windows of 5
    (tmp_path / "recording.bin").write_bytes(struct.pack(f"<{len(values)}f", *values))
    (tmp_path / "y_labels.csv").write_text("recording.bin,2,1,2560,512\n")
    (item,) = read_labels(tmp_path, ANOMALY_DETECTION)
    machine = FakeMachine(model="ad01", results=lambda data: f"{struct.unpack_from('<f', data)[0]:.3f}")
    result = run_accuracy(session(machine), ANOMALY_DETECTION, [item])
    assert result.inferences == 3
    assert result.device == [(1.0,)]  # the windows begin with frames 0, 1 and 2


def test_performance_takes_the_first_window_of_a_recording(tmp_path):
    path = tmp_path / "recording.bin"
    path.write_bytes(b"\1" * 2560 + b"\2" * 2560)
    assert load_inputs([path], ANOMALY_DETECTION)[0].data == b"\1" * 2560


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("a.bin\n", "y_labels.csv:1"),
        ("a.bin,12,x\n", "y_labels.csv:1"),
        ("a.bin,12,1,100,10\n", "100 bytes an inference; kws takes 490"),
        ("", "empty"),
    ],
)
def test_bad_labels_name_the_line(tmp_path, labels, message):
    (tmp_path / "y_labels.csv").write_text(labels)
    with pytest.raises(UsageError, match=message):
        read_labels(tmp_path, KEYWORD_SPOTTING)


def test_wrong_size_and_missing_folder_are_told(tmp_path):
    path = tmp_path / "short.bin"
    path.write_bytes(b"1234")
    with pytest.raises(UsageError, match="holds 4 bytes; an input of kws has 490"):
        load_inputs([path], KEYWORD_SPOTTING)
    with pytest.raises(UsageError, match=r"y_labels\.csv"):
        dataset_folder(tmp_path, KEYWORD_SPOTTING)
