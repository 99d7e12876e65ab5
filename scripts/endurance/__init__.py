"""What runs for an hour, or with all memory, in the interpreter under test: `python -m scripts.endure` starts it."""
