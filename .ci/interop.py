#!/usr/bin/env python3
"""Proves that a running server and PyJWT understand each other's tokens.

The server runs with JWT_ALGORITHM=EdDSA or ES256 and a key file that `plinth keys generate` wrote. Needs PyJWT and
cryptography, and an account:

    EMAIL=… PASSWORD=… .ci/interop.py http://127.0.0.1:8000 data/jwt_keys.json
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

checks = 0


def call(url, token=None, form=None):
    """The status and the JSON of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def must(what, holds):
    global checks
    checks += 1
    if not holds:
        sys.exit(f"interop: failed: {what}")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(value):
    return b64(json.dumps(value).encode())


def main():
    base, key_file = sys.argv[1].rstrip("/"), sys.argv[2]
    account = {"username": os.environ["EMAIL"], "password": os.environ["PASSWORD"]}
    status, tokens = call(f"{base}/token", form=account)
    must(f"the login answers 200, not {status}", status == 200)
    token = tokens["access_token"]

    # Their tokens, by our reading: PyJWT finds the key by the kid and checks the signature.
    url = f"{base}/.well-known/jwks.json"
    _, jwks = call(url)
    header = jwt.get_unverified_header(token)
    algorithm = header["alg"]
    must("the algorithm is asymmetric", algorithm in ("EdDSA", "ES256"))
    must("every key is public", all("d" not in key and "state" not in key for key in jwks["keys"]))
    public = jwt.PyJWKClient(url).get_signing_key_from_jwt(token)
    unverified = jwt.decode(token, options={"verify_signature": False})
    claims = jwt.decode(token, public.key, [algorithm], issuer=unverified["iss"], audience=unverified["aud"],
                        options={"require": ["iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti"]})
    try:
        jwt.decode(token[:-8] + "AAAAAAAA", public.key, [algorithm], audience=unverified["aud"])
        must("PyJWT refuses another signature", False)
    except jwt.InvalidSignatureError:
        must("PyJWT refuses another signature", True)

    # Our tokens, by their reading: the claims of the live session, signed anew with keys of the file.
    with open(key_file, encoding="utf-8") as file:
        keys = {key["state"]: key for key in json.load(file)["keys"]}
    must("the active key signs", keys["active"]["kid"] == header["kid"])
    must("the file and the key set name the same keys",
         {key["kid"] for key in jwks["keys"]} >= {key["kid"] for key in keys.values()})

    def private(jwk):
        """The private key by PyJWT, which does not know the members of ours."""
        return jwt.PyJWK({name: jwk[name] for name in jwk if name not in ("state", "since")}, algorithm).key

    def signed(key, changes=None, **header_changes):
        headers = {"typ": "at+jwt", "kid": header["kid"], **header_changes}
        return jwt.encode({**claims, **(changes or {})}, key, algorithm, headers=headers)

    def answers(what, text, expected):
        status, problem = call(f"{base}/api/users/me", text)
        must(f"{what}: {expected}, not {status}", status == expected)
        if expected == 401:
            must(f"{what}: invalid_token", problem["code"] == "invalid_token")

    active, now = private(keys["active"]), int(time.time())
    stranger = ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    answers("the token itself", token, 200)
    answers("signed anew", signed(active), 200)
    answers("signed with the next key", signed(private(keys["next"]), kid=keys["next"]["kid"]), 200)
    answers("a longer life", signed(active, {"exp": now + 60}), 200)
    answers("several audiences", signed(active, {"aud": [claims["aud"], "https://other.example"]}), 200)

    answers("another key", signed(stranger), 401)
    answers("another key of the file", signed(private(keys["next"])), 401)
    answers("an unknown kid", signed(active, kid="unknown"), 401)
    answers("no access token", signed(active, typ="JWT"), 401)
    answers("jku", signed(active, jku="https://attacker.example/jwks.json"), 401)
    answers("crit", signed(active, crit=["exp"]), 401)
    answers("another issuer", signed(active, {"iss": "https://attacker.example"}), 401)
    answers("another audience", signed(active, {"aud": "https://attacker.example"}), 401)
    answers("expired", signed(active, {"exp": now - 60}), 401)
    answers("not yet valid", signed(active, {"nbf": now + 60}), 401)
    answers("another session", signed(active, {"sid": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4f"}), 401)
    answers("another user", signed(active, {"sub": "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4f"}), 401)

    # Unsigned, and signed with the public key as if it were a secret. PyJWT refuses to make either.
    none = f"{encoded({'typ': 'at+jwt', 'alg': 'none', 'kid': header['kid']})}.{encoded(claims)}."
    answers("alg none", none, 401)
    pem = active.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    published = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
    for secret in (pem, pem.strip(), published["x"].encode(), json.dumps(published).encode()):
        message = f"{encoded({'typ': 'at+jwt', 'alg': 'HS256', 'kid': header['kid']})}.{encoded(claims)}"
        tag = hmac.new(secret, message.encode(), hashlib.sha256).digest()
        answers("HS256 with the public key", f"{message}.{b64(tag)}", 401)

    print(f"{algorithm}: {checks} checks with PyJWT {jwt.__version__}")


main()
