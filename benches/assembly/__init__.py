"""Hand-written assembly with published cycle counts: a catalogue of functions, called one by one."""
