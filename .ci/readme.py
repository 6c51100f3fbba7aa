#!/usr/bin/env python3
"""Runs a document's first session as a reader would paste it.

Every fenced block in `sh` that follows the line `<!-- session -->` belongs to the session. All of them run in one
bash, in an empty folder, against the instance given; a command that fails ends it, and so does an answer of curl
that is not 2xx or 3xx.

Usage: .ci/readme.py DOCUMENT URL
"""

import re
import subprocess
import sys
import tempfile

# What the document calls the instance.
DOCUMENTED = re.compile(r"http://(localhost|127\.0\.0\.1):8000\b")
SESSION = re.compile(r"^<!-- session -->[ \t]*\n+```(?:sh|bash|shell|console)[ \t]*\n(.*?)^```[ \t]*$", re.M | re.S)

# As pasted, but that an answer which says no is not taken for a success.
PRELUDE = """
set -euo pipefail
curl() {
    local argument
    for argument; do
        case $argument in
            --fail*) command curl "$@"; return ;;
            --*) ;;
            -*f*) command curl "$@"; return ;;
        esac
    done
    command curl --fail-with-body "$@"
}
set -v
"""


def main():
    document, url = sys.argv[1], sys.argv[2].rstrip("/")
    with open(document, encoding="utf-8") as file:
        text = file.read()
    blocks = SESSION.findall(text)
    marks = len(re.findall(r"^<!-- session -->", text, re.M))
    if not blocks or len(blocks) != marks:
        print(f"{document}: {marks} marks of a session, {len(blocks)} blocks of sh after them", file=sys.stderr)
        return 1
    script = DOCUMENTED.sub(url, "\n".join(blocks))
    if url not in script:
        print(f"{document}: the session does not speak to http://localhost:8000", file=sys.stderr)
        return 1
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file, tempfile.TemporaryDirectory() as folder:
        file.write(PRELUDE + script)
        file.flush()
        done = subprocess.run(["bash", file.name], cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                              timeout=120)
    print(f"\n{len(blocks)} blocks ran, status {done.returncode}")
    return done.returncode


sys.exit(main())
