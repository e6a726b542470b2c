"""Convolution whose filters are shared inside a region of the map and differ between regions.

An ordinary convolution has one set of filters for the whole map; here the map is cut into grid x grid regions of one
size, each with its own set. On aligned faces a region is a part of the face: eyes and mouths get filters of their own.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class LocallyShared(nn.Module):
    """3x3 convolution, padding 1, without bias. grid: regions a side; weight (grid * grid * outside, inside, 3, 3).

    All regions are computed by one grouped convolution: each is cut out with the pixel round it, so that nothing is
    lost at its edges. Raises ValueError on maps that cannot be cut into equal regions.
    """

    def __init__(self, inside: int, outside: int, grid: int) -> None:
        super().__init__()
        if grid < 1:
            raise ValueError(f"grid={grid}: at least 1 region a side")
        self.inside, self.outside, self.grid = inside, outside, grid
        self.weight = nn.Parameter(torch.empty(grid * grid * outside, inside, 3, 3))
        nn.init.kaiming_normal_(self.weight)

    @property
    def filters(self) -> torch.Tensor:
        """(grid * grid, outside, inside, 3, 3), regions row by row."""
        return self.weight.unflatten(0, (self.grid**2, self.outside))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(n, outside, height, width). maps: (n, inside, height, width)."""
        n, _, height, width = maps.shape
        g = self.grid
        if height % g or width % g:
            raise ValueError(f"maps of {height} x {width} cannot be cut into {g} x {g} equal regions")
        h, w = height // g, width // g
        padded = F.pad(maps, (1, 1, 1, 1))
        regions = padded.unfold(2, h + 2, h).unfold(3, w + 2, w)  # (n, inside, g, g, h + 2, w + 2)
        stacked = regions.permute(0, 2, 3, 1, 4, 5).reshape(n, g * g * self.inside, h + 2, w + 2)
        read = F.conv2d(stacked, self.weight, groups=g * g)
        whole = read.view(n, g, g, self.outside, h, w).permute(0, 3, 1, 4, 2, 5)
        return whole.reshape(n, self.outside, height, width)
