# SPDX-License-Identifier: MIT
"""How the program was compiled and linked, read from the program itself."""

import re
import subprocess
import unittest

from tests.http.daemon import AHA

X86 = "Advanced Micro Devices X86-64"


def read(*flags):
    return subprocess.run(["readelf", "-W", *flags, AHA], check=True, text=True,
                          errors="replace", capture_output=True).stdout


@unittest.skipUnless("/release/" in AHA, "for the program that is installed")
class Hardening(unittest.TestCase):
    def test_position(self):
        """Anywhere in memory, without relocations in its code."""
        dynamic = read("-d")
        self.assertRegex(dynamic, r"FLAGS_1\).*\bPIE\b")
        self.assertNotIn("TEXTREL", dynamic)
        self.assertRegex(read("-h"), r"Type: +DYN ")

    def test_relocations(self):
        """All resolved at the start, read-only from then on."""
        self.assertRegex(read("-d"), r"FLAGS_1\).*\bNOW\b")
        self.assertIn("GNU_RELRO", read("-l"))

    def test_memory(self):
        """No stack that runs, nothing that can be both written and run."""
        segments = re.findall(r"^  (\w+) +(?:0x\w+ +){5}([R ][W ][E ]) ",
                              read("-l"), re.M)
        self.assertIn(("GNU_STACK", "RW "), segments)
        self.assertEqual([kind for kind, flags in segments if flags[1:] == "WE"],
                         [])

    def test_library_path(self):
        """Only where Debian has its OpenBLAS."""
        self.assertEqual(re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]",
                                    read("-d")),
                         [path for path in re.findall(
                             r"/usr/lib/[a-z0-9_-]+/openblas-pthread",
                             read("-d"))])

    def test_checked_calls(self):
        """_FORTIFY_SOURCE and the stack protector."""
        names = set(re.findall(r"\b(__\w+_chk(?:_fail)?)\b",
                               read("--dyn-syms")))
        self.assertIn("__stack_chk_fail", names)
        self.assertTrue({"__snprintf_chk", "__vsnprintf_chk", "__fprintf_chk",
                         "__memcpy_chk"} & names, names)

    def test_flags_of_every_file(self):
        producers = re.findall(r"GNU C11 .*", read("-p", ".debug_str"))
        wanted = ["-fstack-protector-strong", "-fstack-clash-protection"]
        if X86 in read("-h"):
            wanted.append("-fcf-protection=full")
        self.assertTrue(producers)
        for producer in producers:
            self.assertEqual([flag for flag in wanted if flag not in producer],
                             [], producer)

    def test_shadow_stack(self):
        if X86 not in read("-h"):
            self.skipTest("a mark of x86")
        self.assertRegex(read("-n"), r"x86 feature:.*\bSHSTK\b")


if __name__ == "__main__":
    unittest.main()
