"""From counts that a board printed to the memory parameters of its file.

A calibration firmware (``firmware/calibration``, built by ``benches/build/calibration.py``) times
micro-kernels and prints their cycles. The same ELF runs on the model: what parameters make it count
the same is searched for, and the model itself is the only model. ``counts`` reads what was printed,
``port`` a board's serial port, ``forward`` runs the ELF with other parameters, ``parameters`` says what
a board file could say instead, ``search`` finds it, ``report`` puts it into words.
"""
