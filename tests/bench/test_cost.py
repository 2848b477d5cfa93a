# SPDX-License-Identifier: MIT
"""Whether a photo's cost is said to grow as the work does."""

import unittest

from bench import cost

SERIES = {"sheet": {1: "a", 4: "b", 16: "c"}}


def costs(**totals):
    """{photo: (faces, {stage: ms})}, all stages alike."""
    return {photo: (1, dict.fromkeys(cost.STAGES, ms))
            for photo, ms in totals.items()}


class Growth(unittest.TestCase):
    def test_is_that_of_time_over_that_of_work(self):
        found = cost.growths(SERIES, costs(a=10, b=20, c=160))
        self.assertEqual(found["sheet", "decode", 1, 4], .5)
        self.assertEqual(found["sheet", "total", 4, 16], 2)
        self.assertEqual(len(found), 2 * len(cost.STAGES))

    def test_verdict_is_on_the_steepest_steps(self):
        found = costs(a=10, b=20, c=80)
        found["c"][1]["align"] = 100
        said = cost.verdict(cost.growths(SERIES, found))
        self.assertRegex(said, r"no faster than.*\*\*1\.00\*\*.*sheet 4 to 16")
        self.assertRegex(said, r"stage: align, 1\.25 \(sheet 4 to 16\)")
        found["c"][1]["total"] = 96
        self.assertRegex(cost.verdict(cost.growths(SERIES, found)),
                         r"FASTER than.*\*\*1\.20\*\*")


class Measure(unittest.TestCase):
    def test_medians_without_the_first_round(self):
        class Process:
            """Slow at first, then 1, 2, 3 ms."""
            ms = [900, 1, 2, 3]

            def ask(self, line):
                if line == "stages":
                    return "2" + f" {self.ms.pop(0)}" * len(cost.STAGES)
                self.line = line
                return "ok"

        process = Process()
        found = cost.measure(process, ["x.jpg"], 3)
        self.assertEqual(found, {"x.jpg": (2, dict.fromkeys(cost.STAGES, 2))})
        self.assertEqual(process.line, "open x.jpg")


if __name__ == "__main__":
    unittest.main()
