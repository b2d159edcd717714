"""Credentials that documentation gives out to everybody: they open nothing, and are copied everywhere."""

from __future__ import annotations

import hashlib

#: By SHA-256, so that no scanner trips over this file.
_SAMPLES = {
    "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059": "the key of Azure's storage emulator",
    "900e6c2bf8ce6c14dbfdcbd6d7402e8fadd53c5464b0ffae66dce9ac06c0e061": "the key of Azure's storage emulator",
    "4eb200b61229d1f1f1f098b202e3fa6ca1836e93353dbd0e40e436bacdacad09": "a sample of Vault's documentation",
    "6c96130f130ab0d6d158397e24d2bcc1c9a5e73ae081f6e983f1c7b545d24a4c": "a sample of RFC 6749",
    "743f64d0b485df4201c0157832e4b1e6b0c3957b98308bbeda128848a86f8556": "a sample of RFC 6749",
    "ca7459e2b26776de081b9a07e40227fd6cff232a1e3233ff6b6aa6d036ca9981": "a sample of RFC 6749",
    "e9974c507d2a802143f614c878fcbb622a3800e05e6e0d329fee2c5b6b243329": "a sample of RFC 6749",
    "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3": "a sample of RFC 7636",
    "0d299b1eb548708d04534e7e050c427b56edfa15d13637a3484bdd61babf8384": "a sample of RFC 7636",
    "5e1e73a324bcb6b77af33415e0c519965eb12a339188372405c0b9202def6a5f": "a sample of GitLab's documentation",
    "34eefbded8d87d618399ebdc9b55710f8d2980332c3ce12ffc73069c3478dc7b": "a sample of python-gitlab's pages",
    "f3465df121bff78afd652bbb42f376f22a0504fae8d1a240c26aae3de0148d34": "a sample of python-gitlab's pages",
    "b7a47eeb835b1679b28c6f69cb4193c18ba283618b72e6ddd10b9bb4242f4bb7": "a sample of PRAW's documentation",
    "e36c3184a187589aad5b535211e39e10fd720b3d09ed9fc0d5e29a7b74ba79ab": "a sample of PRAW's documentation",
    "0401312bb13f6affe7c22a7f4e5e4336dbff24496fe9765c6e0ef6537f7f0152": "a sample of Twitter's documentation",
    "74878a808fc945f009b72d3b773f9e5323bfd9868d81977780b939d8227495dc": "a sample of Twitter's documentation",
    "616fe34ce8031621574707fe8236bb2ce153106d0f877eca5fae1d74abd53a6b": "a sample of Twitter's documentation",
    "7b80ae37db0e5196a5ab749e7f470478b8c19d2e0da4d86806d0abce01280ec9": "a sample of Twitter's documentation",
    "bfaf2b987c05e6d3f1a74ed0f3bc6dd0954c46c8e68fcc75f917afd5b904e683": "a sample of Twitter's documentation",
}


def sample_of(value: str) -> str | None:
    """Whose sample this is; None when it is none that is known."""
    return _SAMPLES.get(hashlib.sha256(value.encode("utf-8", "replace")).hexdigest())
