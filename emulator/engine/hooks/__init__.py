"""The two block hooks, in Python and in C; the twins lie beside each other, idea by idea.

``block``: what is kept of a block; ``tables``: blocks and paths met so far; ``address_program`` and
``addresses``: where a block's data lie, found at its entry; ``pricing``: its events against the
memory system; ``block_hook``: what happens at a block's entry and at a watched instruction, on top
of them. ``native_hook`` is the door between Python and C. C alone has ``all_hits``: a block whose
lines are all in the cache, priced at once.
"""
