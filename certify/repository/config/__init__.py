"""The schema of the configuration: sound, shown as a form, its secrets marked, compatible with its past."""

from certify.repository.config.document import ConfigFile, Examined
from certify.repository.config.form import examine_form
from certify.repository.config.history import examine_compatibility
from certify.repository.config.secrets import examine_secrets
from certify.repository.config.soundness import examine_schema

__all__ = [
    "ConfigFile",
    "Examined",
    "examine_compatibility",
    "examine_form",
    "examine_schema",
    "examine_secrets",
]
