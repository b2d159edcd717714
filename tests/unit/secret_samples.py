"""Credentials for the tests of those who look for them: drawn anew in each run, so that no file holds one."""

from __future__ import annotations

import base64
import json
import random
import string
from pathlib import Path

from certify.repository import Repository
from certify.repository.secrets import SecretSearch, search_source

BASE62 = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
_DRAWN = random.Random(20261121)


def drawn(length: int, alphabet: str = BASE62) -> str:
    """Text as a service draws it; the same in each run, since all of it is drawn in one order."""
    return "".join(_DRAWN.choices(alphabet, k=length))


def web_token(claims: dict[str, object]) -> str:
    """A signed JSON Web Token that says this."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, drawn(43)])


def private_key(kind: str = "RSA ") -> str:
    """The file of a private key."""
    body = "\n".join(drawn(64) for _ in range(6))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


TOKEN = drawn(40)
#: As a person chooses it.
PASSWORD = "Kx7!mW" + drawn(6)

#: What findings call it → the text before what is drawn, and what is drawn.
VENDORS: dict[str, tuple[str, str]] = {
    "an AWS access key": ("AKIA", drawn(16, UPPER)),
    "a GitHub token": ("ghp_", drawn(36)),
    "a GitLab token": ("glpat-", drawn(20)),
    "a Slack token": ("xoxb-", f"{drawn(11, '123456789')}-{drawn(12, '123456789')}-{drawn(24)}"),
    "a Slack webhook": (
        "https://hooks.slack.com/services/",
        f"T{drawn(8, UPPER)}/B{drawn(8, UPPER)}/{drawn(24)}",
    ),
    "a Stripe key": ("sk_live_", drawn(24)),
    "a SendGrid key": ("SG.", f"{drawn(22)}.{drawn(43)}"),
    "a PyPI token": ("pypi-AgEIcHlwaS5vcmc", drawn(80)),
    "an OpenAI key": ("sk-proj-", drawn(60)),
    "an Anthropic key": ("sk-ant-", drawn(60)),
    "a Google API key": ("AIza", drawn(35)),
    "a Google client secret": ("GOCSPX-", drawn(28)),
    "a Shopify token": ("shpat_", drawn(32, HEX)),
    "a Databricks token": ("dapi", drawn(32, HEX)),
    "a Hugging Face token": ("hf_", drawn(34, string.ascii_letters)),
    "a Twilio key": ("SK", drawn(32, HEX)),
    "a Square secret": ("sq0csp-", drawn(43)),
    "an npm token": ("//registry.npmjs.org/:_authToken=npm_", drawn(36)),
    "an Azure storage key": ("AccountKey=", drawn(86) + "=="),
}


def write(root: Path, files: dict[str, str | bytes]) -> Repository:
    """A repository of these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Repository(root)


def search(root: Path, files: dict[str, str | bytes]) -> SecretSearch:
    """What is found in a repository of these files."""
    return search_source(write(root, files))


def told(one: SecretSearch) -> list[str]:
    """Where, and what is said there."""
    return [f"{secret.location}: {secret.finding().message}" for secret in one.secrets]
