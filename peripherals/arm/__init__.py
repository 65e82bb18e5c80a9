"""Arm's CMSDK and MPS2 devices."""
