#!/usr/bin/env python3
"""Writes files/0.png, 1.jpg, 2.png ... 9.jpg: the first held-out picture of each digit, as a user would send it.

    apt-get install python3-sklearn python3-pil      (Debian)
    /usr/bin/python3 make_files.py

The pictures are 8x8; the files are 64x64, smoothly enlarged, so that the server has to reduce them
to the model's size.
"""

import os

import data


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
    os.makedirs(folder, exist_ok=True)
    pictures, digits = data.load()
    for digit in range(10):
        row = next(row for row in range(data.TRAIN_ROWS, len(digits)) if digits[row] == digit)
        image = data.enlarge(pictures[row, 0])
        if digit % 2 == 0:
            image.save(os.path.join(folder, f"{digit}.png"), optimize=True)
        else:
            image.save(os.path.join(folder, f"{digit}.jpg"), quality=90)
        print(f"{digit}: row {row}")


if __name__ == "__main__":
    main()
