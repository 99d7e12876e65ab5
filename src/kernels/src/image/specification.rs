//! What the median filter is, said plainly: every window is sorted.

use super::{Mode, Pixel, Shape};

/// The values of each window, sorted, and the one in the middle. A NaN comes out without sign and payload.
#[must_use]
pub fn median<T: Pixel>(
    pixels: &[T],
    shape: Shape,
    window: [usize; 2],
    mode: Mode,
    outside: T,
) -> Vec<T> {
    let Shape { height, width, .. } = shape;
    let mut medians = Vec::new();
    for image in pixels.chunks_exact((height * width).max(1)) {
        for row in 0..height {
            for column in 0..width {
                let place = |at: usize, offset: usize, length: usize, size: usize| {
                    mode.source((at + offset) as i64 - (length / 2) as i64, size)
                };
                let mut keys = Vec::new();
                for down in 0..window[0] {
                    for right in 0..window[1] {
                        let line = place(row, down, window[0], height);
                        let pixel = line
                            .zip(place(column, right, window[1], width))
                            .map_or(outside, |(row, column)| image[row * width + column]);
                        keys.push(pixel.key());
                    }
                }
                keys.sort_unstable();
                medians.push(T::from_key(keys[keys.len() / 2]));
            }
        }
    }
    medians
}
