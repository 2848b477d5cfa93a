"""Boxes are [x, y, width, height] in pixels, y downwards."""


def overlap(a, b):
    """Intersection over union."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def same_face(box, truth):
    """Whether a box counts as having found a face.

    Detectors draw different boxes around one face (some the head, some brow
    to chin), so either of these will do: the overlap is at least .3, or the
    box's centre lies in the true box and its side (square root of the area)
    is within a factor of 2 of the true one's.
    """
    if overlap(box, truth) >= 0.3:
        return True
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    inside = (truth[0] <= x <= truth[0] + truth[2]
              and truth[1] <= y <= truth[1] + truth[3])
    ratio = box[2] * box[3] / (truth[2] * truth[3])
    return inside and 0.25 <= ratio <= 4


def match(boxes, truths):
    """How many true faces were found; each box finds one at most."""
    pairs = sorted(((overlap(box, truth), i, j)
                    for i, box in enumerate(boxes)
                    for j, truth in enumerate(truths)
                    if same_face(box, truth)), reverse=True)
    used, found = set(), set()
    for _, i, j in pairs:
        if i not in used and j not in found:
            used.add(i)
            found.add(j)
    return len(found)
