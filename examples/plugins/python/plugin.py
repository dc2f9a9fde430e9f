#!/usr/bin/env -S python3 -B
"""A Hullmark plugin in Python that reports the packages in *.versions files, a name and a version a line, and private keys."""
import os
import sys

# The SDK of this checkout. A plugin that "hullmark plugin new" writes has a copy beside it instead of these two lines.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../plugin/python"))
import hullmark_plugin


@hullmark_plugin.analyzer("python", version=1, patterns=["**/*.versions", "**/*.pem"], max_size=1 << 20)
def analyze(file, result):
    if file.path.endswith(".pem"):
        for number, line in enumerate(file.data.split(b"\n"), 1):
            if line.startswith(b"-----BEGIN ") and line.rstrip().endswith(b"PRIVATE KEY-----"):
                result.finding("python:private-key", "a private key", severity="high", line=number)
        return
    for number, line in enumerate(file.text().splitlines(), 1):
        name, space, version = line.partition(" ")
        if name and space:
            result.package("generic", name, version)
        else:
            result.problem("no name and version", line=number)


if __name__ == "__main__":
    hullmark_plugin.serve(analyze)
