"""One image measured: latency, accuracy, layers, profiles, what-ifs."""
