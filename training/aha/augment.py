"""Random changes of training faces.

FER-2013 is small, loosely cropped and all of one sharpness, while the network
is served photographs of every size: so besides the usual turning and shading
the faces are blurred and sharpened, and their five points moved about as the
landmark network's own errors would. Everything is drawn from torch's global
generator, so that a run can be resumed where it stood.
"""

import math

import torch
import torch.nn.functional as F

from training.aha import align

TURN = math.radians(12)
SCALE, STRETCH, SHEAR, SHIFT = 0.12, 0.05, 0.05, 0.06
POINT_JITTER = 0.7     # px of a 48 px face, the largest standard deviation
CONTRAST, GAMMA = 0.45, 0.35      # of a logarithm
BRIGHTNESS, RAMP, NOISE = 0.15, 0.2, 0.04
SOFTEN, SHARPEN = 1.0, 1.2
ERASE, ERASE_SIDES = 0.3, (6, 20)  # how often; px of a 48 px face


def uniform(n, low, high):
    return low + (high - low) * torch.rand(n)


def sometimes(n, often):
    return (torch.rand(n) < often).float()


def mirror(images, points):
    """Half of the faces seen in a mirror, their points renamed to match."""
    flip = torch.rand(len(images)) < 0.5
    seen = points[:, align.MIRRORED].clone()
    seen[..., 0] = images.shape[3] - seen[..., 0]
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    return images, torch.where(flip[:, None, None], seen, points)


def jitter(points, by, unit):
    n = len(points)
    return points + torch.randn_like(points) * uniform(
        n, 0, by * unit * POINT_JITTER)[:, None, None]


def warp(n, by):
    """(A, t) of align.crops: a small random affine map of the frame."""
    def each(most):
        return uniform(n, -by * most, by * most)

    turn, shear = each(TURN), each(SHEAR)
    size = torch.exp(each(SCALE))
    stretch = torch.exp(each(STRETCH))
    cos, sin = turn.cos(), turn.sin()
    rotate = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    zero = torch.zeros(n)
    form = torch.stack([size * stretch, shear, zero, size / stretch], 1)
    return rotate @ form.view(n, 2, 2), torch.stack(
        [each(SHIFT), each(SHIFT)], 1)


def soften_or_sharpen(x, by):
    around = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across = around[..., :-2] + 2 * around[..., 1:-1] + around[..., 2:]
    smooth = (across[:, :, :-2] + 2 * across[:, :, 1:-1]
              + across[:, :, 2:]) / 16
    amount = uniform(len(x), -SOFTEN, SHARPEN) * sometimes(len(x), by * 0.6)
    return x + amount.view(-1, 1, 1, 1) * (x - smooth)


def shade(x, by):
    """Gamma, contrast, brightness and a light from one side."""
    n, _, height, width = x.shape

    def each(most):
        return uniform(n, -by * most, by * most).view(-1, 1, 1, 1)

    x = x.clamp(1e-4, 1) ** torch.exp(each(GAMMA))
    mean = x.mean((2, 3), keepdim=True)
    x = mean + (x - mean) * torch.exp(each(CONTRAST))
    across = torch.linspace(-1, 1, width).view(1, 1, 1, -1)
    down = torch.linspace(-1, 1, height).view(1, 1, -1, 1)
    ramp = across * each(RAMP) + down * each(RAMP)
    return x + each(BRIGHTNESS) + ramp


def noise(x, by):
    amount = uniform(len(x), 0, NOISE) * sometimes(len(x), by * 0.5)
    return x + torch.randn_like(x) * amount.view(-1, 1, 1, 1)


def erase(x, by, unit):
    """A rectangle of one grey over some of the faces."""
    n, _, height, width = x.shape
    low, high = [unit * side for side in ERASE_SIDES]

    def inside(size):
        side = uniform(n, low, high)
        first = uniform(n, 0, 1) * (size - side)
        at = torch.arange(size) + 0.5
        return (at > first[:, None]) & (at < (first + side)[:, None])

    covered = inside(height)[:, :, None] & inside(width)[:, None, :]
    covered &= (torch.rand(n) < by * ERASE)[:, None, None]
    grey = torch.rand(n).view(-1, 1, 1, 1)
    return torch.where(covered[:, None], grey, x)


def faces(images, points, by=1, unit=1):
    """Changed (images [N, 1, H, W], points [N, 5, 2], warp).

    `by` less than 1 changes them less, or fewer of them. `unit` is how many
    of their pixels are one of a 48 px face.
    """
    images, points = mirror(images, points)
    images = noise(shade(soften_or_sharpen(images, by), by), by).clamp(0, 1)
    return (erase(images, by, unit), jitter(points, by, unit),
            warp(len(images), by))
