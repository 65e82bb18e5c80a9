"""The bytes of every listing in this folder are what its assembly text says."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest
from bare_unicorn import Listing

MODULES = sorted(
    path.stem for path in Path(__file__).parent.glob("test_*.py") if path.stem != "test_listings"
)


@pytest.mark.parametrize("module", MODULES)
def test_bytes_match_text(module: str, cross_tools: None, tmp_path: Path) -> None:
    listings = [
        v for v in vars(importlib.import_module(module)).values() if isinstance(v, Listing) and v.code
    ]
    assert listings
    source = [".syntax unified", ".thumb", ".cpu cortex-m33", ".fpu fpv5-d16"]
    for listing in listings:
        source += listing.source
    (tmp_path / "listing.s").write_text("\n".join(source) + "\n")
    tool = "arm-none-eabi-"
    subprocess.run([f"{tool}as", "listing.s", "-o", "listing.o"], cwd=tmp_path, check=True)
    subprocess.run(
        [f"{tool}objcopy", "-O", "binary", "-j", ".text", "listing.o", "listing.bin"],
        cwd=tmp_path,
        check=True,
    )
    assert (tmp_path / "listing.bin").read_bytes() == b"".join(listing.code for listing in listings)
