# SPDX-License-Identifier: MIT
"""Clients that are slow, idle, many, or gone, for as long as is wanted.

Each flood is a function of a daemon; it returns how many clients it was, once
the daemon has cut all those that it has to cut, and raises when it does not.
"""

import concurrent.futures
import resource
import socket
import struct
import time

from tests.http.daemon import PATIENCE_S, photo
from tests.http.wire import HOST, Wire, request

INFO = request(b"GET", b"/v1/info")
POST = b"POST /v1/analyze HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
TICK_S = 0.3  # between bytes

# What is sent first, and what follows a byte at a time, over and over.
SLOW = {
    "request line": (b"GET /", b"a"),
    "header": (b"GET / HTTP/1.1\r\n" + HOST, b"X: abc\r\n"),
    "header after an answer": (INFO + b"GET / HTTP/1.1\r\n", b"X: abc\r\n"),
    "body": (POST + b"Content-Length: 100000\r\n\r\n", b"a"),
    "chunk": (CHUNKED + b"ffff\r\n", b"a"),
    "chunk extension": (CHUNKED + b"4;", b"a"),
    "chunks": (CHUNKED, b"1\r\na\r\n"),
    "trailers": (CHUNKED + b"4\r\nabcd\r\n0\r\n", b"X: abc\r\n"),
    "empty lines": (b"", b"\r\n"),
    "refused body": (request(b"GET", b"/nothing")[:-2] +
                     b"Content-Length: 100000\r\n\r\n", b"a"),
}


def allow_files(n):
    """As many as may be of n open files beside those of a test."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    n = min(n, most - 200) if most != resource.RLIM_INFINITY else n
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, n + 200), most))
    return n


def connect(daemon, receive_bytes=None):
    client = socket.socket()
    if receive_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", daemon.port))
    return client


def reset(client):
    """Gone without a word."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    client.close()


def is_over(client):
    """Whether the other side has ended; what it says is passed over."""
    client.setblocking(False)
    try:
        while True:
            if client.recv(65536) == b"":
                return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def wait_cut(clients, kind):
    """Until the daemon has ended each; they are of no use after it."""
    end = time.monotonic() + PATIENCE_S
    for client in clients:
        while not is_over(client):
            if time.monotonic() > end:
                raise AssertionError(f"still there: {kind} connections")
            time.sleep(TICK_S)
        client.close()


def dribble(daemon, each=1, kinds=tuple(SLOW)):
    """Clients that send a byte now and then, until all are cut."""
    clients = []
    for kind in kinds:
        first, after = SLOW[kind]
        for _ in range(each):
            client = connect(daemon)
            client.sendall(first)
            clients.append((kind, client, after))
    total, turn, end = len(clients), 0, time.monotonic() + PATIENCE_S
    while clients:
        if time.monotonic() > end:
            raise AssertionError("still there: " +
                                 str({kind for kind, _, _ in clients}))
        left = []
        for kind, client, after in clients:
            try:
                client.send(after[turn % len(after):][:1])
            except ConnectionError:
                client.close()
                continue
            if is_over(client):
                client.close()
            else:
                left.append((kind, client, after))
        clients, turn = left, turn + 1
        time.sleep(TICK_S)
    return total


def sip(daemon, each=1):
    """Clients that take an answer by a few bytes, until all are cut."""
    asked = request(b"GET", b"/openapi.json") * 100
    clients = [connect(daemon, 4096) for _ in range(each)]
    for client in clients:
        client.sendall(asked)
    end = time.monotonic() + PATIENCE_S
    while clients:
        if time.monotonic() > end:
            raise AssertionError("slow readers are still there")
        left = []
        for client in clients:
            try:
                if client.recv(2000):
                    left.append(client)
                    continue
            except ConnectionError:
                pass
            client.close()
        clients = left
        time.sleep(TICK_S)
    return each


def idle(daemon, n):
    """Connections that say nothing, while good clients are served."""
    clients = [connect(daemon) for _ in range(n)]
    if daemon.ask("GET", "/v1/info")[0] != 200 or \
            daemon.admin("GET", "/livez")[0] != 200:
        raise AssertionError("not served beside idle connections")
    wait_cut(clients, "idle")
    return n


def churn(daemon, n):
    """Connections that come and go, at every point of a request."""
    whole = request(b"POST", b"/v1/detect?min_face_size=400", body=photo())
    for i in range(n):
        client = connect(daemon)
        client.sendall((b"", b"G", INFO[:20], INFO, INFO * 3, whole[:200],
                        whole[:50000], whole)[i % 8])
        if i // 8 % 3 == 0:
            reset(client)
        else:
            if i // 8 % 3 == 1:
                client.shutdown(socket.SHUT_WR)
            client.close()
    return n


def vanish(daemon, n):
    """Clients that take the beginning of an answer and are gone."""
    for i in range(n):
        client = connect(daemon, 4096)
        client.sendall(request(b"GET", b"/openapi.json") * 20)
        client.recv(1000)
        if i % 2:
            reset(client)
        else:
            client.close()
    return n


def half_close(daemon, n):
    """Clients that say they are done, at every point of a request, and stay.

    Those that are gone without a word, half open, look like `idle` from here.
    """
    whole = request(b"POST", b"/v1/detect?min_face_size=80", body=photo())
    clients = []
    for i in range(n):
        client = connect(daemon)
        client.sendall((b"", INFO[:20], INFO, INFO * 2, whole[:5000],
                        whole)[i % 6])
        client.shutdown(socket.SHUT_WR)
        clients.append(client)
    wait_cut(clients, "half-closed")
    return n


def overload(daemon, n, seconds):
    """n clients that ask for a photo again whatever they are told.

    Returns (answered, refused).
    """
    end, jpeg = time.monotonic() + seconds, photo()

    def insist(_):
        told = {200: 0, 503: 0}
        while time.monotonic() < end:
            status, headers, answer = daemon.analyze(jpeg)
            told[status] += 1  # any other is a KeyError
            if status == 503 and (answer["code"] != "overloaded" or
                                  "Retry-After" not in headers):
                raise AssertionError(answer)
        return told

    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        told = list(pool.map(insist, range(n)))
    return sum(one[200] for one in told), sum(one[503] for one in told)


def recovers_s(daemon):
    """Seconds until a good request is answered, all floods being over."""
    begin = time.monotonic()
    with Wire(daemon) as wire:
        if wire.ask(INFO).status != 200:
            raise AssertionError("not served after a flood")
    return time.monotonic() - begin
