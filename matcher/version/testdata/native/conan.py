# Answers pairs of Conan versions with Conan 2's own class. The argument is the folder of the package conan.
import re
import sys

sys.path.insert(0, sys.argv[1])

from conan.internal.model.version import Version

VALID = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_+.-]{0,100}")  # as ConanFileReference has it, with capitals


def parse(text):
    return Version(text) if VALID.fullmatch(text) else None


for line in sys.stdin:
    a, b = map(parse, line.rstrip("\n").split("\t"))
    if a is None or b is None:
        print(f"?{int(a is None)}{int(b is None)}")
    else:
        print("<" if a < b else ">" if a > b else "=")
