"""Planasonix's connector.yaml: the one file by which its platform knows a connector."""
