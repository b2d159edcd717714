"""What makes a repository a Python project: metadata, releases, requirements, API, wheel, licence."""

from certify.repository.project.allowlist import Allowlist
from certify.repository.project.distribution import Distribution
from certify.repository.project.public_api import PublicApi
from certify.repository.project.pyproject import Project
from certify.repository.project.releases import Releases
from certify.repository.project.requirements import Requirements
from certify.repository.project.stated import ImportPackage
from certify.repository.project.wheel_contents import WheelContents
from certify.repository.project.wheel_form import WheelForm

__all__ = [
    "Allowlist",
    "Distribution",
    "ImportPackage",
    "Project",
    "PublicApi",
    "Releases",
    "Requirements",
    "WheelContents",
    "WheelForm",
]
