"""Where the programs look for things, unless an option says otherwise.

Everything is relative to the repository: data and ready-made weights stand
beside it in ../shared, scratch files go to training/cache (ignored by git).
"""

from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
WEIGHTS = REPO.parent / "shared" / "weights"
CACHE = REPO / "training" / "cache"
MODELS = REPO / "models"
GOLDEN = REPO / "tests" / "data"


def shown(path):
    """The path as a person in the repository would type it."""
    try:
        return str(Path(path).resolve().relative_to(REPO))
    except ValueError:
        return str(path)
