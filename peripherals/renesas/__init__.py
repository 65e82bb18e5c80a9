"""Devices of Renesas' RA8 family. Manual: R01UH0995 (RA8D1 Group User's Manual: Hardware)."""
