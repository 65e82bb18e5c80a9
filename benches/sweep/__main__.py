"""``python -m benches.sweep``: see :mod:`benches.sweep.speed`."""

from benches.sweep.speed import main

if __name__ == "__main__":
    main(prog_name="python -m benches.sweep")
