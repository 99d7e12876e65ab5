//! Filters of images: the median.
//!
//! Every kernel works on keys, unsigned integers in the order of the pixels ([`Pixel`]): of the image, and of what lies beyond
//! its border ([`Mode`]). Of memory that other threads write, a key that says where to look is read once; keys that are only
//! compared may be read again. Which kernel it is depends on the window alone:
//!
//! | window | kernel |
//! | --- | --- |
//! | 3 by 3, 5 by 5 | `square`: sorted columns in SIMD lanes, and what is left among them (`three`, `five`) |
//! | small | `bands`: networks of minima and maxima in SIMD lanes, tile by tile (`tiling`, `network`, `program`) |
//! | large | `patches`: histograms of 256 bins that move over the image, of values or of ranks (`histogram`, `ordinal`) |
//! | several times the image | `weights`: each pixel counts as often as the window comes upon it |

mod bands;
mod border;
mod compiled;
mod five;
mod histogram;
mod network;
mod ordinal;
mod patches;
mod pixel;
mod program;
#[cfg(any(test, feature = "specification"))]
pub(crate) mod specification;
mod square;
mod three;
mod tiling;
mod view;
mod weights;

#[cfg(test)]
mod tests;

pub use border::Mode;
pub use compiled::Compiled;
pub use pixel::Pixel;
pub use view::Shape;

use crate::arch::Word;
use crate::memory::{Source, Target};
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// The largest window, in pixels, that networks are faster for than histograms: of bytes, which are their own bins, and of what
/// has more values.
const LARGE_OF_BYTES: usize = 12 * 12;
const LARGE: usize = 41 * 41;

/// How many times the pixels of an image a window has that is not laid out any more.
const IMAGES: usize = 4;

/// The median of the window around each pixel: of its values in order the one at half their number, rounded down.
///
/// A window begins half its length before its pixel, rounded down, along each axis. With the mode comes what
/// stands beyond the border in [`Mode::Constant`]. -0.0 comes before 0.0, and NaN after all numbers. `source` has the images one after the other, and
/// `out` their rows. The result depends neither on the level nor on the team. Each thread needs up to some 35
/// bytes a pixel of four windows, and a few megabytes more; none of it grows with an image that is larger than the window.
///
/// # Errors
///
/// `Interrupted` if the team was told to stop; the result is then incomplete.
///
/// # Panics
///
/// A side of the window is 0 or longer than 2^31; or `source` or `out` is of another size than `shape`.
pub fn median_filter<T: Compiled>(
    level: Level,
    source: Source<'_, T>,
    shape: Shape,
    window: [usize; 2],
    (mode, outside): (Mode, T),
    out: &Target<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    assert!(window.iter().all(|length| (1..=1 << 31).contains(length)));
    assert_eq!(Some(source.len()), shape.pixels());
    assert_eq!(
        (out.rows(), out.cols()),
        (shape.images * shape.height, shape.width)
    );
    if source.is_empty() {
        return Ok(());
    }
    let filter = view::Filter {
        source,
        shape,
        window,
        mode,
        outside: outside.key(),
        out,
    };
    T::median_filter(level, &filter, team)
}

/// Rows or columns of a tile, for a window that has so many.
fn tile(window: usize) -> usize {
    match window {
        1 => 1,
        2 | 3 => 2,
        4..8 => 4,
        _ => 8,
    }
}

fn median<T: Pixel>(
    level: Level,
    filter: &view::Filter<'_, T>,
    team: &Team<'_>,
) -> Result<(), Interrupted> {
    let area = filter.window[0].saturating_mul(filter.window[1]);
    let large = if T::Key::BITS == 8 {
        LARGE_OF_BYTES
    } else {
        LARGE
    };
    // A thread costs as much as some ten thousand pixels of a small window do.
    let work = filter.shape.images * filter.shape.height * filter.shape.width;
    let team = &team.at_most(1 + work.saturating_mul(1 + area.isqrt().min(LARGE)) / (1 << 18));
    if filter.window == [3, 3] {
        square::filter::<T, three::Three, 3>(level, filter, team)
    } else if filter.window == [5, 5] {
        square::filter::<T, five::Five, 5>(level, filter, team)
    } else if area <= large {
        bands::filter(level, filter, filter.window.map(tile), team)
    } else if area / IMAGES > filter.shape.height * filter.shape.width {
        weights::filter(level, filter, team)
    } else {
        patches::filter(level, filter, team)
    }
}
