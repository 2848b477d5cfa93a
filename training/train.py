"""Train a network of the AHA family on FER-2013.

  python3 -m training.prepare                       once
  python3 -m training.train --epochs 12             the whole network
  python3 -m training.train --summary               sizes only

A run is known by its name (--run, else the configuration's) and lives in
training/cache/<run>/: checkpoint.pt every two minutes, log.csv a line an
epoch. Started again with the same name it goes on where it stood, to the
step. training/export.py turns a checkpoint into a weight file at any time.
PublicTest only judges; it is never trained on.

On a GPU (--device cuda, which wants PyTorch 2) it is one process; several runs
at once fill it better than one.
"""

import argparse
import copy
import csv
import ctypes
import math
import os
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from training.aha import (align, checkpoint, face_start, fast, paths,
                          safetensors, weight_file)
from training.aha.data import VOTES, Joined, fer2013, photographs
from training.aha.model import Aha, load_config, loss_all, summary

BETAS = (0.9, 0.98)
MAX_GRADIENT = 5.0
SAVE_EVERY_S = 120
SHOW_EVERY = 20
START_FACES = 256
TEACHER_TEMPERATURE = 2.0  # at which nets of this margin are as sure as right
SMALLER = (10 / 14, 11 / 14, 12 / 14, 13 / 14)  # --small, in turn


