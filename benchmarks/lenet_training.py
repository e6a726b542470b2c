"""Training images a second at batch 64: our loop, one seed a core, against the loops a user would otherwise write.

`peer` is the better of the tutorial's loop with 0 and with 2 workers: torchvision's MNIST, its rotation on PIL images,
ToTensor, DataLoader, torch's own memory layout. Beside it stand the same loop with less overhead and channels last, and
one that holds every rotated image in memory.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from typing import Any

import numpy as np
import torch
from digits_here import digits
from matrix_rate import matrix_rate
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms
from torchvision.transforms import InterpolationMode, functional

from deepfeatures.study import paths

MFLOP_PER_IMAGE = 13.2  # forward, and backward to weights and inputs but the first layer's; Caffe's LeNet
BATCH, STEPS, DIGITS = 64, 200, 4000


def measure(rounds: int) -> dict[str, Any]:
    ours, by_workers, in_memory, tuned, rates = [], {0: [], 2: []}, [], [], []
    for _ in range(rounds):
        rates.append(matrix_rate())
        ours.append(side_by_side())
        in_memory.append(plain_loop(_rotated_batches(), STEPS))
        tuned.append(plain_loop(_loader(_Frugal(), 0), STEPS // 2))
        for workers, speeds in by_workers.items():
            speeds.append(plain_loop(_loader(_tutorial(), workers), STEPS // 2, layout=torch.contiguous_format))
    rate, speed = statistics.median(rates), statistics.median(ours)
    peers = {workers: statistics.median(speeds) for workers, speeds in by_workers.items()}
    peer = max(peers.values())
    return {
        "unit": "images/s",
        "ours": round(speed),
        "peer": round(peer),
        "ratio": round(speed / peer, 2),
        "peer_by_dataloader_workers": {workers: round(value) for workers, value in peers.items()},
        "dataloader_without_torchvisions_overhead_channels_last": round(statistics.median(tuned)),
        "plain_in_memory_channels_last_loop": round(statistics.median(in_memory)),
        "matrix_gflops": round(rate, 1),
        "share_of_matrix_rate": round(speed * MFLOP_PER_IMAGE / 1e3 / rate, 3),
        "share_of_matrix_rate_by_round": [
            round(s * MFLOP_PER_IMAGE / 1e3 / r, 3) for s, r in zip(ours, rates, strict=True)
        ],
        "seeds_side_by_side": os.cpu_count(),
        "data": digits(1)[2],
    }


def side_by_side() -> float:
    """Our loop with one seed a core, each on one thread, as the workflow runs them: images/s of all together."""
    context = multiprocessing.get_context("spawn")
    cores = os.cpu_count() or 1
    barrier, results = context.Barrier(cores), context.Queue()
    workers = [context.Process(target=_one_seed, args=(seed, barrier, results)) for seed in range(cores)]
    for worker in workers:
        worker.start()
    spans = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return cores * STEPS * BATCH / (max(end for _, end in spans) - min(start for start, _ in spans))


def _one_seed(seed: int, barrier: Any, results: Any) -> None:
    from deepfeatures.data.rotation import rotated_copies
    from deepfeatures.study import allocator
    from deepfeatures.training.loop import Run
    from deepfeatures.training.objectives import Softmax

    allocator.keep_freed()
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(1)
    images, labels, _ = digits(DIGITS)
    run = Run(rotated_copies(images), labels, Softmax(), seed=seed)
    run.train(20)
    barrier.wait()
    start = time.time()
    run.train(STEPS)
    results.put((start, time.time()))


class _PlainNet(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = torch.nn.Conv2d(1, 20, 5), torch.nn.Conv2d(20, 50, 5)
        self.ip1, self.ip2 = torch.nn.Linear(800, 500), torch.nn.Linear(500, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(self.conv2(F.max_pool2d(self.conv1(x), 2)), 2)
        return self.ip2(F.relu(self.ip1(x.flatten(1))))


def plain_loop(
    batches: Any, steps: int, warm_up: int = 10, layout: torch.memory_format = torch.channels_last
) -> float:
    """The usual loop with all cores: images/s. batches: yields (images, labels) without end."""
    torch.set_num_threads(os.cpu_count() or 1)
    net = _PlainNet().to(memory_format=layout)
    weights = [p for n, p in net.named_parameters() if not n.endswith("bias")]
    biases = [p for n, p in net.named_parameters() if n.endswith("bias")]
    groups = [{"params": weights}, {"params": biases, "lr": 0.02}]
    optimiser = torch.optim.SGD(groups, lr=0.01, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda t: (1 + 1e-4 * t) ** -0.75)
    start = 0.0
    for step, (images, labels) in enumerate(batches):
        if step == warm_up:
            start = time.perf_counter()
        if step == warm_up + steps:
            break
        optimiser.zero_grad()
        F.cross_entropy(net(images.to(memory_format=layout)), labels).backward()
        optimiser.step()
        schedule.step()
    return steps * BATCH / (time.perf_counter() - start)


def _turned(image: Image.Image, turn: int) -> Image.Image:
    return functional.rotate(image, 15.0 * turn - 45, InterpolationMode.BILINEAR)


class _Tutorial(Dataset):
    """What one finds in tutorials: torchvision's data set, an image turned when it is asked for, then ToTensor."""

    def __init__(self, pictures: Dataset) -> None:
        self.pictures, self.to_tensor = pictures, transforms.ToTensor()

    def __len__(self) -> int:
        return 7 * DIGITS

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        digit, turn = divmod(index, 7)
        image, label = self.pictures[digit]
        return self.to_tensor(_turned(image, turn)), int(label)


def _tutorial() -> Dataset:
    """torchvision's MNIST where it is at hand, else a stand-in that hands out PIL images as it does."""
    images, labels, name = digits(DIGITS)
    if name == "mnist":
        return _Tutorial(datasets.MNIST(str(paths.data_root())))
    return _Tutorial([(Image.fromarray(image), label) for image, label in zip(images, labels, strict=True)])


class _Frugal(Dataset):
    """The same, with what is easily saved saved: arrays instead of torchvision's data set, PIL's own rotation."""

    def __init__(self) -> None:
        self.images, self.labels, _ = digits(DIGITS)
        self.to_tensor = transforms.ToTensor()

    def __len__(self) -> int:
        return 7 * len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        digit, turn = divmod(index, 7)
        image = Image.fromarray(self.images[digit]).rotate(15 * turn - 45, Image.Resampling.BILINEAR)
        return self.to_tensor(image), int(self.labels[digit])


def _loader(pictures: Dataset, workers: int) -> Any:
    loader = DataLoader(pictures, batch_size=BATCH, shuffle=True, num_workers=workers, drop_last=True)
    while True:
        yield from loader


def _rotated_batches() -> Any:
    from deepfeatures.data.rotation import rotated_copies

    images, labels, _ = digits(DIGITS)
    pixels = torch.from_numpy(rotated_copies(images).reshape(-1, 1, 28, 28)).float().div(256)
    targets = torch.from_numpy(np.repeat(labels, 7).astype(np.int64))
    while True:
        rows = torch.randint(0, len(pixels), (BATCH,))
        yield pixels[rows], targets[rows]
