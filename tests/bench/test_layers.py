# SPDX-License-Identifier: MIT
"""The race by layers: what is added up and compared."""

import unittest

from bench.peers import layers

A, B = (1, 32, 7, 2, 48, 48), (32, 32, 3, 1, 24, 24)
TEXT = """ready avx2 Haswell
12.5 12.6
layer 1 32 7 2 48 48 10.0
layer 32 32 3 1 24 24 4.0
layer 32 32 3 1 24 24 6.0
"""


class Layers(unittest.TestCase):
    def test_layers_of_one_shape_are_added_up(self):
        self.assertEqual(layers.parse(TEXT), {A: 10, B: 10})

    def test_medians_of_what_both_have(self):
        ours = [{A: 10, B: 1}, {A: 20, B: 1}, {A: 10, B: 1}]
        theirs = [{A: 20}, {A: 20}, {A: 50}]
        self.assertEqual(layers.compare(ours, theirs), {A: (10, 2)})

    def test_names_say_kernel_channels_stride_and_size(self):
        self.assertEqual(layers.name(A), "7 x 7, 1 to 32, stride 2, 48 x 48")
        self.assertEqual(layers.name(B), "3 x 3, 32 to 32, 24 x 24")


if __name__ == "__main__":
    unittest.main()
