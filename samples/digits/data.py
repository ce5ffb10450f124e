"""The handwritten digits that scikit-learn ships, how they are split, and how they are varied for training."""

import numpy as np
from sklearn.datasets import load_digits

TRAIN_ROWS = 1437
"""The first four fifths. Neighbouring rows come from the same hand, so the split is by position:
a random one would test the model on writers it has seen, and flatter it."""


def load():
    """Pictures [1797, 1, 8, 8] from 0 (black paper) to 1 (white ink), and their digits."""
    digits = load_digits()
    return (digits.images[:, None] / 16).astype(np.float32), digits.target


def vary(pictures, random):
    """Each picture once more, a little turned, slanted, stretched, moved and faded.

    The bilinear sampling softens it as well, as shrinking a larger picture to 8x8 does.
    """
    count = len(pictures)

    def some(low, high):
        return random.uniform(low, high, (count, 1, 1))

    y, x = np.meshgrid(np.arange(8) - 3.5, np.arange(8) - 3.5, indexing="ij")
    angle, slant, width, height = some(-0.2, 0.2), some(-0.2, 0.2), some(0.85, 1.15), some(0.85, 1.15)
    across = width * (np.cos(angle) * x + (slant - np.sin(angle)) * y) + some(-1, 1)
    down = height * (np.sin(angle) * x + np.cos(angle) * y) + some(-0.7, 0.7)

    # Two pixels of paper all round, so that a sample outside the picture is black.
    padded = np.pad(pictures[:, 0], ((0, 0), (2, 2), (2, 2)))
    across, down = np.clip(across + 5.5, 0, 10.999), np.clip(down + 5.5, 0, 10.999)
    left, top = across.astype(int), down.astype(int)
    across, down, one = across - left, down - top, np.arange(count)[:, None, None]
    sampled = (
        padded[one, top, left] * (1 - down) * (1 - across)
        + padded[one, top, left + 1] * (1 - down) * across
        + padded[one, top + 1, left] * down * (1 - across)
        + padded[one, top + 1, left + 1] * down * across
    )
    return np.clip(sampled * some(0.8, 1.15), 0, 1)[:, None].astype(np.float32)
