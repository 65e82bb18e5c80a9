"""What a memory access costs at a cycle: one file a rule set, each in Python and, beside it, in C.

From the bottom up: ``cache`` (lines, and which one goes), ``port`` (a memory behind a bus), the
rule sets (``stm32_art``, ``stm32_line_buffers``, ``level_one`` with its ``prefetch_unit``) and
``alignment``; on top ``memory_system``, which leads each access to the rules of its region's port.

A new replacement policy goes into ``cache``; a new flash accelerator is a file with one function
``..._access(port, cache, address, t, kind)`` and the declaration of what a board may say of it, and a
line each in ``Rules``, ``KINDS`` and ``ACCESS``.
The C twin of each file has the same functions in the same order.
"""
