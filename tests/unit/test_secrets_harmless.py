"""What looks like a credential and is none: left alone, and counted with the reason."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path

import pytest

from tests.unit.secret_samples import (
    HEX,
    PASSWORD,
    TOKEN,
    UPPER,
    VENDORS,
    drawn,
    private_key,
    search,
    told,
    web_token,
)

DIGEST = drawn(64, HEX)
COMMIT = drawn(40, HEX)
IMAGE = base64.b64encode(bytes(n * 7 % 251 for n in range(3000))).decode()
OTHER_UUID = str(uuid.UUID(int=0x9F3A17C25B8E4D60A1F7C34E92D85B06))
WORDS = base64.b64encode(b"the quick brown fox jumps over it").decode()

HARMLESS = {
    "uuid.py": f'ACCOUNT = "{OTHER_UUID}"\ntoken = "{OTHER_UUID}"\n',
    "digest.py": f'EXPECTED = "sha256:{DIGEST}"\nsha256 = "{DIGEST}"\nchecksum = "{DIGEST}"\n',
    "requirements.txt": f"requests==2.32.0 --hash=sha256:{DIGEST}\n",
    "poetry.lock": f'files = [{{file = "a.whl", hash = "sha256:{DIGEST}"}}]\n',
    "package-lock.json": f'{{"integrity": "sha512-{drawn(86)}=="}}\n',
    "index.html": f'<script src="a.js" integrity="sha384-{drawn(64)}" crossorigin></script>\n',
    ".github/workflows/ci.yml": f"steps:\n- uses: actions/checkout@{COMMIT}\n",
    ".pre-commit-config.yaml": f"- repo: https://github.com/a/b\n  rev: {COMMIT}\n",
    "commit.py": f'REVISION = "{COMMIT}"\n',
    "logo.css": f"a {{ background: url(data:image/png;base64,{IMAGE}) }}\n",
    "icon.svg": f'<svg><image href="data:image/png;base64,{IMAGE}"/></svg>\n',
    "app.min.js": f'var token="{drawn(40)}"\n',
    "ssh.py": f'KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{drawn(43)}"\n',
    "public.pem": f"-----BEGIN PUBLIC KEY-----\n{drawn(64)}\n{drawn(64)}\n-----END PUBLIC KEY-----\n",
    "environment.py": 'token = os.environ["SHOP_API_TOKEN_V2"]\npassword = os.getenv("DB_PASSWORD_2")\n',
    "settings.py": "api_token: SecretStr | None = None\npassword: Optional[str] = Field(default=None)\n",
    "typed.py": "def login(password: str, token: Callable[[Client1], Token2]) -> None: ...\n",
    "call.py": "token = self._session.refresh_access_token2(client_secret=self.config.client_secret)\n",
    "address.py": 'TOKEN_URL = "https://auth.shop.dev/oauth2/v2/token"\n',
    "name.py": 'SECRET_NAME = "prod/shop/api-token-2024"\n',
    "paths.py": 'password_file = "/run/secrets/db_password_1"\n',
    "reference.yaml": "api_token: ${API_TOKEN_2}\npassword: {{ env.DB_PASSWORD1 }}\nkey: !vault |\n",
    "vault.yaml": "password: vault:secret/data/db#Passw0rd\nother: op://vault/db/Passw0rd2\n",
    "placeholder.yaml": "api_token: <your-api-token-1>\npassword: change-me-2024\n",
    "crossed_out.yaml": "api_key: xxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
    "dummy.py": f'token = "dummy-{drawn(30)}"\npassword = "Example-Passw0rd!"\n',
    "format.py": 'token = f"{prefix}-{random_part}-A1b2"\n',
    "percent.py": 'url = "postgresql://%(user)s:%(password)s@%(host)s/db"\n',
    "local.py": 'URL = "postgresql://postgres:Pg7xLm2Q@localhost:5432/orders"\n',
    "alphabet.py": 'token = "abcdefghijklmnopqrstuvwxyz0123456789"\n',
    "counting.py": 'api_key = "0123456789abcdef0123456789abcdef"\n',
    "repeated.py": 'api_key = "a1b2c3a1b2c3a1b2c3a1b2c3"\n',
    "words.py": 'client_secret = "correct-horse-battery-staple-again"\n',
    "base64.py": f'auth_token = "{WORDS}"\n',
    "public.py": f'PUBLISHABLE_KEY = "{drawn(32)}"\n',
    "page.py": f'next_page_token = "{drawn(40)}"\ncsrf_token = "{drawn(40)}"\n',
    "heading.py": 'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    load(text)\n',
    "key.md": "-----BEGIN RSA PRIVATE KEY-----\n<the lines of your key>\n-----END RSA PRIVATE KEY-----\n",
    "tests/test_name.py": "def test_the_token_of_page_2_is_refreshed_once_and_no_more(): ...\n",
    "tests/test_id.py": 'TOKEN_TEST = "tests/test_a.py::TestB::test_c[D1-token-2Fq]"\n',
    "tests/test_login.py": f'login(password="{PASSWORD}")\nINVALID_TOKEN = "{drawn(40)}"\n',
    "docs/guide.md": f"```python\nlogin(password='{PASSWORD}')\n```\n",
    "README.md": "```bash\nexport API_TOKEN=your_token_here_123\n```\n",
    "curl.md": "    curl -u user:Passw0rd https://example.com\n",
    "expired.py": f'TOKEN = "{web_token({"sub": "a", "exp": 1_500_000_000})}"\n',
    "signed.md": f"https://shop.dev/a?X-Amz-Credential=AKIA{drawn(16, UPPER)}%2F20240101%2Feu&x=1\n",
    "encrypted.yaml": f"password: ENC[AES256_GCM,data:{drawn(40)},type:str]\n",
}


@pytest.mark.parametrize("file", HARMLESS)
def test_it_is_no_finding(tmp_path: Path, file: str) -> None:
    assert told(search(tmp_path, {file: HARMLESS[file]})) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f'token = "dummy-{drawn(30)}"\n', "a placeholder"),
        (f'token = "{OTHER_UUID}"\n', "a UUID"),
        (f'x = "{drawn(9)}AIza{drawn(60)}"\n', "part of a longer text"),
        (f'T = "{web_token({"sub": "a", "exp": 1_500_000_000})}"\n', "a web token that has expired"),
        ('u = "https://loader:Kx7mWq2z@localhost/"\n', "a host on this machine, or one that nobody has"),
    ],
)
def test_evidence_counts_what_was_allowed_and_why(tmp_path: Path, text: str, reason: str) -> None:
    done = search(tmp_path, {"client.py": text})
    assert done.allowed[reason] >= 1
    assert any(f"× {reason}" in note for note in done.notes("files"))


@pytest.mark.parametrize(
    "text",
    [
        f'API_TOKEN = "{TOKEN}"  # pragma: allowlist secret\n',
        f'# pragma: allowlist nextline secret\nAPI_TOKEN = "{TOKEN}"\n',
        f'KEY = """{private_key()}"""  # pragma: allowlist secret\n'.replace(
            "-----\n", "-----  # pragma: allowlist secret\n", 1
        ),
    ],
)
def test_a_comment_allows_a_line_and_evidence_names_it(tmp_path: Path, text: str) -> None:
    done = search(tmp_path, {"client.py": text})
    assert done.secrets == []
    assert len(done.comments) == 1
    assert f"allowed by a comment: {done.comments[0]}" in done.notes("files")
    assert TOKEN[:5] not in str(done.notes("files"))


def test_a_comment_allows_no_other_line(tmp_path: Path) -> None:
    text = f'A = 1  # pragma: allowlist secret\nAPI_TOKEN = "{TOKEN}"\nB = 1\n'
    assert len(search(tmp_path, {"client.py": text}).secrets) == 1


def test_the_key_of_a_tests_own_server_lies_beside_its_certificate(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"tests/tls/server.key": private_key(), "tests/tls/server.crt": "x"}
    assert search(tmp_path / "with", files).secrets == []
    del files["tests/tls/server.crt"]
    assert len(search(tmp_path / "without", files).secrets) == 1


def test_a_docstring_is_told_to_readers_and_a_value_is_not(tmp_path: Path) -> None:
    text = f'"""Use it:\n\n    login(password="{PASSWORD}")\n"""\n'
    assert search(tmp_path, {"a.py": text}).secrets == []
    assert len(search(tmp_path, {"a.py": text.replace('"""Use', 'X = """Use')}).secrets) == 1


@pytest.mark.parametrize("words", VENDORS)
def test_a_form_that_its_documentation_fills_in_is_none(tmp_path: Path, words: str) -> None:
    before, value = VENDORS[words]
    text = f"value = '{before}{'x' * len(value)}'\nother = '{before}{'EXAMPLE' * 12}'\n"
    assert told(search(tmp_path, {"client.py": text})) == []
