"""A whole board at work: its parts wired to each other, the run loop, and what they make together.

``machine`` is the public object, a thin one over ``parts``, which builds and wires everything.
``execution`` is the run loop; it runs ``slices``, whose ends ``traps`` serves, and skips loops
that ``waiting`` has recognised. Whoever wants the loop to stop, reset or fail says so in
``requests``; ``sleep`` is the core's. ``devices`` puts a board's devices on the bus, ``ports``
holds their serial lines. ``snapshot``, ``crash_report``, ``awaited`` and ``energy`` read the
parts that they are given. ``call`` calls one function: ``arguments`` are converted, ``aapcs`` says
where they lie, ``scratch`` holds what is passed in memory, and ``register_save`` keeps the rest.
"""
