# SPDX-License-Identifier: MIT
"""`make install` into a folder: what is there, and whether it can be used."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PHOTO = os.path.join(ROOT, "tests/data/astronaut.jpg")
ABI = os.path.join(ROOT, "tests/install/abi.txt")
PATIENCE_S = 300
VERBS = ("predict", "inspect", "evaluate", "serve", "bench", "health", "version")


def run(*command, **options):
    """Its standard output; a failure shows what it said."""
    result = subprocess.run(command, capture_output=True, text=True,
                            timeout=PATIENCE_S, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command[:4]}\n{result.stdout}{result.stderr}")
    return result.stdout


def make(target, folder):
    run("make", "-C", ROOT, target, f"DESTDIR={folder}", "PREFIX=/usr")


def files(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


def setUpModule():
    """One installation for all that only look."""
    Installed.folder = tempfile.mkdtemp()
    unittest.addModuleCleanup(shutil.rmtree, Installed.folder)
    make("install", Installed.folder)
    Installed.aha = os.path.join(Installed.folder, "usr/bin/aha")


class Installed(unittest.TestCase):
    folder = None
    aha = None

    def path(self, name):
        return os.path.join(self.folder, "usr", name)

    def help(self, verb):
        """The flags that a verb's --help lists."""
        return set(re.findall(r"^  (--[a-z0-9-]+)", run(self.aha, verb,
                                                        "--help"), re.M))


class Program(Installed):
    def test_models_are_found(self):
        table = run(self.aha, "predict", PHOTO, cwd="/")
        self.assertIn("happiness", table)

    def test_unit(self):
        with open(self.path("lib/systemd/system/aha.service")) as stream:
            text = stream.read()
        self.assertNotIn("@PREFIX@", text)
        self.assertIn("ExecStart=/usr/bin/aha serve\n", text)
        self.assertIn("AHA_CONFIG=/etc/aha/aha.conf\n", text)

    def test_configuration(self):
        conf = os.path.join(self.folder, "etc/aha/aha.conf")
        said = run(self.aha, "serve", "--config", conf, "--print-config")
        self.assertIn('bind = "127.0.0.1"', said)

    def test_sandbox(self):
        """Sandboxed better than this: 0 is nothing allowed, 10 everything."""
        run("systemd-analyze", "security", "--offline=true", "--threshold=12",
            self.path("lib/systemd/system/aha.service"))

    def test_uninstall(self):
        with tempfile.TemporaryDirectory() as folder:
            make("install", folder)
            make("uninstall", folder)
            self.assertEqual(files(folder), ["etc/aha/aha.conf"])


class Materials(unittest.TestCase):
    def test_bill(self):
        run("make", "-C", ROOT, "sbom")
        folder = os.path.join(ROOT, "build/release")
        run("python3", os.path.join(ROOT, "tests/sbom.py"),
            folder + "/sbom.cdx.json", folder + "/aha", cwd=ROOT)


