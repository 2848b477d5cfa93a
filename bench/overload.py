#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Twice the load a daemon can take: who is answered, when, and who is not.

Starts the daemon on free loopback ports, measures what it answers in a closed
loop, then offers twice that in an open loop (a request at its time, whatever
the others do) while /readyz and /metrics are asked ten times a second. Prints
what came back and exits 1 when an accepted request missed its deadline.
"""

import argparse
import asyncio
import collections
import json
import re
import subprocess
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aha", default="build/release/aha")
    parser.add_argument("--models", default="models")
    parser.add_argument("--photo", default="tests/data/astronaut.jpg")
    parser.add_argument("--seconds", type=int, default=20,
                        help="of overload, 1 to 120 (20)")
    parser.add_argument("--factor", type=float, default=2,
                        help="offered load over measured, 0.1 to 10 (2)")
    parser.add_argument("--timeout-ms", type=int, default=2000,
                        help="deadline of a request (2000)")
    options = parser.parse_args()
    options.seconds = min(max(options.seconds, 1), 120)
    options.factor = min(max(options.factor, 0.1), 10)
    return options


def start(options):
    process = subprocess.Popen(
        [options.aha, "serve", "--bind", "127.0.0.1", "--port", "0",
         "--admin-port", "0", "--models", options.models, "--log-format",
         "json", "--request-timeout-ms", str(options.timeout_ms)],
        stderr=subprocess.PIPE, text=True)
    ports = {}
    for line in process.stderr:
        message = json.loads(line).get("message", "")
        found = re.search(r"(admin|listening) on http://[^:]+:(\d+)", message)
        if found:
            ports[found.group(1)] = int(found.group(2))
        if len(ports) == 2:
            return process, ports
    raise SystemExit("the daemon did not start")


async def drain(stream):
    """The log, thrown away, so that the daemon never waits for a reader."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, stream.read)


async def ask(port, head, body=b""):
    """One request on its own connection: (status, headers, milliseconds)."""
    begin = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head + body)
        answer = await reader.read()
    finally:
        writer.close()
    text = answer.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in text[1:])
    return (int(text[0].split(" ")[1]), headers,
            (time.monotonic() - begin) * 1e3)


def photo_request(path):
    with open(path, "rb") as stream:
        body = stream.read()
    return (b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: image/jpeg\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)), body


def get_request(path):
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
            "Connection: close\r\n\r\n").encode()


async def capacity(port, request, seconds=5, clients=4):
    """Answers a second in a closed loop."""
    end = time.monotonic() + seconds
    n = 0

    async def client():
        nonlocal n
        while time.monotonic() < end:
            status, _, _ = await ask(port, *request)
            n += status == 200

    await asyncio.gather(*(client() for _ in range(clients)))
    return n / seconds


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def row(name, values):
    print(f"{name:28} {len(values):6} {percentile(values, .5):8.1f} "
          f"{percentile(values, .99):8.1f} {max(values):8.1f}")


async def measure(options, ports):
    request = photo_request(options.photo)
    rate = await capacity(ports["listening"], request)
    offered = rate * options.factor
    answers = collections.defaultdict(list)
    retries = []
    probes = collections.defaultdict(list)
    end = time.monotonic() + options.seconds

    async def one():
        status, headers, ms = await ask(ports["listening"], *request)
        answers[status].append(ms)
        if status == 503:
            retries.append(int(headers["Retry-After"]))

    async def probe(path):
        while time.monotonic() < end:
            status, _, ms = await ask(ports["admin"], get_request(path))
            probes[f"{path} {status}"].append(ms)
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(probe(path))
             for path in ("/readyz", "/metrics")]
    begin = time.monotonic()
    for i in range(int(offered * options.seconds)):
        await asyncio.sleep(max(0, begin + i / offered - time.monotonic()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)

    print(f"closed loop {rate:.1f} photos/s; offered {offered:.1f}/s for "
          f"{options.seconds} s, deadline {options.timeout_ms} ms\n\n"
          f"{'':28} {'number':>6} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8}")
    for status in sorted(answers):
        row(f"POST /v1/analyze {status}", answers[status])
    for name in sorted(probes):
        row(f"GET {name}", probes[name])
    if retries:
        print(f"\nRetry-After {min(retries)} to {max(retries)} s")
    return 0 if percentile(answers[200], .99) <= options.timeout_ms else 1


async def main():
    options = arguments()
    process, ports = start(options)
    reading = asyncio.create_task(drain(process.stderr))
    try:
        return await measure(options, ports)
    finally:
        process.terminate()
        await reading
        process.wait(30)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
