#!/usr/bin/env -S python3 -B
import unittest

from plugin import versions


class Test(unittest.TestCase):
    def test(self):
        answer = versions.answer("opt/tools.versions", b"hammer 1.0\nsaw 2.1\ndrill\n")
        self.assertEqual([(p.name, p.version) for p in answer.packages], [("hammer", "1.0"), ("saw", "2.1")])
        self.assertEqual([(p.line, p.message) for p in answer.problems], [(3, "no name and version")])


if __name__ == "__main__":
    unittest.main()
