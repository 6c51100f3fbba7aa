#!/usr/bin/env python3
"""Every relative link of every Markdown file leads to a file, and to a heading of it where it names one.

Usage: .ci/links.py
"""

import pathlib
import re
import sys

FENCED = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)", re.M)
HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$", re.M)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


def anchors(text):
    """The names that headings get on GitHub."""
    names = set()
    for heading in HEADING.findall(FENCED.sub("", text)):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        number = 0
        while (unique := f"{name}-{number}" if number else name) in names:
            number += 1
        names.add(unique)
    return names


def main():
    faults, links = [], 0
    documents = [path for path in sorted(pathlib.Path().rglob("*.md"))
                 if path.parts[0] not in {"data", "target"} and "node_modules" not in path.parts]
    for document in documents:
        text = document.read_text(encoding="utf-8")
        # Tables of settings and code are no links, whatever they look like.
        bare = CODE.sub("", FENCED.sub("", text))
        for found in LINK.finditer(bare):
            link = found[1] or found[2]
            if ELSEWHERE.match(link):
                continue
            links += 1
            where, _, anchor = link.partition("#")
            target = document.parent / where if where else document
            if not target.exists():
                faults.append(f"{document}: {link} leads nowhere")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
                faults.append(f"{document}: {link}: no such heading")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(documents)} documents, {links} relative links, every one leads somewhere")
    return 1 if faults or not links else 0


sys.exit(main())
