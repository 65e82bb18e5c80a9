"""Write the shipped inputs anew: ``python -m benches.synthetic DIRECTORY`` (``benches/inputs``)."""

from __future__ import annotations

import argparse
from pathlib import Path

from benches import synthetic


def main() -> None:
    """Write each benchmark's shipped inputs, or ``--count`` of one, under the directory given."""
    parser = argparse.ArgumentParser(prog="python -m benches.synthetic", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--benchmark", choices=synthetic.BENCHMARKS, help="only this one")
    parser.add_argument("--count", type=int, help="samples instead of the shipped number")
    parser.add_argument("--seed", type=int, default=synthetic.TEST_SEED)
    arguments = parser.parse_args()
    for benchmark in (arguments.benchmark,) if arguments.benchmark else synthetic.BENCHMARKS:
        count = synthetic.SHIPPED_COUNTS[benchmark] if arguments.count is None else arguments.count
        samples = synthetic.make_dataset(benchmark, count, arguments.seed)
        synthetic.write_dataset(arguments.directory / synthetic.directory_name(benchmark), benchmark, samples)


if __name__ == "__main__":
    main()
