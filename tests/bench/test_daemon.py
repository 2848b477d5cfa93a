# SPDX-License-Identifier: MIT
"""What is said of the daemon's pace."""

import unittest

from bench import daemon, isolation

FINE = {"n": 9, "p50_ms": 60.4, "p99_ms": 99.6}


class Rows(unittest.TestCase):
    def test_share_is_the_median_of_ratios_by_round(self):
        rates = {daemon.KEPT: [9, 40, 33], daemon.BARE: [10, 20, 30]}
        self.assertEqual(daemon.share_of_bare(rates, daemon.KEPT), 1.1)

    def test_load(self):
        self.assertEqual(
            daemon.load_row(.5, 12.34, {"200": FINE}, 3.4),
            ["50%", "12.3", 9, 0, 0, "60", "100", "", "3"])
        self.assertEqual(
            daemon.load_row(2, 20, {"200": FINE, "504": FINE,
                                    "503": {**FINE, "n": 7, "p99_ms": 1}}, 8),
            ["200%", "20.0", 9, 7, 9, "60", "100", "1", "8"])

    def test_load_with_other_answers_is_none(self):
        with self.assertRaises(SystemExit):
            daemon.load_row(1, 10, {"200": FINE, "broken": FINE}, 3)

    def test_isolation(self):
        rates = {isolation.HERE: [10, 20, 40], isolation.APART: [9, 19, 20]}
        self.assertEqual(isolation.row(2, rates), [2, "20.0", "19.0", "0.900"])

    def test_goals(self):
        held = [row[-1] for row in daemon.goal_rows(.95, .31, [90, 150, 149])]
        self.assertEqual(held, ["yes", "**no**", "yes"])

    def test_counter_over_labels(self):
        metrics = {'a_total{x="1"}': 2, 'a_total{x="2"}': 3, "b_total": 9}
        self.assertEqual(daemon.count(metrics, "a_total"), 5)


if __name__ == "__main__":
    unittest.main()
