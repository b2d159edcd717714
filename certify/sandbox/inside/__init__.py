"""What runs in the connector's interpreter.

Standard library only, nothing of certify, and as little as can be: whatever is imported here is imported
before the connector is. `start.py` is executed as a file and loads this package under a private name.
"""
