"""Run the connector's code where it can do no harm, and observe it from outside."""
