# SPDX-License-Identifier: MIT
"""What the kernel says of a process."""

import re


def status(pid):
    """/proc/PID/status of a process or a thread: {name: value}."""
    with open(f"/proc/{pid}/status", encoding="ascii") as stream:
        return dict(re.findall(r"^(\w+):\t(.*)$", stream.read(), re.M))


def memory(daemon, what):
    """Bytes that status calls VmRSS, VmHWM or the like."""
    return int(status(daemon.process.pid)[what].split()[0]) << 10


def is_sanitized(daemon):
    with open(f"/proc/{daemon.process.pid}/maps", encoding="utf-8") as stream:
        return re.search(r"lib[at]san", stream.read()) is not None
