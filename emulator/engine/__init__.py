"""The engine: Unicorn, the block hooks, and the timing automaton between them."""
