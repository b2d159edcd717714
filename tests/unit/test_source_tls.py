"""Where source turns off the verification of certificates: found on its line, and nothing else is."""

from __future__ import annotations

import pytest

from certify.repository.source import unverified_tls
from certify.repository.source.modules import PythonSource


def found(text: str) -> list[str]:
    return [f"{one.location}: {one.message}" for one in unverified_tls(PythonSource("a.py", text))]


WRONG = {
    "requests.get(url, verify=False)": "get(verify=False)",
    "self.session.post(url, verify=False, json=rows)": "post(verify=False)",
    "httpx.Client(verify=False)": "Client(verify=False)",
    "boto3.client('s3', verify=False)": "client(verify=False)",
    "session = requests.Session()\nsession.verify = False": "session.verify = False",
    "partial(requests.get, verify=False)": "verify=False",
    "kwargs['verify'] = False": "verify=False",
    "request_kwargs = {'verify': False}": "verify=False",
    "kwargs = dict(verify=False)": "verify=False",
    "OFF = False\nrequests.get(url, verify=OFF)": "get(verify=False)",
    "Client(verify_ssl=False)": "Client(verify_ssl=False)",
    "Elasticsearch(hosts, verify_certs=False)": "verify_certs=False",
    "Elasticsearch(hosts, ssl_assert_hostname=False)": "ssl_assert_hostname=False",
    "MongoClient(url, tlsAllowInvalidCertificates=True)": "tlsAllowInvalidCertificates=True",
    "client.tls_insecure = True": "tls_insecure = True",
    "import ssl\nssl._create_unverified_context()": "ssl._create_unverified_context",
    "import ssl\nssl._create_default_https_context = ssl._create_unverified_context": "takes any certificate",
    "from ssl import CERT_NONE\ncontext.verify_mode = CERT_NONE": "ssl.CERT_NONE",
    "import ssl\ncontext.verify_mode = ssl.CERT_NONE": "ssl.CERT_NONE",
    "context.check_hostname = False": "check_hostname = False",
    "PoolManager(cert_reqs='CERT_NONE')": "cert_reqs='CERT_NONE'",
    "import urllib3\nurllib3.disable_warnings()": "warning about requests without verification is silenced",
    "import urllib3\nurllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)": "is silenced",
    "import aiohttp\naiohttp.TCPConnector(ssl=False)": "ssl=False",
    "import aiohttp\nasync def f(session):\n    await session.get(url, ssl=False)": "ssl=False",
    "import paramiko\nclient.set_missing_host_key_policy(paramiko.AutoAddPolicy())": "any host key",
    "asyncssh.connect(host, known_hosts=None)": "any host key",
    "options.hostkeys = None": "any host key",
    "os.environ['PYTHONHTTPSVERIFY'] = '0'": "PYTHONHTTPSVERIFY='0'",
    "os.environ.setdefault('CURL_CA_BUNDLE', '')": "CURL_CA_BUNDLE=''",
    "subprocess.run(['curl', '-k', url])": "curl -k",
    "os.system('curl -sSk https://api.shop.dev')": "curl -sSk",
    "subprocess.run('wget --no-check-certificate https://api.shop.dev')": "wget --no-check-certificate",
    "import grpc\ngrpc.insecure_channel('api.shop.dev:443')": "without TLS",
    "def fetch(url, verify_ssl=False): ...": "verify_ssl is False unless it is given",
    "import requests\ndef fetch(url, verify=False): ...": "verify is False unless it is given",
    "class Config:\n    verify_ssl: bool = False": "verify_ssl is False unless it is given",
    "config.get('verify_ssl', False)": "the option 'verify_ssl' is False unless it is given",
}


@pytest.mark.parametrize("text", WRONG)
def test_it_is_found(text: str) -> None:
    told = found(text)
    assert any(WRONG[text] in one for one in told), told
    assert all(one.startswith("a.py:") for one in told)


def test_a_finding_stands_on_its_line_and_says_what_to_do() -> None:
    (one,) = unverified_tls(PythonSource("a.py", "import requests\n\nrequests.get(u,\n    verify=False)\n"))
    assert str(one.location) == "a.py:3"
    assert "`verify=ca_file`" in (one.fix or "")
    assert "authority" in (one.expected or "")


FINE = (
    "requests.get(url)",
    "requests.get(url, verify=True)",
    "requests.get(url, verify=config.ca_file or True)",
    "requests.get(url, verify=self.verify)",
    "httpx.Client(verify=context)",
    "requests.get('https://localhost:8443/health', verify=False)",
    "requests.get('http://127.0.0.1/x', verify=False)",
    "schema.validate(rows, verify=False)",
    "jwt.decode(token, verify=False)",
    "archive.extract(path, verify=False)",
    "model.verify = False",
    "if config.insecure:\n    session.verify = False",
    "session.verify = False if config.skip_verification else True",
    "def f(verify_ssl):\n    if verify_ssl:\n        return g()\n    session.verify = False",
    "if context.verify_mode == ssl.CERT_NONE:\n    raise ValueError",
    "import grpc\nchannel = grpc.insecure_channel(url) if emulator else grpc.secure_channel(url, c)",
    "import grpc\ngrpc.insecure_channel('localhost:50051')",
    "subprocess.run(['curl', '-L', url])",
    "subprocess.run(['curl', '-k', 'https://localhost:8443'])",
    "def fetch(url, verify=True): ...",
    "def check(signature, verify=False): ...",
    "config.get('verify_ssl', True)",
    "parser.add_argument('--insecure', action='store_true')",
    '"""verify=False is never used here; ssl._create_unverified_context neither."""',
    "# requests.get(url, verify=False)",
    "c = urllib3.util.ssl_.create_urllib3_context()\nc.check_hostname = False",
    "verify_email = False",
    "user.verify_later(False)",
    "ssl=False",
    "create_engine(url, ssl=False)",
    "",
    "def (: verify=False",
)


@pytest.mark.parametrize("text", FINE)
def test_it_is_no_finding(text: str) -> None:
    assert found(text) == []


def test_each_of_many_is_found_once() -> None:
    text = "import requests\n" + "requests.get(url, verify=False)\n" * 20
    assert len(found(text)) == 20