class Library(Installed):
    maxDiff = None

    def package(self, *flags):
        environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": self.folder,
                       "PKG_CONFIG_PATH": self.path("lib/pkgconfig")}
        return run("pkg-config", *flags, "aha", env=environment).split()

    def predict(self, *libs):
        """What examples/predict.c prints of the portrait, linked so."""
        program = os.path.join(self.folder, "predict")
        run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
            os.path.join(ROOT, "examples/predict.c"), "-o", program,
            *self.package("--cflags"), *libs)
        needed = run("readelf", "-d", program)
        models = self.package("--variable=modelsdir")[0]
        self.assertTrue(models.startswith(self.folder))
        said = run(program, models, PHOTO,
                   env={**os.environ, "LD_LIBRARY_PATH": self.path("lib")})
        self.assertRegex(said, r"^happiness 0\.\d+ at \d+,\d+\n$")
        return said, needed

    def test_shared_and_static(self):
        shared, needed = self.predict(*self.package("--libs"))
        self.assertIn("[libaha.so.1]", needed)
        static = ["-l:libaha.a" if flag == "-laha" else flag
                  for flag in self.package("--static", "--libs")]
        said, needed = self.predict(*static)
        self.assertNotIn("libaha", needed)
        self.assertEqual(shared, said)

    def exported(self, *flags):
        said = run("nm", "--defined-only", *flags)
        return sorted(line.split()[2] for line in said.splitlines()
                      if re.match(r"[0-9a-f]+ [A-Z] aha_", line))

    def declared(self):
        """Names of functions and complete structs in the headers."""
        functions, structs = set(), set()
        for name in sorted(os.listdir(self.path("include/aha"))):
            with open(self.path("include/aha/" + name)) as stream:
                text = re.sub(r"/\*.*?\*/|^#.*?$", "", stream.read(),
                              flags=re.S | re.M)
            functions |= set(re.findall(r"\b(aha_\w+)\(", text))
            structs |= set(re.findall(r"^struct (aha_\w+) \{", text, re.M))
        return sorted(functions), sorted(structs)

    def sizes(self, structs):
        """Lines 'struct NAME BYTES', by the compiler."""
        source = "".join(f"#include <aha/{name}>\n" for name in
                         sorted(os.listdir(self.path("include/aha"))))
        source += "#include <stdio.h>\nint main(void) {\n"
        for name in structs:
            source += (f'printf("struct {name} %zu\\n", '
                       f"sizeof(struct {name}));\n")
        program = os.path.join(self.folder, "sizes")
        run("cc", "-x", "c", "-", "-o", program, *self.package("--cflags"),
            input=source + "}\n")
        return run(program).splitlines()

    def test_abi(self):
        """A change here breaks programs: a new soname, and abi.txt anew."""
        functions, structs = self.declared()
        shared = self.exported("-D", self.path("lib/libaha.so.1"))
        versioned = [name.replace("@@AHA_1", "") for name in shared]
        self.assertEqual(versioned, functions)
        self.assertNotEqual(versioned, shared)
        self.assertEqual(self.exported("-g", self.path("lib/libaha.a")),
                         functions)
        with open(ABI) as stream:
            wanted = stream.read().splitlines()
        self.assertEqual(functions + self.sizes(structs), wanted)


class Manual(Installed):
    pages = ("man1/aha.1", "man3/libaha.3", "man8/aha-serve.8")

    def read(self, name):
        with open(self.path("share/man/" + name)) as stream:
            return stream.read().replace("\\-", "-")

    def test_every_flag_is_in_it(self):
        for verb in VERBS:
            page = self.read("man8/aha-serve.8" if verb == "serve"
                             else "man1/aha.1")
            for flag in self.help(verb):
                self.assertIn("\n.B " + flag, page, verb)

    def test_every_function_is_in_it(self):
        with open(ABI) as stream:
            for name in re.findall(r"^aha_\w+$", stream.read(), re.M):
                self.assertIn(name + "(", self.read("man3/libaha.3"))

    @unittest.skipUnless(shutil.which("mandoc"), "no mandoc")
    def test_style(self):
        for page in self.pages:
            run("mandoc", "-T", "lint", "-W", "warning",
                self.path("share/man/" + page))

    @unittest.skipUnless(shutil.which("man"), "no man")
    def test_format(self):
        for page in self.pages:
            result = subprocess.run(
                ["man", "--warnings", "-E", "UTF-8", "-l",
                 self.path("share/man/" + page)], capture_output=True,
                timeout=PATIENCE_S)
            self.assertEqual((result.returncode, result.stderr), (0, b""))


class Completion(Installed):
    def bash(self, *words):
        script = self.path("share/bash-completion/completions/aha")
        said = run("bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); '
                   'COMP_CWORD=$(($# - 1)); _aha; '
                   'printf "%s\\n" "${COMPREPLY[@]}"',
                   "bash", script, self.aha, *words)
        return set(said.split())

    def zsh(self, *words):
        script = self.path("share/zsh/site-functions/_aha")
        said = run("zsh", "-f", "-c", '_describe() { print -l -- ${(P)@[-1]} }; '
                   '_files() { }; script=$1; shift; words=("$@"); CURRENT=$#; '
                   'set --; source $script', "zsh", script, self.aha, *words)
        return {line.split(":")[0] for line in said.splitlines()}

    def check(self, complete):
        self.assertLessEqual(set(VERBS), complete(""))
        for verb in VERBS:
            self.assertEqual(complete(verb, "--"),
                             self.help(verb) | {"--help"}, verb)

    def test_bash(self):
        self.check(self.bash)
        self.assertEqual(self.bash("pre"), {"predict"})
        self.assertEqual(self.bash("serve", "--max-f"), {"--max-faces"})
        self.assertEqual(self.bash("predict", "photo"), set())

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        self.check(self.zsh)


if __name__ == "__main__":
    unittest.main()
