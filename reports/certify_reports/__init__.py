"""Renderers of a certification: each module turns one `Report` into one text, and touches nothing else."""
