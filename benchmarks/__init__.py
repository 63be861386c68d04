"""Measurements beside the alternative: `python -m benchmarks`, explained in docs/benchmarks.md.

The process that measures imports nothing heavy: everything measured or made runs in a process of its own
(`sides/` holds what is compared, `making/` what makes its input), so its memory is not mixed with ours.
"""
