//! The kernels of this family, compiled here for each type; see `vector/compiled.rs`.

use super::pixel::Pixel;
use super::view::Filter;
use crate::simd::Level;
use crate::threads::{Interrupted, Team};

/// What the public function of this family calls.
pub trait Compiled: Pixel {
    /// See [`median_filter`](super::median_filter).
    ///
    /// # Errors
    ///
    /// As there.
    #[doc(hidden)]
    fn median_filter(
        level: Level,
        filter: &Filter<'_, Self>,
        team: &Team<'_>,
    ) -> Result<(), Interrupted>;
}

macro_rules! compiled {
    ($($pixel:ty),*) => {$(
        impl Compiled for $pixel {
            fn median_filter(
                level: Level,
                filter: &Filter<'_, Self>,
                team: &Team<'_>,
            ) -> Result<(), Interrupted> {
                super::median(level, filter, team)
            }
        }
    )*};
}
compiled!(u8, u16, f32, f64);
