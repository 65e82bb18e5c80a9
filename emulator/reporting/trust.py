"""How far a recording's figures are to be trusted: its error band, in words."""

from __future__ import annotations

from emulator.recording.model import Identity

NOT_MEASURED = "not measured"


def band_in_words(identity: Identity) -> str:
    """``"+-1.4 %"``, ``"outside what was measured"`` or ``"not measured"``."""
    band = identity.band
    words = band.get("words") if isinstance(band, dict) else band
    return str(words or NOT_MEASURED)


def reasons_in_words(identity: Identity) -> str:
    """In what the run is unlike what was measured; "" when it is like that."""
    outside = identity.band.get("outside") if isinstance(identity.band, dict) else None
    return "; ".join(map(str, outside)) if isinstance(outside, list) else ""


def trust_in_words(identity: Identity) -> str:
    """The whole: the band, and why there is none."""
    reasons = reasons_in_words(identity)
    return band_in_words(identity) + (f": {reasons}" if reasons else "")
