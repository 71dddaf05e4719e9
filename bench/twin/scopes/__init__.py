"""The simulated oscilloscopes: one file a dialect, over the one engine of ``bench.twin.scope``."""
