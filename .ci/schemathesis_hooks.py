"""How schemathesis signs in: as an admin, with a session of its own for every case.

A generated case may end the session that it is sent with, or demote or delete an admin whose id it has learned;
the cases after it are to be sent by an admin all the same. So a few spare ones are made beforehand.

PLINTH_URL, PLINTH_ADMIN and PLINTH_PASSWORD say where and as whom. The prefix of the API is the default one.
"""

import os
import threading

import requests
import schemathesis

URL = os.environ["PLINTH_URL"]
PASSWORD = os.environ["PLINTH_PASSWORD"]
SPARE = [f"spare-{number}@example.com" for number in range(20)]

lock = threading.Lock()
# The one in use comes last. None before the spare ones are made.
admins = None


def login(email):
    """An access token, or None where there is no such admin any more."""
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    answer = requests.post(f"{URL}/api/auth/login", data=form, timeout=30)
    if answer.status_code != 200:
        return None
    token = answer.json()["access_token"]
    me = requests.get(f"{URL}/api/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return token if me.status_code == 200 and me.json()["role"] == "admin" else None


def make_spare():
    """Makes the spare admins; the first one, made by the server itself, comes last and is used first."""
    first = os.environ["PLINTH_ADMIN"]
    headers = {"Authorization": f"Bearer {login(first)}"}
    for email in SPARE:
        body = {"email": email, "password": PASSWORD, "role": "admin"}
        requests.post(f"{URL}/api/users", json=body, headers=headers, timeout=30).raise_for_status()
    return [*SPARE, first]


def token():
    """An access token of an admin who still is one."""
    global admins
    with lock:
        if admins is None:
            admins = make_spare()
        while admins:
            found = login(admins[-1])
            if found:
                return found
            admins.pop()
    raise RuntimeError("no admin is left to send cases as")


@schemathesis.auth(refresh_interval=None)
class Admin:
    """Signs a case."""

    def get(self, case, context):
        return token()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"
