"""One line for each cause of a stall: what would remove it.

The causes are those of :class:`emulator.timing.model.Cause`; what they mean on a core is in FIDELITY.md.
"""

from __future__ import annotations

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "issue": "fewer instructions: unroll, SIMD (SMLAD, SXTB16), -O3, or do less",
    "load-use": "put other work between a load and its use: unroll, or load ahead",
    "address hazard": "compute an address an instruction earlier than the access that uses it",
    "result latency": "put independent work between a result and its use",
    "multiple transfer": "fewer registers saved or moved a call: inline small functions, shorter LDM and STM",
    "branch": "fewer taken branches: unroll, IT blocks or selects for short conditions, inline",
    "mispredict": "make the branch regular, or replace it by a select or an IT block",
    "fetch": "align hot loops' targets to 4 or 8 bytes (-falign-loops), narrower instructions",
    "store buffer": "spread stores out, or store words instead of bytes",
    "multiply": "a faster multiplier if the core has one as an option; shifts and adds for constants",
    "divide": "multiply by a reciprocal (fixed point), or divide once outside of the loop",
    "floating point": "interleave independent operations; fixed point; avoid VDIV and VSQRT in loops",
    "unaligned data": "align the data (4 bytes for words), or load bytes and pack once",
    "flash (fetch)": "put the hot code into RAM or tightly coupled memory; turn on prefetch and cache",
    "flash (data)": "copy hot constants (weights) to RAM; turn on the data cache",
    "cache (fetch)": "hot code into tightly coupled memory, or fewer and smaller hot functions",
    "cache (data)": "block the loops so that data stay in the cache; tightly coupled memory",
    "bus (data)": "put the data into a memory without wait states, or stack and buffers into another bank",
    "bus (fetch)": "run the code from a memory without wait states",
    "exception": "fewer interrupts: DMA, larger buffers, a slower tick",
    "waiting": "not a cost of the code: it polls for a device or the host",
    "asleep": "not a cost of the code: it sleeps until an interrupt",
    "interrupted": "a fault or the window's end came in the middle of these blocks",
}


def advice_for(cause: str) -> str:
    """The line for a cause such as ``"flash (data)"``; "" for one that nobody has advice for."""
    return ADVICE.get(cause) or ADVICE.get(cause.partition(" (")[0], "")
