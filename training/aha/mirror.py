"""A face and its mirror image: MODEL.md section 1, core/model/expression_mirror.c.

Of two regions that are each other's mirror image each sees what the other
would of the mirrored face; the others are their own.
"""

ANCHORS = {"left_eye": "right_eye", "right_eye": "left_eye"}


def twins(regions):
    """For each region of a configuration the number of its twin."""
    def key(region, mirrored):
        anchor, (x, y) = region["anchor"], region["offset"]
        if mirrored:
            anchor, x = ANCHORS.get(anchor, anchor), -x
        return (region["branch"], anchor, x + 0.0, y, *region["size"],
                *region["graph"]["input"])
    found = [key(region, False) for region in regions]
    return [found.index(key(region, True)) for region in regions]


def merge(told, other, twins, names):
    """The mean of what is said of faces and of their mirror images."""
    merged = dict(told, logits=(told["logits"] + other["logits"]) / 2)
    for key in ("weight", "evidence", "region_probabilities"):
        merged[key] = (told[key] + other[key][:, twins]) / 2
    merged["attention"] = {
        name: (heat + other["attention"][names[twins[names.index(name)]]]
               .flip(3)) / 2
        for name, heat in told["attention"].items()}
    return merged
