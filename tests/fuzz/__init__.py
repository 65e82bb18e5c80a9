"""Bad input as a practice: files and options mutated, and what each command makes of them judged.

``make fuzz`` or ``python -m tests.fuzz`` runs as many cases as one has time for; each depends on its
number alone, so a fault is repeated with ``python -m tests.fuzz --case NUMBER``.
"""
