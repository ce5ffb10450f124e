"""The iris data as the scripts of this folder use it: FP32 values, and classes as numbers."""

import csv
import os

import numpy as np

CLASSES = ["setosa", "versicolor", "virginica"]
_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "iris", "iris.csv")

with open(_PATH, newline="", encoding="utf-8") as _file:
    _HEADER, *_ROWS = csv.reader(_file)

FEATURES = _HEADER[:-1]


def read():
    values = np.array([row[:-1] for row in _ROWS], dtype=np.float32)
    return values, np.array([CLASSES.index(row[-1]) for row in _ROWS])
