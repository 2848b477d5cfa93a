"""Checkpoints of runs, by name: `cache`/`run`/checkpoint.pt, read to the CPU."""

import os

import torch


def path(cache, run):
    return os.path.join(cache, run, "checkpoint.pt")


def load(cache, run):
    return torch.load(path(cache, run), map_location="cpu")


def write(cache, run, config, average):
    """A run that ends with these weights: made of others, not trained."""
    os.makedirs(os.path.join(cache, run), exist_ok=True)
    torch.save({"config": config, "average": average, "step": 0,
                "finished": True}, path(cache, run))
