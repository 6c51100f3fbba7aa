#!/usr/bin/env python3
"""Proves the arrows between the crates that docs/architecture.md draws.

What a crate may link directly comes from `cargo metadata`, what it must not reach at all from `cargo tree`.
Usage: .ci/layers.py [FOLDER OF THE WORKSPACE]
"""

import json
import re
import subprocess
import sys

# The crates of ours that each crate may use, but for its tests.
ARROWS = {
    "plinth-domain": set(),
    "plinth-auth": {"plinth-domain"},
    "plinth-persistence": {"plinth-domain"},
    "plinth-mail": {"plinth-domain"},
    "plinth-limits": {"plinth-domain"},
    "plinth-realtime": {"plinth-domain"},
    "plinth-jobs": {"plinth-domain", "plinth-auth", "plinth-persistence", "plinth-mail"},
    "plinth-http": {"plinth-domain", "plinth-auth", "plinth-persistence", "plinth-mail", "plinth-limits",
                    "plinth-realtime"},
    "plinth-server": {"plinth-domain", "plinth-auth", "plinth-persistence", "plinth-mail", "plinth-limits",
                      "plinth-realtime", "plinth-jobs", "plinth-http"},
    "plinth-testing": {"plinth-domain", "plinth-auth", "plinth-persistence", "plinth-mail", "plinth-limits",
                       "plinth-realtime", "plinth-jobs", "plinth-http"},
}

WEB = r"actix-.*|awc"
DATABASE = r"diesel|diesel_.*|r2d2|pq-sys|pq-src|libsqlite3-sys"
RUNTIME = r"tokio|tokio-.*|futures-.*|socket2|mio"

# What a crate must not reach, over however many others, with all its features and on every system.
UNREACHABLE = {
    "plinth-domain": [WEB, DATABASE, RUNTIME],
    "plinth-auth": [WEB, DATABASE],
    "plinth-persistence": [WEB],
    "plinth-mail": [WEB, DATABASE],
    "plinth-limits": [WEB, DATABASE],
    "plinth-realtime": [WEB, DATABASE],
    "plinth-jobs": [WEB],
}

# What a crate must not name among its own dependencies, though it reaches it through another crate.
NOT_DIRECT = {
    "plinth-jobs": [DATABASE],
    "plinth-http": [DATABASE],
    "plinth-server": [DATABASE],
    "plinth-testing": [DATABASE],
}


def cargo(folder, *arguments):
    """What a cargo command prints."""
    done = subprocess.run(["cargo", *arguments], cwd=folder, text=True, stdout=subprocess.PIPE)
    if done.returncode != 0:
        # Cargo has said why.
        sys.exit(1)
    return done.stdout


def reached(folder, package):
    """The names of all crates that a crate links."""
    tree = cargo(folder, "tree", "--locked", "--package", package, "--edges", "normal", "--all-features",
                 "--target", "all", "--prefix", "none", "--format", "{p}")
    return {line.split()[0] for line in tree.splitlines() if line.strip()} - {package}


def matching(names, patterns):
    return sorted(name for name in names if any(re.fullmatch(pattern, name) for pattern in patterns))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    workspace = json.loads(cargo(folder, "metadata", "--locked", "--format-version", "1", "--no-deps"))
    packages = workspace["packages"]
    ours = {package["name"] for package in packages}
    faults = []
    # What is no default member is left out by a plain `cargo test`.
    for member in sorted(set(workspace["workspace_members"]) - set(workspace["workspace_default_members"])):
        faults.append(f"{member} is not among the default members of the workspace")
    for package in packages:
        name = package["name"]
        if name not in ARROWS:
            faults.append(f"{name} has no row in .ci/layers.py")
            continue
        direct = {dependency["name"] for dependency in package["dependencies"] if dependency["kind"] != "dev"}
        for other in sorted((direct & ours) - ARROWS[name]):
            faults.append(f"{name} must not depend on {other}" + (
                " but for its tests" if other == "plinth-testing" else ""))
        for other in matching(direct, NOT_DIRECT.get(name, [])):
            faults.append(f"{name} must not name {other} among its dependencies")
        if name in UNREACHABLE:
            for other in matching(reached(folder, name), UNREACHABLE[name]):
                faults.append(f"{name} must not reach {other}: see cargo tree --package {name} --invert {other}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(packages)} crates, every arrow as drawn")
    return 1 if faults else 0


sys.exit(main())
