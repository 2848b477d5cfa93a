# SPDX-License-Identifier: MIT
"""From rates to ratios to tables, and where tables go.

`rates` of a cell is {contender: [faces a second, one a round]}. A peer that
may use two threads in two ways is two contenders of one name: ("PyTorch",
"within a call"), ("PyTorch", "beside each other").
"""

import datetime
import os
import platform
import re
import statistics
from pathlib import Path

OURS = "AHA"
PAGE = Path(__file__).resolve().parents[2] / "SPEED.md"


def ratios(rates):
    """{peer: ours / theirs}: the median over rounds, of a peer's better way."""
    ours, best = rates[OURS, ""], {}
    for (peer, _), theirs in rates.items():
        if peer == OURS:
            continue
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        best[peer] = min(ratio, best.get(peer, ratio))
    return best


def fastest(cell):
    """(peer, ratio) of the peer that is hardest to beat."""
    return min(cell.items(), key=lambda item: item[1])


def worst(cells):
    """(key, peer, ratio) of the cell where we do worst."""
    key = min(cells, key=lambda k: fastest(cells[k])[1])
    return (key, *fastest(cells[key]))


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |"
                     for line in lines)


def replace_between(text, name, body):
    """`text` with what stands between the two comments `name` replaced."""
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, found, rest = text.partition(first)
    _, closed, after = rest.partition(last)
    if not found or not closed:
        raise ValueError(f"no pair of comments {name}")
    return before + first + body.strip("\n") + "\n" + last + after


def plain(body):
    """A Markdown table's columns made even, for a terminal."""
    rows = [[c.strip(" *") for c in line.strip("|").split("|")]
            for line in body.splitlines()]
    rows = [r for r in rows if set("".join(r)) != {"-"}]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths)).rstrip()
                     for r in rows)


def processor():
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*: (.*)", text)
    name = found.group(1) if found else platform.machine()
    width = "AVX-512" if "avx512vl" in text else \
        "AVX2" if "avx2" in text else "no AVX2"
    return f"{name} ({width}), {os.cpu_count()} threads"


def today():
    """What every line about a table begins with."""
    return f"{datetime.date.today()}, {processor()}"


def add_write(parser):
    """The option that publish() is given."""
    parser.add_argument("--write", action="store_true",
                        help="put the tables into SPEED.md")


def publish(name, parts, write):
    """Print sentences and tables; with `write` put them into SPEED.md too."""
    print("\n" + "\n\n".join(plain(part) if part.startswith("|") else part
                             for part in parts))
    if write:
        PAGE.write_text(replace_between(PAGE.read_text(), name,
                                        "\n\n".join(parts)))
