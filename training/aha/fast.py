"""fast.c from torch: fused batch normalisation and AdamW.

Compiled at first need into the system's folder for temporary files. Where the
processor has no AVX-512 with bfloat16, or there is no C compiler, or a GPU
computes, torch's own operations do the same: on a processor a fifth slower in
all.
"""

import ctypes
import functools
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import torch

SOURCE = Path(__file__).with_name("fast.c")
LANES = 16
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-finite-math-only",
         "-shared", "-fPIC")


@functools.lru_cache(maxsize=None)
def library():
    """The compiled fast.c, or None."""
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists() or "avx512_bf16" not in cpu.read_text():
        return None
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    path = f"{tempfile.gettempdir()}/aha-fast-{os.getuid()}-{name}.so"
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}"
        try:
            subprocess.run(["cc", *FLAGS, "-o", part, str(SOURCE), "-lm"],
                           check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        os.replace(part, path)
    return ctypes.CDLL(path)


def at(tensor):
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def rows_of(x):
    """[N, C, H, W] as rows of channels, copied only if it must be."""
    return x.contiguous(memory_format=torch.channels_last)


def is_here(x):
    """Whether x is on the processor, in bfloat16."""
    return x.dtype == torch.bfloat16 and not x.is_cuda


def serves(x):
    return is_here(x) and x.shape[1] % LANES == 0 and library() is not None


class Norm(torch.autograd.Function):
    """relu?(batch_norm(x) + shortcut?) in training mode."""

    @staticmethod
    def forward(ctx, x, shortcut, gamma, beta, norm, relu):
        x = rows_of(x)
        shortcut = None if shortcut is None else rows_of(
            shortcut.to(x.dtype))
        channels = x.shape[1]
        y = torch.empty_like(x)
        mean, invstd = torch.empty(channels), torch.empty(channels)
        library().norm_forward(
            at(x), at(shortcut), ctypes.c_size_t(x.numel() // channels),
            ctypes.c_size_t(channels), at(gamma), at(beta),
            ctypes.c_float(norm.eps), ctypes.c_float(norm.momentum),
            at(norm.running_mean), at(norm.running_var),
            ctypes.c_int(relu), at(y), at(mean), at(invstd))
        ctx.save_for_backward(x, y, gamma, mean, invstd)
        ctx.relu, ctx.adds = relu, shortcut is not None
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y, gamma, mean, invstd = ctx.saved_tensors
        grad = rows_of(grad)
        channels = x.shape[1]
        dx = torch.empty_like(x)
        dshort = torch.empty_like(x) if ctx.adds else None
        dgamma, dbeta = torch.empty(channels), torch.empty(channels)
        library().norm_backward(
            at(grad), at(y), at(x), ctypes.c_size_t(x.numel() // channels),
            ctypes.c_size_t(channels), at(gamma), at(mean), at(invstd),
            ctypes.c_int(ctx.relu), at(dx), at(dshort), at(dgamma),
            at(dbeta))
        return dx, dshort, dgamma, dbeta, None, None


class AdamW(torch.optim.AdamW):
    """torch's AdamW, same state; gradients longer than `most` are cut."""

    @torch.no_grad()
    def step(self, most):
        learnt = [p for group in self.param_groups for p in group["params"]]
        if learnt[0].is_cuda or library() is None:
            torch.nn.utils.clip_grad_norm_(learnt, most)
            super().step()
            for state in self.state.values():  # counted there: no waiting
                state["step"] = state["step"].cpu()
            return
        length = torch.stack([p.grad.norm() for p in learnt]).norm()
        clip = min(1.0, most / (float(length) + 1e-6))
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                if not state:
                    state["step"] = torch.tensor(0.0)
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                step = float(state["step"])
                grad = p.grad
                if grad.stride() != p.stride():
                    grad = torch.empty_like(p).copy_(grad)
                numbers = [clip, group["lr"], group["weight_decay"], beta1,
                           beta2, group["eps"], 1 - beta1 ** step,
                           1 - beta2 ** step]
                library().adamw(at(p), at(grad), at(state["exp_avg"]),
                                at(state["exp_avg_sq"]),
                                ctypes.c_size_t(p.numel()),
                                *map(ctypes.c_float, numbers))
