# Answers pairs of RPM versions with rpm's own library (python3-rpm).
import sys

import rpm


def parse(text):
    try:
        v = rpm.ver(text)
    except ValueError:
        return None
    return v if v.v else None


for line in sys.stdin:
    a, b = map(parse, line.rstrip("\n").split("\t"))
    if a is None or b is None:
        print(f"?{int(a is None)}{int(b is None)}")
    else:
        print("<" if a < b else ">" if a > b else "=")