def parser_of(text):
    """The options that training/ablate.py takes too."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--config", default=paths.REPO / "training/configs/aha.json")
    add("--data", default=paths.DATA, help="data folder")
    add("--weights", default=paths.WEIGHTS, help="ready-made weights folder")
    add("--cache", default=paths.CACHE, help="scratch folder")
    add("--epochs", type=int, default=12)
    add("--minutes", type=float,
        help="end sooner if so long has passed, the learning rate's\n"
             "schedule shortened to fit")
    add("--batch", type=int, default=64)
    add("--rate", type=float, default=1e-3, help="highest learning rate")
    add("--decay", type=float, default=0.02, help="weight decay")
    add("--votes", type=float, default=VOTES,
        help="share of the FER+ votes in a target, the rest is the label")
    add("--teacher", metavar="RUN,...",
        help="runs whose mean answers to the very crops that are learnt\n"
             "from, changed and mixed, are mixed into the targets")
    add("--taught", type=float, default=0.5, metavar="SHARE",
        help="their share")
    add("--photos", type=int, nargs="?", const=1, default=0, metavar="TIMES",
        help="learn from the photographs too (training.photos), each so\n"
             "many times an epoch (once), and judge by those held out")
    add("--change", type=float, default=1,
        help="strength of the augmentation")
    add("--mix", type=float, default=0, metavar="ALPHA",
        help="mixup: half of the batches are faces laid over each other,\n"
             "in shares drawn from Beta(ALPHA, ALPHA)")
    add("--ema", type=float, default=0.998,
        help="decay of the averaged weights, the ones judged and exported")
    add("--warm-up", type=int, default=300, help="steps")
    add("--start", metavar="RUN,...",
        help="begin with the averaged weights of other runs, or with\n"
             "weight files, as far as names and shapes agree; later ones\n"
             "win. Other nets begin as the face net does, if one is\n"
             "there, else from face recognition")
    add("--slow", metavar="REGION:FACTOR,...", default="",
        help="these regions' nets learn at a share of the rate; 0: not")
    add("--seed", type=int, default=1)
    add("--workers", type=int, default=2,
        help="processes of one thread, each with its share of every batch;\n"
             "on a GPU always one")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--fp32", action="store_true",
        help="convolve in fp32 (default: bfloat16, faster where the\n"
             "processor has it)")
    add("--sync", type=int, default=1,
        help="average the workers' weights after so many steps, in place\n"
             "of their gradients each step; --batch is a worker's then")
    add("--small", type=float, default=0, metavar="SHARE",
        help="see regions smaller for this share of the run: growing in\n"
             "four parts, from 10/14 of their size to 13/14")
    add("--judge", type=int, default=1, help="judge every so many epochs")
    add("--steps", type=int, help="stop after so many steps (a trial)")
    return parser


def keep_memory():
    """Stop glibc from handing large blocks back after every operation.

    Getting them again costs a page fault each 4 KiB: 5 % of the time.
    """
    trim, top_pad, mmap_max = -1, -2, -4
    libc = ctypes.CDLL(None)
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim, 2**31 - 1)
    libc.mallopt(top_pad, 2**26)


class Average:
    """Exponential moving average of all weights and statistics."""

    def __init__(self, model, decay):
        self.model, self.decay = copy.deepcopy(model).eval(), decay
        self.mine, self.theirs = (
            [value for value in net.state_dict().values()
             if value.is_floating_point()] for net in (self.model, model))

    @torch.no_grad()
    def update(self, step, steps):
        """Move towards the model, which has done so many more steps."""
        keep = min(self.decay, (1 + step) / (10 + step)) ** steps
        torch._foreach_mul_(self.mine, keep)
        torch._foreach_add_(self.mine, self.theirs, alpha=1 - keep)


def take_net(net, theirs):
    """Fill a RegionNet from the tensors of another, where shapes agree."""
    blocks = len({name.split(".")[1] for name in theirs
                  if name.startswith("blocks.")})
    for name, value in net.state_dict().items():
        weight_file.copy_if_fits(value, theirs.get(net.source(name, blocks)))


class Run:
    """All state of one training run; saved and restored as a whole.

    Every worker holds all of it and computes the same: the gradients, the
    batch statistics and the clock are averaged each step. What a step draws
    at random depends on (seed, step, worker) alone.
    """

    def __init__(self, args, worker):
        self.args, self.config, self.worker = args, args.loaded, worker
        torch.manual_seed(args.seed)
        self.model = Aha(self.config).to(memory_format=torch.channels_last)
        self.step, self.spent = 0, 0.0

    def open(self):
        args = self.args
        self.folder = f"{args.cache}/{args.run}"
        os.makedirs(self.folder, exist_ok=True)
        self.train = fer2013(args.data, args.cache, "train", args.votes)
        self.tests = {"": fer2013(args.data, args.cache, "public_test")}
        if args.photos:
            self.train = Joined([self.train,
                                 *[photographs(args.cache, held_out=False)]
                                 * args.photos])
            self.tests["photos "] = photographs(args.cache, held_out=True)
        self.teachers = [self.teacher(run) for run
                         in filter(None, (args.teacher or "").split(","))]
        each = args.batch * (1 if args.sync == 1 else args.workers)
        self.per_epoch = len(self.train) // each
        self.total = self.per_epoch * args.epochs
        self.names, self.regions = self.config["regions"], self.model.regions
        found = os.path.exists(checkpoint.path(args.cache, args.run))
        if not found:
            self.start_branches()
        self.average = Average(self.model, args.ema)
        self.slow_down()
        self.optimiser = fast.AdamW(self.groups(), lr=args.rate,
                                    betas=BETAS)
        if found:
            self.restore(checkpoint.load(args.cache, args.run))
        self.clock = time.time()

    def teacher(self, run):
        """The averaged net of another run."""
        state = checkpoint.load(self.args.cache, run)
        net = Aha(state["config"]).to(memory_format=torch.channels_last)
        net.load_state_dict(state["average"])
        return net.eval().requires_grad_(False)

    def slow_down(self):
        """Read --slow; nets that do not learn keep their statistics too."""
        self.factors = {}
        for part in filter(None, self.args.slow.split(",")):
            name, factor = part.split(":")
            self.factors[f"nets.{name}."] = float(factor)
            if float(factor) == 0:
                self.model.nets[name].requires_grad_(False)
        for net in self.model.nets.values():
            net.train(next(net.parameters()).requires_grad)

    def groups(self):
        """Parameters by rate and by whether they decay."""
        groups = {}
        for name, p in self.model.named_parameters():
            factor = next((f for prefix, f in self.factors.items()
                           if name.startswith(prefix)), 1.0)
            decay = self.args.decay if p.dim() > 1 else 0.0
            if p.requires_grad:
                groups.setdefault((factor, decay), []).append(p)
        return [{"params": params, "weight_decay": decay, "factor": factor}
                for (factor, decay), params in groups.items()]

    def take_file(self, path):
        """Take what fits from a weight file; the names of its regions."""
        tensors, _ = safetensors.read(path)
        found = weight_file.fill(self.model, tensors)
        self.rest(found)
        return found

    def rest(self, names):
        """Give nets that were filled statistics of their own inputs."""
        rows = torch.randperm(len(self.train))[:START_FACES]
        crops = self.train.crops(rows, self.regions, self.args.change)
        for name in names:
            face_start.rest_on_statistics(self.model.nets[name], crops[name])

    def take_over(self, run):
        """Take what fits of another run; the names of its regions."""
        state = checkpoint.load(self.args.cache, run)
        theirs = state["average"]
        steps = {config["hidden"] if config["fusion"] == "lstm" else None
                 for config in (self.config, state["config"])}
        width = steps.pop() if len(steps) == 1 else None
        for name, value in self.model.state_dict().items():
            if not name.startswith("nets.") and not (
                    width and name == "classifier.weight"):
                weight_file.copy_if_fits(value, theirs.get(name))
        if width:
            self.model.take_columns(state)
        found = [name for name in self.names
                 if f"nets.{name}.stem.conv.weight" in theirs]
        for name in found:
            prefix = f"nets.{name}."
            take_net(self.model.nets[name], {
                key[len(prefix):]: value for key, value in theirs.items()
                if key.startswith(prefix)})
        return found

    def start_branches(self):
        """Fill the nets from --start, the face net, or face recognition."""
        found = []
        for start in filter(None, (self.args.start or "").split(",")):
            take = (self.take_file if start.endswith(".safetensors")
                    else self.take_over)
            found += take(start)
        for region in self.model.regions:
            net = self.model.nets[region.name]
            spec = self.config["nets"][region.branch]
            if region.name in found or "start" not in spec:
                continue
            if "face" in found:
                take_net(net, self.model.nets["face"].state_dict())
            else:
                face_start.fill(net, self.args.weights)
            self.rest([region.name])
        if self.worker == 0 and found:
            print(f"{', '.join(found)} from {self.args.start}")

    def save(self):
        if self.worker > 0:
            return
        state = {"config": self.config, "step": self.step,
                 "epochs": self.args.epochs, "spent": self.spent,
                 "model": self.model.state_dict(),
                 "average": self.average.model.state_dict(),
                 "optimiser": self.optimiser.state_dict(),
                 "finished": self.progress() == 1}
        path = checkpoint.path(self.args.cache, self.args.run)
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)

    def restore(self, state):
        if state["config"] != self.config:
            raise SystemExit(f"{self.folder} holds another configuration; "
                             "give the run another name with --run")
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent = state["step"], state["spent"]
        if self.worker == 0:
            print(f"going on from step {self.step}")

    def progress(self):
        """Share of the run that is over, by steps or by time."""
        by_time = self.spent / 60 / (self.args.minutes or math.inf)
        return min(1.0, max(self.step / self.total, by_time))

    def rate(self):
        """Warm-up, then half a cosine down to nothing."""
        warm = min(1.0, (self.step + 1) / self.args.warm_up)
        return self.args.rate * warm * 0.5 * (
            1 + math.cos(math.pi * self.progress()))

    def order(self, epoch):
        shuffle = torch.Generator().manual_seed(
            self.args.seed * 10007 + epoch)
        return torch.randperm(len(self.train), generator=shuffle,
                              device="cpu")

    def sum(self, tensor):
        """Over all workers, in place."""
        if self.args.workers > 1:
            dist.all_reduce(tensor)

    def share(self, told, weights):
        """Average over workers: gradients or weights, statistics, `told`."""
        if self.args.workers == 1:
            return
        shared = [p.data if weights else p.grad
                  for p in self.model.parameters() if p.requires_grad]
        shared += [b for b in self.model.buffers() if b.is_floating_point()]
        shared.append(told)
        flat = torch.cat([t.flatten() for t in shared])
        dist.all_reduce(flat)
        flat /= self.args.workers
        for tensor, part in zip(shared, flat.split(
                [t.numel() for t in shared])):
            tensor.copy_(part.view_as(tensor))

    def mix(self, crops, targets):
        """Mixup (Zhang et al., ICLR 2018), of all regions alike (--mix)."""
        if not self.args.mix or torch.rand((), device="cpu") < 0.5:
            return crops, targets
        alpha = torch.tensor(self.args.mix, device="cpu")
        share = float(torch.distributions.Beta(alpha, alpha).sample())
        other = torch.randperm(len(targets))
        return ({name: x.lerp(x[other], share) for name, x in crops.items()},
                targets.lerp(targets[other], share))

    def learn(self, rows):
        """One step; the batch's mean loss and share of right answers."""
        seed = ((self.args.seed * 1000003 + self.step) * self.args.workers
                + self.worker)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate() * group["factor"]
        if self.args.sync == 1:
            rows = rows[self.worker::self.args.workers]
        regions = self.regions
        if self.progress() < self.args.small:
            part = self.progress() / self.args.small
            regions = align.scaled(regions, SMALLER[int(part * len(SMALLER))])
        seen = {}

        def see(regions):
            """Crops and targets, changed and mixed the same every time."""
            key = tuple(regions)
            if key not in seen:
                torch.manual_seed(seed)
                crops = self.train.crops(rows, regions, self.args.change)
                seen[key] = self.mix(crops, self.train.targets[rows])
            return seen[key]

        crops, targets = see(regions)
        if self.teachers:
            told = sum(self.told(net, see(net.regions)[0])
                       for net in self.teachers) / len(self.teachers)
            targets = targets.lerp(told, self.args.taught)
        fused, own = self.model(crops, bf16=not self.args.fp32)
        loss = loss_all(fused, own, targets, self.config["loss"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        hits = (fused.argmax(1) == self.train.labels[rows]).float().mean()
        told = torch.stack([loss.detach(), hits, torch.zeros(())])
        if self.args.sync == 1:
            self.share(told, weights=False)
        self.optimiser.step(MAX_GRADIENT)
        self.step += 1
        return told

    @torch.no_grad()
    def told(self, net, crops):
        """A teacher's answer."""
        logits = net(crops, bf16=not self.args.fp32)[0]
        return (logits / TEACHER_TEMPERATURE).softmax(1)

    def meet(self, told):
        """Average weights (--sync) and clocks over the workers.

        All that a worker decides by the clock it decides after a meeting.
        """
        now = time.time()
        told[2], self.clock = now - self.clock, now
        if self.args.sync > 1:
            self.share(told, weights=True)
        else:
            self.sum(told[2:])
            told[2] /= self.args.workers
        self.spent += float(told[2])
        self.average.update(self.step, self.args.sync)

    @torch.no_grad()
    def judge(self):
        """Accuracy (%) of the averaged weights, head by head."""
        told = {}
        for prefix, test in self.tests.items():
            right = torch.zeros(1 + len(self.names))
            mine = torch.arange(self.worker, len(test), self.args.workers)
            for rows in mine.split(256):
                crops = test.crops(rows, self.regions)
                fused, own = self.average.model(crops,
                                                bf16=not self.args.fp32)
                for i, logits in enumerate([fused, *own.values()]):
                    right[i] += (logits.argmax(1) == test.labels[rows]).sum()
            self.sum(right)
            right = 100 * right / len(test)
            told |= {prefix + name: share for name, share
                     in zip(["fused", *self.names], right.tolist())}
        return told


def show(run, epoch, done, loss, hits, rate):
    left = (run.total - run.step) / rate / 60
    if run.args.minutes:
        left = min(left, run.args.minutes - run.spent / 60)
    faces = len(run.train) / run.per_epoch
    print(f"epoch {epoch + 1}/{run.args.epochs} step {done}/{run.per_epoch} "
          f"loss {loss:.3f} train {100 * hits:.1f} % "
          f"{rate * faces:.0f} faces/s, {left:.0f} min to go",
          flush=True)


def log_epoch(run, epoch, loss, hits):
    result = run.judge()
    if run.worker > 0:
        return
    row = {"epoch": epoch + 1, "minutes": round(run.spent / 60, 1),
           "loss": round(loss, 4), "train": round(100 * hits, 2),
           **{k: round(v, 2) for k, v in result.items()}}
    path = f"{run.folder}/log.csv"
    new = not os.path.exists(path)
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
    print("PublicTest " + " ".join(f"{k} {v:.2f}" for k, v in result.items()),
          flush=True)


def train(run):
    saved, window, loss, hits = time.time(), [], None, None
    args, batch = run.args, run.args.batch
    parts, mine = (1, 0) if args.sync == 1 else (args.workers, run.worker)
    while run.progress() < 1:
        epoch, done = divmod(run.step, run.per_epoch)
        at = (done * parts + mine) * batch
        told = run.learn(run.order(epoch)[at:at + batch])
        new_loss, new_hits = told[:2].tolist()
        loss = new_loss if loss is None else 0.98 * loss + 0.02 * new_loss
        hits = new_hits if hits is None else 0.98 * hits + 0.02 * new_hits
        ends = done + 1 == run.per_epoch
        if not ends and run.step % args.sync:
            continue
        run.meet(told)
        window = (window + [(time.time(), run.step)])[-50:]
        if run.worker == 0 and done // args.sync % SHOW_EVERY == 0 \
                and len(window) > 1:
            (first, low), (last, high) = window[0], window[-1]
            show(run, epoch, done, loss, hits, (high - low) / (last - first))
        stop = args.steps and run.step >= args.steps
        if run.progress() == 1 or ends and (epoch + 1) % args.judge == 0:
            log_epoch(run, epoch, loss, hits)
            window, saved = [], 0
        if stop or time.time() - saved > SAVE_EVERY_S:
            run.save()
            saved = time.time()
        if stop:
            return


def work(worker, args, meeting):
    """One worker, from its start to the end of the run."""
    torch.set_num_threads(1)
    if args.device == "cuda":
        torch.set_default_device("cuda")
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = False  # bfloat16, or all of fp32
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method=f"file://{meeting}",
                            rank=worker, world_size=args.workers)
    run = Run(args, worker)
    run.open()
    train(run)
    dist.barrier()
    if worker == 0:
        print("finished")


def start(args, config):
    """Train `config` to the end, or to where the options say."""
    args.loaded = config
    args.run = args.run or config["name"]
    if args.device == "cuda":
        args.workers = 1
    print(summary(Aha(config)), flush=True)
    keep_memory()
    with tempfile.TemporaryDirectory() as folder:
        mp.start_processes(work, (args, f"{folder}/meeting"), args.workers,
                           start_method="fork")


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--run", help="name of the run (default: the "
                                      "configuration's)")
    parser.add_argument("--summary", action="store_true",
                        help="print the size and leave")
    args = parser.parse_args()
    config = load_config(args.config)
    if args.summary:
        print(summary(Aha(config)))
    else:
        start(args, config)


if __name__ == "__main__":
    main()
