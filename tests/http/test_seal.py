# SPDX-License-Identifier: MIT
"""What a started daemon has given up; the unit suite `seal` tries to break it."""

import ctypes
import json
import os
import resource
import signal
import tempfile
import unittest

from tests.http import faults
from tests.http.daemon import (DATA, FAST, LONG, MODELS, Checks, Daemon, photo,
                               wait_for)
from tests.http.process import status

NAMES = ["privileges", "memory", "files", "calls", "decoders"]
ENOSYS = 38
FORMATS = {".jpg": "jpeg", ".png": "png", ".webp": "webp", ".gif": "gif",
           ".tiff": "tiff", ".heic": "heif", ".avif": "avif"}


def threads(daemon):
    return os.listdir(f"/proc/{daemon.process.pid}/task")


def seals(daemon):
    return json.loads(daemon.ask("GET", "/v1/info")[2])["seals"]


def forget_seals():
    """In a child to be: its kernel knows neither Landlock nor seccomp."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    allow, fail = 0x7FFF0000, 0x00050000 | ENOSYS
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(allow)))
    for name in (b"landlock_create_ruleset", b"seccomp"):
        library.seccomp_rule_add(
            context, ctypes.c_uint32(fail),
            library.seccomp_syscall_resolve_name(name), 0)
    library.seccomp_load(context)


def known_to_the_kernel():
    """Which seals must hold, by the kernel's own word."""
    call = ctypes.CDLL(None).syscall
    landlock_create_ruleset, seccomp = 444, {"x86_64": 317}.get(
        os.uname().machine, 277)
    get_action, allow = 2, ctypes.c_uint32(0x7FFF0000)
    return {"files": call(landlock_create_ruleset, None, 0, 1) >= 1,
            "calls": call(seccomp, get_action, 0, ctypes.byref(allow)) == 0}


@unittest.skipIf(os.environ.get("AHA_SANDBOX") == "off", "a sanitizer's daemon")
class Seals(Checks):
    def test_all_threads(self):
        with Daemon("--workers", "3") as daemon:
            held = seals(daemon)
            self.assertEqual(held, {"privileges": True, "memory": True,
                                    **known_to_the_kernel(),
                                    "decoders": False})
            self.assertTrue(daemon.says("sealed: " + ", ".join(
                name for name in NAMES if held[name]) + "; not sealed: "))
            # Main, workers, listeners: a library's own would be older than
            # the seal on files.
            self.assertEqual(len(threads(daemon)), 1 + 3 + 2)
            for thread in threads(daemon):
                said = status(thread)
                self.assertEqual(said["NoNewPrivs"], "1")
                self.assertEqual(said["Seccomp"], "2" if held["calls"] else "0")

    @faults.NEEDED
    def test_intruder(self):
        """Every thread, workers too, tries to open, make, connect and run."""
        fault = faults.Faults()
        self.addCleanup(fault.close)
        everything, n_photos = 0x1f, 3
        # Two listeners and the worker; a decoder of each photo.
        for flags, breaches, least in (
                (("--sandbox", "off"), everything, 3), ((), 0, 3),
                (("--isolate-decoders", "on"), 0, 3 + n_photos)):
            with Daemon(*LONG, "--workers", "1", *flags,
                        **fault.environment) as daemon:
                known = known_to_the_kernel()
                if not flags and not all(known.values()):
                    self.skipTest(f"a kernel that knows {known}")
                fault.arm("intruder", 0)
                for _ in range(n_photos):
                    self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)
                    daemon.metrics()
                n_threads, found = fault.intrusions()
                fault.disarm()
                self.assertEqual(found, breaches, flags)
                self.assertGreaterEqual(n_threads, least, flags)

    def test_no_core(self):
        def want_cores():
            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))

        daemon = Daemon(preexec_fn=want_cores)
        self.addCleanup(daemon.__exit__, "it was killed")
        pid = daemon.process.pid
        self.assertEqual(resource.prlimit(pid, resource.RLIMIT_CORE), (0, 0))
        daemon.process.send_signal(signal.SIGABRT)
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self.assertEqual((end.si_code, end.si_status),
                         (os.CLD_KILLED, signal.SIGABRT))

    def test_off(self):
        with Daemon("--sandbox", "off") as daemon:
            self.assertEqual(seals(daemon), dict.fromkeys(NAMES, False))
            self.assertTrue(daemon.says(
                "sealed: none; not sealed: " + ", ".join(NAMES)))
            self.assertEqual(status(daemon.process.pid)["NoNewPrivs"],
                             status("self")["NoNewPrivs"])

    def test_a_kernel_without(self):
        with Daemon(*LONG, preexec_fn=forget_seals) as daemon:
            self.assertEqual(seals(daemon), {
                "privileges": True, "memory": True, "files": False,
                "calls": False, "decoders": False})
            self.assertEqual(daemon.analyze(photo(), FAST)[0], 200)

    def test_every_format(self):
        """Sealed, decoders and encoders answer as they do unsealed."""
        names = sorted(name for name in os.listdir(DATA)
                       if os.path.splitext(name)[1] in FORMATS)
        flags = (*LONG, "--formats", ",".join(FORMATS.values()))
        with Daemon(*flags) as sealed, \
                Daemon(*flags, "--sandbox", "off") as free:
            for name in names:
                answers = [daemon.ask("POST", "/v1/detect" + FAST, photo(name))
                           for daemon in (sealed, free)]
                self.assertEqual(answers[0][0], answers[1][0], name)
            for kind in ("image/png", "image/webp", "image/svg+xml"):
                self.assertEqual(sealed.ask("POST", "/v1/analyze" + FAST,
                                            photo(), {"Accept": kind})[0], 200)

    def test_links(self):
        """Keys and weights by links, as containers mount them."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/data")
            with open(folder + "/data/keys", "w", encoding="ascii") as stream:
                stream.write("a:" + "0" * 64 + "\n")
            os.symlink("data/keys", folder + "/keys")
            os.symlink(os.path.abspath(MODELS), folder + "/models")
            os.mkdir(folder + "/each")
            for name in os.listdir(MODELS):
                if name.endswith(".safetensors"):
                    os.symlink(os.path.abspath(f"{MODELS}/{name}"),
                               f"{folder}/each/{name}")
            with Daemon(models=folder + "/each") as daemon:
                self.assertEqual(daemon.admin("POST", "/admin/reload")[0], 200)
            with Daemon("--api-key-file", folder + "/keys",
                        models=folder + "/models") as daemon:
                self.assertEqual(daemon.admin("POST", "/admin/reload")[0], 200)
                daemon.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_for(lambda: len(
                    [line for line in daemon.log()
                     if line.get("message") == "weights: read again"]) == 2))

    def test_what_others_left(self):
        """/metrics reads the same files in /proc as before."""
        with Daemon() as daemon:
            metrics = daemon.metrics()
            self.assertGreater(metrics["process_resident_memory_bytes"], 1e6)
            self.assertGreater(metrics["process_open_fds"], 4)


if __name__ == "__main__":
    unittest.main()
