"""examples/denoise.py: the noise goes, the edges stay, the picture shows it."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import hotkernels as hk
import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).with_name("denoise.py")


@pytest.fixture(scope="module")
def example() -> SimpleNamespace:
    return SimpleNamespace(**runpy.run_path(str(EXAMPLE)))


def test_the_noise_goes_and_the_edges_stay(example) -> None:
    clean = example.scene(3)
    before = example.noisy(clean, 0.2)
    after = hk.median_filter(before, 5)
    assert example.psnr(clean, before) < 15 < 25 < example.psnr(clean, after)
    mean = np.mean([np.roll(before[0], (y, x), (0, 1)) for y in range(-2, 3) for x in range(-2, 3)], axis=0)
    edge = np.abs(np.diff(clean[0].astype(float), axis=1)) > 60
    kept = [np.mean(np.abs(np.diff(image.astype(float), axis=1))[edge] > 60) for image in (after[0], mean)]
    assert kept[0] > 0.7
    assert kept[1] < 0.2


def test_a_stack_is_filtered_image_by_image(example) -> None:
    before = example.noisy(example.scene(3), 0.1)
    np.testing.assert_array_equal(hk.median_filter(before, 3)[1], hk.median_filter(before[1], 3))


def test_the_picture_has_both(example, tmp_path, capsys) -> None:
    picture = tmp_path / "denoise.png"
    assert example.main(["--frames", "1", "--picture", str(picture)]) == 0
    with Image.open(picture) as image:
        pixels = np.asarray(image)
    assert pixels.shape == (example.SIZE, 2 * example.SIZE + 8)
    np.testing.assert_array_equal(pixels[:, : example.SIZE], example.noisy(example.scene(1), 0.2)[0])
    assert "dB after" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["denoise.png"]


def test_the_same_images_are_infinitely_alike(example) -> None:
    assert example.psnr(np.zeros(4), np.zeros(4)) == float("inf")
