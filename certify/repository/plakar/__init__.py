"""What a Plakar plug-in has beside its executables: a manifest, validators, Go source and a Makefile."""
