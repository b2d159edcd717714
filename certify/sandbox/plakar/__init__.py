"""Run the executables of a Plakar plug-in, and speak gRPC with them over standard input and output."""
