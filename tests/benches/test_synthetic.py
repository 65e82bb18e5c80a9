"""The synthetic inputs: repeatable, in the official layout, and the shipped ones are these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benches import synthetic
from benches.suite import benchmarks
from benches.suite.input_files import read_labels

INPUTS = Path(__file__).resolve().parents[2] / "benches" / "inputs"


@pytest.fixture(params=synthetic.BENCHMARKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_sample_depends_on_seed_and_index_only(name: str) -> None:
    twelve = synthetic.make_dataset(name, 12, 5)
    assert synthetic.make_dataset(name, 4, 5, first=8) == twelve[8:]
    assert synthetic.make_dataset(name, 2, 6)[0].data != twelve[0].data


def test_prefixes_are_balanced(name: str) -> None:
    classes = len(synthetic.class_names(name))
    labels = [sample.label for sample in synthetic.make_dataset(name, 3 * classes, 1)]
    assert np.bincount(labels).tolist() == [3] * classes


def test_an_input_has_the_benchmarks_size(name: str) -> None:
    size = len(synthetic.make_dataset(name, 1, 1)[0].data)
    wanted = benchmarks.find(name).input_bytes
    assert size == wanted if name != "ad" else (size - wanted) % synthetic.AD_STEP_BYTES == 0


def test_files_are_written_in_the_official_layout(name: str, tmp_path: Path) -> None:
    samples = synthetic.make_dataset(name, 3, 1)
    synthetic.write_dataset(tmp_path, name, samples)
    kind = benchmarks.find(name)
    read = read_labels(tmp_path, kind)
    assert [(file.path.name, file.path.read_bytes(), file.label) for file in read] == [
        (sample.name, sample.data, sample.label) for sample in samples
    ]
    assert {file.stride_bytes for file in read} == {
        synthetic.AD_STEP_BYTES if name == "ad" else kind.input_bytes
    }


def test_the_shipped_inputs_are_the_first_of_the_test_set(name: str) -> None:
    """A float differs in the last place between C libraries, so a rounded value may differ by one."""
    kind = benchmarks.find(name)
    shipped = read_labels(INPUTS / kind.model_name, kind)
    made = synthetic.make_dataset(name, synthetic.SHIPPED_COUNTS[name], synthetic.TEST_SEED)
    element = {"kws": "i1", "ad": "<f4"}.get(name, "u1")
    for file, sample in zip(shipped, made, strict=True):
        assert (file.path.name, file.label) == (sample.name, sample.label)
        there = np.frombuffer(file.path.read_bytes(), element).astype(np.float64)
        here = np.frombuffer(sample.data, element).astype(np.float64)
        np.testing.assert_allclose(here, there, rtol=0, atol=1e-4 if name == "ad" else 1)


def test_an_unknown_benchmark_and_a_negative_count_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown benchmark 'sww'; known: kws, vww, ic, ad"):
        synthetic.make_dataset("sww", 1, 1)
    with pytest.raises(ValueError, match="must not be negative"):
        synthetic.make_dataset("kws", -1, 1)


@pytest.mark.parametrize("name", ["kws", "vww", "ic"])
def test_class_means_do_not_tell_the_classes_apart(name: str) -> None:
    """The sets are worth a network: the nearest mean of the training inputs is mostly the wrong class."""

    def arrays(seed: int) -> tuple[np.ndarray, np.ndarray]:
        samples = synthetic.make_dataset(name, 240, seed)
        element = "i1" if name == "kws" else "u1"
        inputs = np.stack([np.frombuffer(sample.data, element) for sample in samples]).astype(np.float32)
        return inputs, np.array([sample.label for sample in samples])

    inputs, labels = arrays(synthetic.TRAINING_SEED)
    means = np.stack([inputs[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    tested, truth = arrays(synthetic.TEST_SEED)
    nearest = np.argmin([((tested - mean) ** 2).sum(axis=1) for mean in means], axis=0)
    assert np.mean(nearest == truth) < 0.6
