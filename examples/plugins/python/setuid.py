#!/usr/bin/env -S python3 -B
"""A Hullmark plugin in Python that reports programs which run as another user: set-uid and set-gid files, and files with capabilities."""
import os
import stat
import sys

# The SDK of this checkout. A plugin that "hullmark plugin new" writes has a copy beside it instead of these two lines.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../plugin/python"))
import hullmark_plugin


@hullmark_plugin.analyzer("setuid", version=1, patterns=["**"], entries=True, finds=["setuid"])
def analyze(file, result):
    entry = file.entry
    if not stat.S_ISREG(entry.mode):
        return
    kinds = [kind for kind, bit in (("set-uid", stat.S_ISUID), ("set-gid", stat.S_ISGID)) if entry.mode & bit]
    if "security.capability" in entry.xattrs:
        kinds.append("capabilities")
    if not kinds:
        return
    result.record("privileged-file", file.path, {
        "mode": stat.filemode(entry.mode), "uid": str(entry.uid), "gid": str(entry.gid), "kinds": " ".join(kinds)})
    if entry.mode & stat.S_ISUID and entry.mode & (stat.S_IWGRP | stat.S_IWOTH):
        result.finding("setuid:writable", "a set-uid program that others can write", severity="high", detail=stat.filemode(entry.mode))


if __name__ == "__main__":
    hullmark_plugin.serve(analyze)
