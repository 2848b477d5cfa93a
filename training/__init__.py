"""PyTorch side of AHA: prepare data, train, export, golden vectors."""

import os

# OpenBLAS would share every small system of equations between threads, which
# wait for each other by yielding the processor: with other work beside it a
# worker then does half as much. It reads this when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
