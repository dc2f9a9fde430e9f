# Answers pairs of Python versions with the library packaging, or the copy of it inside pip.
import sys

try:
    from packaging.version import InvalidVersion, Version
except ImportError:
    from pip._vendor.packaging.version import InvalidVersion, Version


def parse(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


for line in sys.stdin:
    a, b = map(parse, line.rstrip("\n").split("\t"))
    if a is None or b is None:
        print(f"?{int(a is None)}{int(b is None)}")
    else:
        print("<" if a < b else ">" if a > b else "=")
