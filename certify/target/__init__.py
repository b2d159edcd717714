"""The database that a sink loads into: what it holds, what it should hold, and the way to it."""
