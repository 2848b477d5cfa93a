# SPDX-License-Identifier: MIT
"""The arithmetic and the tables of the race."""

import unittest

from bench.peers import table

RATES = {
    ("AHA", ""): [10, 20, 30],
    ("one", "within"): [10, 10, 10],  # 1, 2, 3
    ("one", "beside"): [20, 10, 20],  # .5, 2, 1.5
    ("two", "within"): [5, 40, 10],   # 2, .5, 3
}


class Ratios(unittest.TestCase):
    def test_median_of_rounds_of_the_better_way(self):
        self.assertEqual(table.ratios(RATES), {"one": 1.5, "two": 2})

    def test_rounds_are_not_mixed(self):
        """The machine twice as slow in a round changes nothing."""
        slow = {who: [rate / (1 + i) for i, rate in enumerate(rates)]
                for who, rates in RATES.items()}
        self.assertEqual(table.ratios(slow), table.ratios(RATES))

    def test_fastest_is_the_least_ratio(self):
        self.assertEqual(table.fastest({"a": 2, "b": 1.2, "c": 3}),
                         ("b", 1.2))

    def test_worst_cell_is_that_of_the_least_fastest(self):
        cells = {"x": {"a": 2, "b": 3}, "y": {"a": 9, "b": 1.5}}
        self.assertEqual(table.worst(cells), ("y", "b", 1.5))


class Markdown(unittest.TestCase):
    def test_table(self):
        self.assertEqual(table.markdown(["a", "b"], [[1, "x"]]),
                         "| a | b |\n| --- | --- |\n| 1 | x |")

    def test_plain_has_even_columns_and_no_marks(self):
        text = table.markdown(["a", "bb"], [["long", "**1.5**"]])
        self.assertEqual(table.plain(text), "a     bb\nlong  1.5")

    def test_replaced_between_comments(self):
        page = "top\n<!-- here -->\nold\n\n<!-- /here -->\nend\n"
        new = table.replace_between(page, "here", "new\n")
        self.assertEqual(new,
                         "top\n<!-- here -->\nnew\n<!-- /here -->\nend\n")
        self.assertEqual(table.replace_between(new, "here", "new"), new)

    def test_a_page_without_the_comments_is_refused(self):
        for page in ("", "<!-- here -->\n", "<!-- /here -->\n"):
            with self.assertRaises(ValueError):
                table.replace_between(page, "here", "new")


if __name__ == "__main__":
    unittest.main()
