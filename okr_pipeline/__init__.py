"""Key results declared as code, wired to live data, recomputed by themselves, and provable."""

__version__ = "0.1.0"
