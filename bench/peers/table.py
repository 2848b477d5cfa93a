# SPDX-License-Identifier: MIT
"""From rates to ratios to tables: the arithmetic of the race, nothing else.

`rates` of a cell is {contender: [faces a second, one a round]}. A peer that
may use two threads in two ways is two contenders of one name: ("PyTorch",
"within a call"), ("PyTorch", "beside each other").
"""

import statistics

OURS = "AHA"


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
