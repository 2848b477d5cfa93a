"""Face frame and regions (MODEL.md section 1), batched in torch.

Points are (x, y), [N, 5, 2] in the order of POINTS; "left" and "right" are
the subject's own. A similarity is the complex pair (a, b) with
frame = a * photo + b, x + iy for a point: rotation, scale and translation and
nothing else. In that form Umeyama's least-squares solution is one quotient.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
TEMPLATE = {"left_eye": (0.685, 0.385), "right_eye": (0.315, 0.389),
            "nose": (0.500, 0.626), "mouth_left": (0.655, 0.772),
            "mouth_right": (0.351, 0.776)}
MAX_STEPS = 16         # samples a crop pixel and axis, at most
STEP_TOLERANCE = 1e-3  # photo px beyond n before n + 1 samples are taken
MIRRORED = [1, 0, 2, 4, 3]  # POINTS of a face seen in a mirror


@dataclass(frozen=True)
class Region:
    """One rectangle of the face frame; sizes and offsets in frame units."""
    name: str
    branch: str
    anchor: str
    offset: tuple
    size: tuple
    input: tuple  # (H, W)


REGIONS = {r.name: r for r in (
    Region("face", "global", "frame", (0, 0), (1, 1), (96, 96)),
    Region("left_eye", "local", "left_eye", (0, -.04), (.40, .40), (40, 40)),
    Region("right_eye", "local", "right_eye", (0, -.04), (.40, .40), (40, 40)),
    Region("nose", "local", "nose", (0, -.08), (.40, .40), (40, 40)),
    Region("mouth", "local", "mouth", (0, .02), (.54, .36), (36, 52)),
    Region("upper_face", "mixture", "frame", (0, -.16), (1, .50), (48, 96)),
    Region("lower_face", "mixture", "frame", (0, .24), (.72, .54), (52, 68)),
)}


def named(names, inputs):
    """Regions by name, some with another input size {name: [H, W]}."""
    return [replace(REGIONS[name], input=tuple(
        inputs.get(name, REGIONS[name].input))) for name in names]


def scaled(regions, by):
    """Regions whose inputs are `by` times as large."""
    return [replace(r, input=tuple(round(by * n) for n in r.input))
            for r in regions]


def template():
    return torch.tensor([TEMPLATE[name] for name in POINTS])


def to_complex(points):
    return torch.view_as_complex(points.float().contiguous())


def similarity(points):
    """(a, b), [N] each: photo pixels to face frame, least squares."""
    source, target = to_complex(points), to_complex(template())[None]
    source_mean = source.mean(1, keepdim=True)
    target_mean = target.mean(1, keepdim=True)
    source, target = source - source_mean, target - target_mean
    a = (source.conj() * target).sum(1) / (source.abs() ** 2).sum(1)
    return a, target_mean[:, 0] - a * source_mean[:, 0]


def to_frame(points, a, b):
    """Photo points [N, P, 2] in the face frame."""
    z = a[:, None] * to_complex(points) + b[:, None]
    return torch.view_as_real(z)


def from_frame(points, a, b):
    """Face frame points [N, P, 2] in the photo."""
    z = (to_complex(points) - b[:, None]) / a[:, None]
    return torch.view_as_real(z)


def centre(region, framed):
    """Centre of a region [N, 2], from the five points in the frame."""
    if region.anchor == "frame":
        at = torch.full_like(framed[:, 0], 0.5)
    elif region.anchor == "mouth":
        at = framed[:, 3:5].mean(1)
    else:
        at = framed[:, POINTS.index(region.anchor)]
    return at + torch.tensor(region.offset)


def frame_grid(region, framed, steps=(1, 1)):
    """Frame points of a region's samples, [N, P, 2], row by row.

    Every pixel has `steps` (across, down) samples, evenly spread.
    """
    width, height = (n * k for n, k in zip(region.input[::-1], steps))
    u = (torch.arange(width) + 0.5) / width - 0.5
    v = (torch.arange(height) + 0.5) / height - 0.5
    v, u = torch.meshgrid(v, u, indexing="ij")
    grid = torch.stack([u, v], -1).reshape(1, -1, 2)
    return centre(region, framed)[:, None] + grid * torch.tensor(region.size)


def sample(images, points):
    """Bilinear samples of images [N, 1, H, W] at pixel points [N, P, 2].

    Pixel (0, 0) covers [0,1) x [0,1); outside the image its border repeats.
    """
    size = torch.tensor([images.shape[3], images.shape[2]])
    grid = (points / size * 2 - 1)[:, None]
    return F.grid_sample(images, grid, mode="bilinear",
                         padding_mode="border", align_corners=False)


def sample_steps(region, a, inverse=None):
    """Samples a crop pixel takes across and down, [N, 2]: one a photo pixel.

    `inverse` [N, 2, 2], transposed, is what the frame undergoes before `a`.
    """
    height, width = region.input
    pixel = torch.tensor([region.size[0] / width, region.size[1] / height])
    pixel = pixel / a.abs()[:, None]
    if inverse is not None:
        pixel = pixel * inverse.norm(dim=2)
    return (pixel - STEP_TOLERANCE).ceil().clamp(1, MAX_STEPS).int()


def crops(images, points, regions, warp=None):
    """Crops {name: [N, 1, H, W]} of images [N, 1, h, w] by points [N, 5, 2].

    `warp`, when given, is an (A [N, 2, 2], t [N, 2]) moving the face within
    its frame (augmentation): frame point p becomes A (p - .5) + .5 + t.
    """
    a, b = similarity(points)
    framed, shift, inverse = to_frame(points, a, b), None, None
    if warp is not None:
        matrix, shift = warp
        inverse = torch.linalg.inv_ex(matrix)[0].transpose(1, 2)
        framed = (framed - 0.5) @ matrix.transpose(1, 2) + 0.5
        framed = framed + shift[:, None]

    def cut(region, rows, steps):
        """Means of `steps` samples a pixel, of some faces."""
        grid = frame_grid(region, framed[rows], steps)
        if warp is not None:
            grid = (grid - 0.5 - shift[rows, None]) @ inverse[rows] + 0.5
        height, width = region.input
        fine = sample(images[rows], from_frame(grid, a[rows], b[rows]))
        fine = fine.view(-1, 1, height * steps[1], width * steps[0])
        return F.avg_pool2d(fine, steps[::-1])

    cropped = {}
    for region in regions:
        steps = sample_steps(region, a, inverse)
        crop = images.new_empty(len(images), 1, *region.input)
        kinds = {tuple(step) for step in steps.tolist()}
        for kind in kinds:
            rows = ((steps == torch.tensor(kind)).all(1) if len(kinds) > 1
                    else slice(None))
            crop[rows] = cut(region, rows, kind)
        cropped[region.name] = crop
    return cropped
