# SPDX-License-Identifier: MIT
"""openapi.json, server/routes.def and server/problem.def say the same."""

import json
import os
import re
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
METHODS = {"get", "put", "post", "delete", "patch"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
        return stream.read()


def rows(path, macro, pattern):
    """What the pattern finds in each row; a row it does not fit is an error."""
    found = []
    text = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
    for arguments in re.findall(rf"^{macro}\((.*)\)$", text, re.M):
        match = re.fullmatch(pattern, arguments)
        if match is None:
            raise ValueError(f"{path}: {macro}({arguments})")
        found.append(match.groups())
    return found


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.description = json.loads(read("openapi.json"))

    def test_routes(self):
        served = rows("server/routes.def", "ROUTE",
                      r'\w+, (PUBLIC|ADMIN), "([A-Z]+)", "([^"]+)".*')
        documented = [
            ("ADMIN" if "servers" in item else "PUBLIC", method.upper(), path)
            for path, item in self.description["paths"].items()
            for method in item if method in METHODS]
        self.assertGreater(len(served), 20)
        self.assertEqual(sorted(served), sorted(documented))

    def test_keys(self):
        served = rows("server/routes.def", "ROUTE",
                      r'\w+, \w+, "([A-Z]+)", "([^"]+)", (OPEN|KEYED).*')
        for method, path, access in served:
            operation = self.description["paths"][path][method.lower()]
            self.assertEqual(operation.get("security") == [],
                             access == "OPEN", path)
            self.assertEqual("401" in operation["responses"],
                             access == "KEYED", path)

    def test_problems(self):
        served = rows("server/problem.def", "PROBLEM",
                      r'\w+, "(\w+)", "([^"]+)", (\d{3})')
        code = self.description["components"]["schemas"]["ProblemCode"]
        documented = re.findall(r"^\| `(\w+)` \| (\d{3}) \|",
                                code["description"], re.M)
        self.assertGreater(len(served), 20)
        self.assertEqual(sorted((name, status) for name, _, status in served),
                         sorted(documented))
        self.assertEqual(sorted(code["enum"]),
                         sorted(name for name, _ in documented))

    def test_titles(self):
        """The examples show the titles that are served."""
        titles = {name: title for name, title, _ in
                  rows("server/problem.def", "PROBLEM",
                       r'\w+, "(\w+)", "([^"]+)", (\d{3})')}
        shown = 0
        for response in self.description["components"]["responses"].values():
            content = response.get("content", {})
            examples = content.get("application/problem+json",
                                   {}).get("examples", {})
            for example in examples.values():
                problem = example["value"]
                self.assertEqual(problem["title"], titles[problem["code"]])
                shown += 1
        self.assertGreater(shown, 10)

    def test_version(self):
        version = re.search(r"^VERSION := (.*)$", read("Makefile"), re.M)
        self.assertEqual(self.description["info"]["version"], version.group(1))


if __name__ == "__main__":
    unittest.main()
