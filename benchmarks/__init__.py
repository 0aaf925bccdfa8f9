"""Speed, measured: each figure beside its limit in one run, as a ratio."""
