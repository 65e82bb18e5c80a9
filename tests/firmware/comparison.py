"""What two interpreters say about an input, to hold the firmware against."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from elftools.elf.elffile import ELFFile
from numpy.typing import NDArray
from tflite_micro import runtime

from benches.suite.golden_runtimes import find_runtime

MICRO_ARENA_BYTES = 600_000


class Golden:
    """TensorFlow Lite's reference kernels for the output, the Micro interpreter for everything between."""

    def __init__(self, model: Path) -> None:
        self.interpreter = find_runtime().open(model)
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self.micro = runtime.Interpreter.from_file(
            str(model),
            arena_size=MICRO_ARENA_BYTES,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        )

    def input_tensor(self, benchmark: str, data: bytes) -> NDArray[np.int8]:
        """The bytes that the host sends, as the network's input."""
        if benchmark == "ad":
            scale, zero_point = self.input["quantization"]
            steps = np.frombuffer(data, "<f4") / np.float32(scale)
            rounded = np.trunc(steps + np.copysign(np.float32(0.5), steps)) + zero_point
            values = np.clip(rounded, -128, 127).astype(np.int8)
        elif benchmark == "kws":
            values = np.frombuffer(data, np.int8)
        else:
            values = (np.frombuffer(data, np.uint8) ^ 0x80).view(np.int8)
        return values.reshape(self.input["shape"])

    def infer(self, values: NDArray[np.int8]) -> bytes:
        """Bytes of the output tensor."""
        self.interpreter.set_tensor(self.input["index"], values)
        self.interpreter.invoke()
        output: NDArray[Any] = self.interpreter.get_tensor(self.output["index"])
        return output.tobytes()

    def layer_checksums(self, values: NDArray[np.int8], tensors: list[int]) -> list[tuple[int, int, str]]:
        """As :meth:`QemuDevice.layer_checksums`, for the output tensors of all layers."""
        self.micro.set_input(values, 0)
        self.micro.invoke()
        layers = []
        for index, tensor in enumerate(tensors):
            data = np.array(self.micro.GetTensor(tensor, 0)["tensor_data"]).tobytes()
            layers.append((index, len(data), f"{zlib.crc32(data):08x}"))
        return layers

    def result_text(self, benchmark: str, output: bytes, data: bytes) -> str:
        """What the device prints between the brackets of m-results."""
        scale, zero_point = self.output["quantization"]
        reals = np.float32(scale) * (np.frombuffer(output, np.int8).astype(np.float32) - zero_point)
        if benchmark != "ad":
            return ",".join(f"{float(real):.3f}" for real in reals)
        total = np.float32(0)
        for difference in np.frombuffer(data, "<f4") - reals:  # in the device's order
            total += difference * difference
        return f"{float(total / np.float32(len(reals))):.3f}"


def layer_tensors(image: Path) -> list[int]:
    """Output tensors of an image's layers, from the description it carries."""
    with image.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".boardless.network")
        return [layer["output_tensor"] for layer in json.loads(section.data())["layers"]]
