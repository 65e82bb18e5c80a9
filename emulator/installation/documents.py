"""The documents that travel with the packages: FIDELITY.md, CHANGELOG.md and the pages of docs/."""

from __future__ import annotations

from pathlib import Path

from emulator.installation.origin import ROOT, is_checkout

FIDELITY = "FIDELITY.md"


def documents_folder() -> Path:
    """Where they are: the checkout's root, or ``boardless/documents`` beside the packages."""
    return ROOT if is_checkout() else ROOT / "boardless" / "documents"


def document(name: str) -> Path:
    """The file of that name; it exists in every complete installation."""
    return documents_folder() / name
