#!/usr/bin/env python3
"""Makes tokens.json: tokens for EdDSA and ES256 by PyJWT, and forgeries that only other code can make.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install pyjwt cryptography
    /tmp/venv/bin/python make.py > tokens.json

The keys are fixed and public: never use them for anything else. Signatures of ES256 differ from run to run.
"""

import base64
import hashlib
import json
from importlib.metadata import version

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

NOW = 1_790_000_000
CLAIMS = {
    "iss": "https://api.example.com",
    "aud": "https://app.example.com",
    "sub": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e",
    "sid": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4f",
    "role": "editor",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 1800,
    "jti": "7.abc",
}
SEED = hashlib.sha256(b"plinth fixture, Ed25519").digest()
SCALAR = int.from_bytes(hashlib.sha256(b"plinth fixture, P-256").digest(), "big")
# The orders of the groups, RFC 8032 §5.1 and FIPS 186-5 with SP 800-186 §3.2.1.3.
L = 2**252 + 27742317777372353535851937790883648493
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ED = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
EC = ec.derive_private_key(SCALAR, ec.SECP256R1())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def jwk(algorithm, key, alg):
    """The public key by PyJWT, named by its thumbprint (RFC 7638)."""
    members = json.loads(algorithm.to_jwk(key.public_key()))
    needed = {name: members[name] for name in ("crv", "kty", "x", "y") if name in members}
    text = json.dumps(needed, sort_keys=True, separators=(",", ":"))
    return {**needed, "use": "sig", "alg": alg, "kid": b64(hashlib.sha256(text.encode()).digest())}


def resigned(token, change):
    message, signature = token.rsplit(".", 1)
    return f"{message}.{b64(change(unb64(signature), message.encode()))}"


def ed_scalar():
    digest = bytearray(hashlib.sha512(SEED).digest()[:32])
    digest[0] &= 248
    digest[31] &= 127
    digest[31] |= 64
    return int.from_bytes(digest, "little")


def small_order(_, message):
    """The signature with R the neutral element: the bare equation of RFC 8032 holds, a strict verifier refuses."""
    r = (1).to_bytes(32, "little")
    public = ED.public_key().public_bytes_raw()
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    return r + (k * ed_scalar() % L).to_bytes(32, "little")


def beyond_the_order(signature, _):
    """The same S, written as S + L."""
    s = int.from_bytes(signature[32:], "little") + L
    return signature[:32] + s.to_bytes(32, "little")


def other_s(signature, _):
    """(r, n - s), which is as good as (r, s)."""
    return signature[:32] + (N - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def der(signature, _):
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    return utils.encode_dss_signature(r, s)


ed_jwk, ec_jwk = jwk(OKPAlgorithm, ED, "EdDSA"), jwk(ECAlgorithm, EC, "ES256")
eddsa = jwt.encode(CLAIMS, ED, "EdDSA", headers={"typ": "at+jwt", "kid": ed_jwk["kid"]})
es256 = jwt.encode(CLAIMS, EC, "ES256", headers={"typ": "at+jwt", "kid": ec_jwk["kid"]})
print(json.dumps({
    "made_by": f"PyJWT {version('pyjwt')}, cryptography {version('cryptography')}",
    "jwks": {"keys": [ed_jwk, ec_jwk]},
    "pems": [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in (ED, EC)],
    "eddsa": eddsa,
    "eddsa_small_order": resigned(eddsa, small_order),
    "eddsa_s_beyond_the_order": resigned(eddsa, beyond_the_order),
    "es256": es256,
    "es256_other_s": resigned(es256, other_s),
    "es256_der": resigned(es256, der),
}, indent=2))
