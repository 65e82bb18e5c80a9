"""One operator of a model, lowered to one kernel call: the kernel, its struct, its constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

import numpy as np
from numpy.typing import NDArray

from benches.build.model import Tensor


@dataclass(frozen=True, slots=True)
class Scratch:
    """A kernel's working memory; its place is planned like a tensor's."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Constant:
    """An array in flash. ``struct`` names the C struct that each row of ``data`` fills, if any."""

    data: NDArray[np.generic]
    struct: str = ""


# What a field of a kernel's struct may hold.
Value = Union[int, float, Tensor, Scratch, Constant, "tuple[Value, ...]", None]


@dataclass(frozen=True, slots=True)
class Layer:
    """A kernel call. ``struct`` is the C struct's name, ``fields`` its members."""

    operator: str
    kernel: str
    struct: str
    fields: Mapping[str, Value]
    inputs: tuple[Tensor, ...]
    output: Tensor
    macs: int = 0
    aliases_input: bool = False  # input and output may be the same memory
