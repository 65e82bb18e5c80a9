"""One inference with a model from standard input: ``python -m benches.suite.golden_trial < MODEL``.

TensorFlow Lite's interpreter does not check a model's offsets: a damaged one ends the process. So a
model that nobody knows is tried in a process of its own first.
"""

from __future__ import annotations

import subprocess
import sys

from benches.suite.golden_runtimes import find_runtime
from emulator.errors import UsageError

LIMIT_S = 60.0


def command() -> list[str]:
    """What starts :func:`main` in another process."""
    return [sys.executable, "-m", __spec__.name]


def try_model(model: bytes, where: str) -> None:
    """Raise :class:`UsageError` when the interpreter crashes on the model, or does not come to an end."""
    next_step = "Copy the model again from where it was made; is it a whole, quantized .tflite file?"
    try:
        done = subprocess.run(command(), input=model, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"the golden interpreter was not through with one inference after {LIMIT_S:g} s",
            where=where,
            next_step=next_step,
        ) from error
    if done.returncode < 0:
        raise UsageError(
            f"the golden interpreter crashes on this model (signal {-done.returncode})",
            where=where,
            next_step=next_step,
        )


def main() -> None:
    """Invoke the model once, on what its tensors hold; an error that has words is the caller's to meet."""
    interpreter = find_runtime().interpreter(sys.stdin.buffer.read())
    for detail in interpreter.get_input_details():
        interpreter.get_tensor(detail["index"])
    interpreter.invoke()
    for detail in interpreter.get_output_details():
        interpreter.get_tensor(detail["index"])


if __name__ == "__main__":
    main()
