"""A run whose averaged weights lie between those of two others.

  python3 -m training.blend face5 face4 --share 0.15 --run face6

takes 0.15 of face4's weights and statistics and the rest of face5's. It pays
where one run began with the other's weights: what the later one gained on
some data and lost on other is then had in between (RUNS.md). Export it, or
begin another run with it (--start).
"""

import argparse

from training.aha import checkpoint, paths


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("most")
    add("other")
    add("--share", type=float, required=True, help="of the other's weights")
    add("--run", required=True, help="name of the new run")
    add("--cache", default=paths.CACHE, help="scratch folder")
    args = parser.parse_args()
    most, other = (checkpoint.load(args.cache, run)
                   for run in (args.most, args.other))
    mine, theirs = most["average"], other["average"]
    if {k: v.shape for k, v in mine.items()} != {
            k: v.shape for k, v in theirs.items()}:
        raise SystemExit("the two runs hold different networks")
    for name, value in mine.items():
        if value.is_floating_point():
            value.lerp_(theirs[name], args.share)
    checkpoint.write(args.cache, args.run, most["config"], mine)


if __name__ == "__main__":
    main()
