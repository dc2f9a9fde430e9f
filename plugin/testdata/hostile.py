#!/usr/bin/env -S python3 -B
"""An analyzer that does what an analyzer must not do. The base name of a file says what."""
import os
import subprocess
import sys

import hullmark_plugin


class Unprintable(Exception):
    def __str__(self):
        raise ValueError


class Line(hullmark_plugin.Malformed):
    @property
    def line(self):
        raise ValueError("of the line")

    @line.setter
    def line(self, value):
        pass


def line_throws(file, result):
    raise Line("cut off")


def records(file, result):
    while True:
        result.record("k")


def throw(file, result):
    result.package("generic", "half")
    raise ValueError("no %s" % object())


def unprintable(file, result):
    raise Unprintable


def recurse(file, result):
    recurse(file, result)


def malformed(file, result):
    result.package("generic", "half", "1")
    raise hullmark_plugin.Malformed("cut off", line=3)


def unsupported(file, result):
    raise hullmark_plugin.Unsupported("version 9")


def unavailable(file, result):
    raise hullmark_plugin.Unavailable("the service is down")


def print_much(file, result):
    print("1|1|unix|/tmp/s|grpc|x")
    for i in range(2000):
        print("line", i)
    os.write(1, b"to the descriptor\n")
    subprocess.run(["/bin/echo", "from a child"], check=True)
    result.package("generic", "printed", str(len(sys.stdin.read())))


def huge(file, result):
    while True:
        result.package("generic", "x" * 1000, files=["y" * 1000] * 10)


SITUATIONS = {
    "throw": throw, "unprintable": unprintable, "recurse": recurse, "malformed": malformed, "unsupported": unsupported,
    "unavailable": unavailable, "print": print_much, "line-throws": line_throws, "records": records,
    "exit": lambda file, result: sys.exit("gone"),
    "return": lambda file, result: [1],
    "name-number": lambda file, result: result.package("generic", 5),
    "name-empty": lambda file, result: result.package("generic", ""),
    "type": lambda file, result: result.package("Not A Type", "x"),
    "files": lambda file, result: result.package("generic", "x", files="abc"),
    "files-number": lambda file, result: result.package("generic", "x", files=[1]),
    "hashes": lambda file, result: result.package("generic", "x", hashes=["a"]),
    "field": lambda file, result: result.package("generic", "x", colour="red"),
    "severity": lambda file, result: result.finding("rule", "title", severity="awful"),
    "line": lambda file, result: result.problem("x", line=-1),
    "line-float": lambda file, result: result.problem("x", line=1.5),
    "code": lambda file, result: result.problem("x", code="Not A Code"),
    "record-kind": lambda file, result: result.record("Not Kebab"),
    "record-field": lambda file, result: result.record("account", "root", {"a b": ""}),
    "record-value": lambda file, result: result.record("account", "root", {"uid": 0}),
    "record-line": lambda file, result: result.record("account", "root", line=-1),
    "record-fields": lambda file, result: result.record("account", "root", {"f%d" % i: "" for i in range(1001)}),
    "surrogate": lambda file, result: result.package("generic", "a\udc80b", "1"),
    "one-huge": lambda file, result: result.package("generic", "x", files=["y" * 1000] * 20000),
    "sibling": lambda file, result: result.package("generic", file.siblings["beside.txt"].path, "%s-%o-%o-%d" % (
        file.siblings["beside.txt"].text(), file.siblings["beside.txt"].mode, file.mode, len(file.siblings))),
    "path": lambda file, result: result.package("generic", "path", str(len(file.path))),
}
for n in range(6):
    SITUATIONS["huge%d" % n] = huge


@hullmark_plugin.analyzer("hostile", version=1, patterns=["**/*.hostile"], siblings=["beside.txt", "none.txt"])
def hostile(file, result):
    return SITUATIONS[os.path.basename(file.path)[:-len(".hostile")]](file, result)


@hullmark_plugin.analyzer("joins", version=1, patterns=["**/*.joins"])
def joins(file, result):
    result.package("generic", "alone", file.text())
    if file.text() == "text":
        result.fact("text")
    result.fact(b"a")
    result.fact(file.data)


@joins.join
def join(facts):
    texts = [f.data[1:].decode() for f in facts]
    if "throw" in texts:
        raise KeyError("join")
    if "huge" in texts:
        huge(None, facts[0].replace())
    for fact in facts:
        if fact.data == b"aproblem":
            fact.problem("not complete", line=2)
        elif fact.data == b"anothing":
            fact.replace()
        elif fact.data != b"asame":
            fact.replace().package("generic", "joined", "-".join(texts))
    return facts if "return" in texts else None


def hexadecimal(text):
    return text.encode("utf-8", "surrogateescape").hex()


@hullmark_plugin.analyzer("entries", version=1, patterns=["**"], entries=True, hidden=True, finds=["entries"], data="data\n7")
def entries(file, result):
    e = file.entry
    xattrs = " ".join("%s=%s" % (hexadecimal(name), len(value) if len(value) > 100 else value.hex()) for name, value in e.xattrs.items())
    result.record("entry", hexadecimal(file.path), {
        "mode": "%o" % e.mode, "permissions": "%o" % file.mode, "owner": "%d:%d" % (e.uid, e.gid), "size": "%d %d" % (e.size, len(file.data)),
        "time": str(e.mtime_ns), "target": hexadecimal(e.target), "link": hexadecimal(e.link), "device": "%d:%d" % (e.major, e.minor),
        "xattrs": xattrs})


@hullmark_plugin.analyzer("config", version=1, patterns=[], config=True)
def config(file, result):
    result.record("config", file.path, {"text": file.text()})


@hullmark_plugin.analyzer("unavailable", version=1, patterns=["**/*.none"], unavailable="no\nconnection")
def unavailable_analyzer(file, result):
    pass


print("before the handshake")
hullmark_plugin.serve(hostile, joins, entries, config, unavailable_analyzer)
