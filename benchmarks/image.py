"""Median filters, beside OpenCV's where it has one, and SciPy's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

import hotkernels as hk
import numpy as np

from benchmarks.measure import Work


def image() -> Iterator[Work]:
    """The windows and dtypes that OpenCV takes against it, the others against SciPy; on one thread each."""
    opencv = import_module("cv2")
    scipy = import_module("scipy.ndimage")
    opencv.setNumThreads(1)
    numbers = np.random.default_rng(7)
    for side in (512, 8192):
        pixels = numbers.integers(0, 256, (side, side), np.uint8)
        result = np.empty_like(pixels)
        for size in (3, 5, 9, 25, 51, 101) if side == 512 else (3, 5, 9, 25):
            yield Work(
                name=f"median {size} × {size}, {side} × {side} uint8",
                unit="pixels",
                amount=pixels.size,
                peer="cv2.medianBlur",
                note="one thread each; noise, border nearest, for which both give the same",
                engines={
                    "hotkernels": lambda p=pixels, r=result, k=size: hk.median_filter(p, k, mode="nearest", out=r, threads=1),
                    "cv2.medianBlur": lambda p=pixels, r=result, k=size: opencv.medianBlur(p, k, dst=r),
                },
            )
        for size in (3, 5):
            # Memory that the system first has to find, page by page, takes both as long.
            yield Work(
                name=f"median {size} × {size}, {side} × {side} uint8, to a new array",
                unit="pixels",
                amount=pixels.size,
                peer="cv2.medianBlur",
                note="one thread each; noise, border nearest",
                engines={
                    "hotkernels": lambda p=pixels, k=size: hk.median_filter(p, k, mode="nearest", threads=1),
                    "cv2.medianBlur": lambda p=pixels, k=size: opencv.medianBlur(p, k),
                },
            )
    for dtype in (np.uint8, np.uint16, np.float32, np.float64):
        for size in (9, 25, 101):
            # SciPy takes microseconds a pixel: a piece of an image for it, and for us what fills the lanes.
            pixels = numbers.integers(0, 65536, (256, 512)).astype(dtype)
            part = pixels[: 16 if size < 100 else 2, :256]
            engines: dict[str, Callable[[], object]] = {
                "hotkernels": lambda p=pixels, k=size: hk.median_filter(p, k, threads=1),
                "scipy.ndimage": lambda p=part, k=size: scipy.median_filter(p, k),
            }
            yield Work(
                name=f"median {size} × {size}, {np.dtype(dtype).name}",
                unit="pixels",
                amount=pixels.size,
                amounts={"scipy.ndimage": part.size},
                peer="scipy.ndimage",
                note="one thread each; noise; SciPy on a part of the image, told for the whole",
                engines=engines,
            )
