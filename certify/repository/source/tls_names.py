"""The names by which verification is turned off: options, libraries, programs, variables."""

from __future__ import annotations

import re

from certify.repository.words import word_set

#: Without one of these there is nothing to find in a module. (Python folds letters of other alphabets into
#: ASCII ones, by which a name can be written otherwise: that is deceit, not a mistake.)
MAY_TURN_OFF = re.compile(
    r"verif|ssl|CERT_NONE|check_host|assert_host|disable_warnings|InsecureRequest|AutoAddPolicy|WarningPolicy"
    r"|hostkeys|known_hosts|curl|wget|insecure|Insecure|PYTHONHTTPSVERIFY|tlsAllow|_CA_BUNDLE|SSL_CERT|trust_?all"
    r"|skip_tls"
)

_OFF_WHEN_FALSE = re.compile(
    r"verify_?(?:ssl|tls|certs?|certificates?|https|peer)"
    r"|(?:ssl|tls|https?|certs?|certificates?)_?verif(?:y|ication)(?:_certs?)?"
    r"|check_hostname|assert_hostname|ssl_(?:verify_cert|verify_identity|check_hostname|assert_hostname)"
)
_OFF_WHEN_TRUE = re.compile(
    r"tls_?(?:insecure|allowinvalid(?:certificates|hostnames))|insecure_skip_verify|insecure_mode"
    r"|trust_?all(?:_?certs?)?|(?:disable|skip|no)_?(?:ssl|tls|certs?)_?verif(?:y|ication)"
    r"|(?:disable|skip|no)_?verif(?:y|ication)_?(?:ssl|tls|certs?)",
    re.IGNORECASE,
)


def turns_off(option: str, value: object) -> bool:
    """Whether an option of this name turns verification off when it has this value, wherever it stands."""
    pattern = {False: _OFF_WHEN_FALSE, True: _OFF_WHEN_TRUE}[value] if isinstance(value, bool) else None
    return pattern is not None and pattern.fullmatch(option) is not None


#: `verify` alone means many things: it counts where it is given to what sends requests, or opens what does.
_SENDS = re.compile(
    r"get|post|put|patch|delete|head|options|request|send|stream|fetch|urlopen|download|upload|client|resource"
    r"|connect|ws_connect|session|.*(?:Session|Client|Transport|Adapter|Connector|Connection|API|Api)"
)
HTTP_LIBRARIES = word_set(
    "requests httpx aiohttp urllib3 niquests curl_cffi hvac boto3 botocore requests_oauthlib "
    "requests_toolbelt cloudscraper"
)
#: What holds a session, by its name,
SESSION = re.compile(
    r"(?:.*_)?(?:s|session|sess|client|http|conn|connection|requests|adapter|transport|api|opener)\d?",
    re.IGNORECASE,
)
#: and what holds arguments for a request.
ARGUMENTS = re.compile(r"(?:.*_)?(?:kw|kwargs|request_?(?:args|options)|session_?(?:args|options))")


def sends(name: str) -> bool:
    """Whether what has this dotted name sends requests, or makes what sends them."""
    return name.partition(".")[0] in HTTP_LIBRARIES or _SENDS.fullmatch(name.rpartition(".")[2]) is not None


#: Words of an option by which whoever configures the connector decides: what stands under it is no default.
OPTION = re.compile(
    r"verif|insecure|unsafe|self_?sign|trust|validat|skip_|check_host|cert_reqs|strict", re.IGNORECASE
)
#: The same for whether there is TLS at all.
PLAIN_OPTION = re.compile(r"ssl|tls|secure|cred|emulator|local|plain", re.IGNORECASE)

#: Programs, by the argument that makes them trust anybody.
PROGRAMS = {
    "curl": re.compile(r"-[a-zA-Z]*k[a-zA-Z]*|--insecure"),
    "wget": re.compile(r"--no-check-certificate"),
}
#: Variables that turn verification off in everything the process does, by the value that does it.
SWITCHES = {"PYTHONHTTPSVERIFY": "0", "CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": ""}
