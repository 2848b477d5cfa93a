"""Find the five alignment points of every FER-2013 image.

  python3 -m training.prepare

runs the face mesh twice over each 48 x 48 image of the public test and
training splits and writes training/cache/points_<split>.npz: points float32
[N, 5, 2] in pixels (training/aha/align.py POINTS order) and flag float32 [N],
the mesh's own confidence. Where it sees no face the points are the template
itself: the image is taken as it is.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from training.aha import align, mesh, paths

SIDE = 48
FIRST_BOX = 72.0  # px: the first look takes in the crop and a black margin
SPLITS = ("public_test", "train")  # what evaluate needs comes first


def find_points(net, images, batch):
    points, flags, start = [], [], time.time()
    for at in range(0, len(images), batch):
        x = torch.from_numpy(images[at:at + batch]).float()[:, None] / 255
        n = len(x)
        centre = torch.full((n, 2), SIDE / 2)
        five, flag = net.five(x, centre, torch.full((n,), FIRST_BOX))
        lost = ~((flag > 0.5) & torch.isfinite(five).flatten(1).all(1))
        five[lost] = align.template() * SIDE
        points.append(five)
        flags.append(flag)
        if at // batch % 10 == 0:
            done, spent = at + n, time.time() - start
            print(f"\r  {done}/{len(images)} images, "
                  f"{spent * (len(images) - done) / done:.0f} s to go ",
                  end="", flush=True)
    print()
    return torch.cat(points).numpy(), torch.cat(flags).numpy()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default=paths.DATA, help="data folder")
    parser.add_argument("--mesh", help="landmark network (weight file)",
                        default=paths.MODELS / "landmarks.safetensors")
    parser.add_argument("--out", default=paths.CACHE, help="scratch folder")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    net = mesh.Mesh(args.mesh)
    Path(args.out).mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        images = np.load(f"{args.data}/fer2013/{split}.npz")["images"]
        print(f"{split}: {len(images)} images")
        with torch.no_grad():
            points, flag = find_points(net, images[:args.limit], args.batch)
        np.savez(f"{args.out}/points_{split}.npz",
                 points=points.astype(np.float32),
                 flag=flag.astype(np.float32))
        print(f"  mesh sees a face in {100 * (flag > .5).mean():.1f} %;"
              f" median points "
              f"{np.median(points, 0).astype(float).round(2).tolist()}")


if __name__ == "__main__":
    main()
