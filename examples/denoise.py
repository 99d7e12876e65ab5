#!/usr/bin/env python3
"""Takes the noise out of a stack of images, with a picture of before and after.

python examples/denoise.py --picture docs/pictures/denoise.png

The images are made up: a scene that moves, photographed by a sensor with dead and hot pixels. A median takes single pixels
away and leaves edges where they are, which a mean does not. It needs NumPy and Pillow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import hotkernels as hk
import numpy as np
from PIL import Image

SIZE = 240


def scene(frames: int) -> np.ndarray:
    """Shape (frames, SIZE, SIZE), uint8: a disc and a bar that move over a slope."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    slope = 60 + 80 * x / SIZE
    stack = np.empty((frames, SIZE, SIZE), np.uint8)
    for frame in range(frames):
        image = slope.copy()
        image[(x - 70 - 4 * frame) ** 2 + (y - 90) ** 2 < 45**2] = 220
        image[(abs(x - y - 30 + 3 * frame) < 6) & (y > 120)] = 20
        stack[frame] = image
    return stack


def noisy(stack: np.ndarray, share: float, seed: int = 1) -> np.ndarray:
    """The same with that share of all pixels dead (0) or hot (255)."""
    dice = np.random.default_rng(seed).random(stack.shape)
    return np.where(dice < share / 2, 0, np.where(dice > 1 - share / 2, 255, stack)).astype(np.uint8)


def psnr(clean: np.ndarray, other: np.ndarray) -> float:
    """The peak signal-to-noise ratio in decibels: more is nearer."""
    error = np.mean((clean.astype(float) - other) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--noise", type=float, default=0.2, help="the share of pixels that are dead or hot (0.2)")
    parser.add_argument("--size", type=int, default=5, help="the median's window (5)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="before and after, side by side, of the first image")
    args = parser.parse_args(words)
    clean = scene(args.frames)
    before = noisy(clean, args.noise)
    after = hk.median_filter(before, args.size)  # each image by itself, on all cores
    print(f"{args.frames} images of {SIZE} × {SIZE}: {psnr(clean, before):.1f} dB before, {psnr(clean, after):.1f} dB after")
    if args.picture:
        part = args.picture.with_name(f"{args.picture.name}.part")
        Image.fromarray(np.hstack([before[0], np.full((SIZE, 8), 255, np.uint8), after[0]])).save(
            part, format="PNG", optimize=True
        )
        part.replace(args.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
