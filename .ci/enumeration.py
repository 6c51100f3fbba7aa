#!/usr/bin/env python3
"""Asks a running server whether it tells who has an account: by status, by headers, by body, or by time.

The server runs with RATE_LIMIT_ENABLED=false, ENVIRONMENT=test or development, and open registration:

    .ci/enumeration.py http://127.0.0.1:8000 [requests of each kind, a multiple of 20, else 200]

Known and unknown addresses are asked about in random order, strictly in turns, and in runs of twenty, one request
at a time on one connection: what a request leaves to be done in the background must not tell either. Prints the
medians and how far they are apart. Ends with 1 where an answer differs in more than its request id and date; times
depend on the machine and are for the reader to judge.
"""

import http.client
import json
import random
import statistics
import sys
import time
import urllib.parse
import uuid

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# Different in every answer, whatever it is.
OF_THE_REQUEST = {"date", "x-request-id"}


class Server:
    """One connection, kept alive."""

    def __init__(self, base):
        address = urllib.parse.urlsplit(base)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)

    def send(self, path, body, content_type, token=None, method="POST"):
        """What it answers, without what is different in every answer, and how many milliseconds that took."""
        headers = {"content-type": content_type} if content_type else {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        took = (time.perf_counter() - begun) * 1000
        told = sorted((name.lower(), value) for name, value in answer.getheaders())
        told = [(name, value) for name, value in told if name not in OF_THE_REQUEST]
        request_id = answer.getheader("x-request-id", "")
        return (answer.status, told, text.replace(request_id, "")), took

    def forgot(self, email):
        return self.send("/api/auth/password/forgot", json.dumps({"email": email}), JSON)

    def login(self, email, password="not the password"):
        form = urllib.parse.urlencode({"username": email, "password": password})
        return self.send("/api/auth/login", form, FORM)

    def resend(self, token):
        return self.send("/api/auth/email/resend", None, None, token)

    def register(self, email, password):
        self.must("/api/auth/register", json.dumps({"email": email, "password": password}), JSON)

    def waits(self, email, pending, password):
        """A new account whose change to another address waits to be proven; its access token."""
        self.register(email, password)
        form = urllib.parse.urlencode({"username": email, "password": password})
        token = self.must("/api/auth/login", form, FORM)["access_token"]
        body = json.dumps({"email": pending, "current_password": password})
        if self.must("/api/users/me", body, JSON, token, "PATCH")["pending_email"] != pending:
            sys.exit("the server sends no mail")
        return token

    def must(self, *request):
        (status, _, text), _ = self.send(*request)
        if status != 200:
            sys.exit(f"{request[0]}: {status} {text}")
        return json.loads(text)


def orders(count):
    """Names of orders, and the orders: which of the two comes next."""
    mixed = [0, 1] * count
    random.Random(1).shuffle(mixed)
    runs = [which for n in range(count // 20) for which in ((0, 1) if n % 2 else (1, 0)) for _ in range(20)]
    return {"mixed": mixed, "in turns": [0, 1] * count, "in runs": runs}


def compare(name, count, known, unknown, order="mixed"):
    """Runs both so often, in that order. Whether they were answered alike."""
    told, times = [set(), set()], [[], []]
    # The first few warm up.
    for n, which in enumerate([0, 1] * 5 + orders(count)[order]):
        answer, took = (known, unknown)[which]()
        told[which].add(repr(answer))
        if n >= 10:
            times[which].append(took)
    medians = [statistics.median(some) for some in times]
    alike = told[0] == told[1] and len(told[0]) == 1
    apart = (max(medians) / min(medians) - 1) * 100
    print(
        f"{name}, {order}: {'alike' if alike else 'DIFFERENT'}; medians of {count}: "
        f"{medians[0]:.3f} ms, {medians[1]:.3f} ms, {apart:.1f} % apart"
    )
    if not alike:
        for answer in sorted(told[0] ^ told[1]):
            print(" ", answer, file=sys.stderr)
    return alike


def main():
    base = sys.argv[1].rstrip("/")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    server = Server(base)
    mark, password = uuid.uuid4().hex, f"correct horse {uuid.uuid4().hex}"
    known, unknown, mine = (f"{name}-{mark}@example.com" for name in ("knownxx", "unknown", "mineabc"))
    # An address that waits to be proven, and that somebody has by now; and one that nobody has. (One that somebody
    # has already is refused with 409, as it is at registration: that much the contract tells.)
    waits_known = server.waits(mine, known, password)
    waits_unknown = server.waits(f"{mine}.au", unknown, password)
    server.register(known, password)
    pairs = {
        "forgot": (lambda: server.forgot(known), lambda: server.forgot(unknown)),
        "resend": (lambda: server.resend(waits_known), lambda: server.resend(waits_unknown)),
    }
    alike = [compare(name, count, *pair, order) for name, pair in pairs.items() for order in orders(count)]
    # Leaves nothing to be done, and takes long.
    alike.append(compare("login", count, lambda: server.login(known), lambda: server.login(unknown)))
    sys.exit(0 if all(alike) else 1)


if __name__ == "__main__":
    main()
