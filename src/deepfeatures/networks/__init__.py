"""What is trained or loaded. Nothing here knows how training is done."""

from deepfeatures.networks.lenet import LAYERS, LeNet, load, untrained

__all__ = ["LAYERS", "LeNet", "load", "untrained"]
