"""What runs for an hour, or with all the memory there is, in the interpreter under test: `python -m scripts.endure` starts it."""
