"""What devices of all vendors are made of: each module one mechanism, with no vendor's registers.

A part's docstring says what a vendor's device adds to it. Parts know ``emulator.device`` and
:mod:`peripherals.register_device`; no part knows a vendor.
"""
