#!/usr/bin/env -S python3 -B
"""Finds the packages in *.versions files. A line has a name and a version."""
import hullmark_plugin


@hullmark_plugin.analyzer("{{.Name}}", version=1, patterns=["**/*.versions"], max_size=1 << 20)
def versions(file, result):
    for number, line in enumerate(file.text().splitlines(), 1):
        name, space, version = line.partition(" ")
        if name and space:
            result.package("generic", name, version)
        else:
            result.problem("no name and version", line=number)


if __name__ == "__main__":
    hullmark_plugin.serve(versions)
