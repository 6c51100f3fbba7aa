#!/usr/bin/env python3
"""Does what a walk-through says, on a copy of the tree, as a reader would.

A comment before a fenced block says what becomes of the block:

    <!-- file: PATH[, PATH] -->       the new file
    <!-- before: PATH | LINE -->      stands before the one line of the file that begins so, its indentation aside
    <!-- after: PATH | LINE -->       stands after it
    <!-- instead: PATH | LINE -->     replaces it
    <!-- grow: PATH | LINE -->        no block: the last number in that line grows by one

Blocks in `sh` and `toml` are not for the tree; any other without such a comment is a fault.

Usage: .ci/walkthrough.py DOCUMENT FOLDER     makes FOLDER, a copy of the tree in which DOCUMENT has been followed
"""

import pathlib
import re
import shutil
import sys

STEP = re.compile(
    r"^<!-- (?P<how>file|before|after|instead|grow): (?P<where>.*?) -->\n"
    r"|^```(?P<language>\w*)\n(?P<block>.*?)^```$", re.M | re.S)
PROSE = {"sh", "toml", "text"}


class Fault(Exception):
    """The document does not fit the tree."""


def copy_tree(folder):
    """All but what .gitignore names."""
    shutil.copytree(".", folder, ignore=lambda place, names: {
        name for name in names
        if name in {".env", "node_modules"} or place == "." and name in {".git", "data", "target"}
    })


def the_line(lines, start, path):
    found = [number for number, line in enumerate(lines) if line.lstrip().startswith(start)]
    if len(found) != 1:
        raise Fault(f"{path}: {len(found)} lines begin with {start!r}, not one")
    return found[0]


def apply(folder, how, where, block):
    """Makes one change; tells what it was."""
    if how == "file":
        for name in where.split(", "):
            path = folder / name
            if path.exists():
                raise Fault(f"{name} is there already")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
        return
    name, _, start = where.partition(" | ")
    path = folder / name
    if not path.is_file():
        raise Fault(f"{name} is not there")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = the_line(lines, start, name)
    if how == "before":
        lines.insert(at, block)
    elif how == "after":
        lines.insert(at + 1, block)
    elif how == "instead":
        lines[at] = block
    else:
        grown = re.sub(r"\d+(?=\D*$)", lambda number: str(int(number[0]) + 1), lines[at])
        if grown == lines[at]:
            raise Fault(f"{name}: no number in the line that begins with {start!r}")
        lines[at] = grown
    path.write_text("".join(lines), encoding="utf-8")


def follow(document, folder):
    """Follows the document; gives the number of its steps."""
    text = pathlib.Path(document).read_text(encoding="utf-8")
    waiting, steps = None, 0
    for step in STEP.finditer(text):
        line = text.count("\n", 0, step.start()) + 1
        try:
            if step["how"]:
                if waiting:
                    raise Fault(f"no block after {waiting}")
                if step["how"] == "grow":
                    apply(folder, "grow", step["where"], "")
                    steps += 1
                else:
                    waiting = (step["how"], step["where"])
            elif waiting:
                apply(folder, *waiting, step["block"])
                waiting = None
                steps += 1
            elif step["language"] not in PROSE:
                raise Fault("nothing says where this block belongs")
        except Fault as fault:
            raise Fault(f"{document}:{line}: {fault}") from None
    marks = len(re.findall(r"^<!-- ", text, re.M))
    if waiting or marks != steps or steps == 0:
        raise Fault(f"{document}: {marks} marks, {steps} steps")
    return steps


def main():
    document, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    copy_tree(folder)
    try:
        print(f"{document}: {follow(document, folder)} steps taken")
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
