"""The handwritten digits that scikit-learn ships: how they are split, varied for training, and sent as files."""

import io

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

# The first four fifths. Neighbouring rows seem to come from one writer, so the split is by position: with a
# random split, the model would be tested on writers that it has seen, and its accuracy overestimated.
TRAIN_ROWS = 1437


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


def enlarge(picture):
    """A picture [8, 8] as a grey 64x64 image from 0 to 255, as a user might send it."""
    return Image.fromarray(np.round(picture * 255).astype(np.uint8)).resize((64, 64), Image.BICUBIC)


def through_jpeg(pictures):
    """The pictures as they come back from enlarging, JPEG compression and shrinking to 8x8."""
    def sent(picture):
        file = io.BytesIO()
        enlarge(picture).save(file, "JPEG", quality=90)
        return np.asarray(Image.open(file).resize((8, 8), Image.BOX), np.float32) / 255

    return np.stack([sent(picture) for picture in pictures[:, 0]])[:, None]
