"""Water levels, read with each of Python's HTTP clients."""
