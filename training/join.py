"""A run of the nets of two others, their classifiers side by side.

  python3 -m training.join face9 parts --share 0.2 --run aha10

begins a run of --config with the regions and branches of both, which must
have none in common: of the second's part of the classifier `share` is taken.
Trained together the fusion would lean on the face alone, which knows the
training faces best (RUNS.md); so each half keeps what it learnt on its own.
Export it, or train it further.
"""

import argparse

from training.aha import checkpoint, paths
from training.aha.model import Aha, branches_of, load_config


def joined(config, halves):
    """The weights of a whole from [(state of a run, share)]."""
    whole = Aha(config)
    state = whole.state_dict()
    for half, share in halves:
        for name, value in half["average"].items():
            if not name.startswith("classifier."):
                state[name].copy_(value)
        whole.take_columns(half, share)
    return state


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("first")
    add("second")
    add("--share", type=float, required=True,
        help="of the second's part of the classifier")
    add("--config", default=paths.REPO / "training/configs/aha.json")
    add("--run", required=True, help="name of the new run")
    add("--cache", default=paths.CACHE, help="scratch folder")
    args = parser.parse_args()
    config = load_config(args.config)
    first, second = (checkpoint.load(args.cache, run)
                     for run in (args.first, args.second))
    regions = [*first["config"]["regions"], *second["config"]["regions"]]
    branches = [branch for half in (first, second)
                for branch in branches_of(half["config"])]
    if (sorted(regions) != sorted(config["regions"])
            or len(branches) != len(set(branches))):
        raise SystemExit("the two runs do not have each region and branch of "
                         f"{paths.shown(args.config)} once")
    if {half["config"]["fusion"] for half in (first, second)} != {"lstm"}:
        raise SystemExit("only networks of two-step fusion can be joined")
    state = joined(config, [(first, 1.0), (second, args.share)])
    checkpoint.write(args.cache, args.run, config, state)


if __name__ == "__main__":
    main()
