//! What lies beyond the border of an image.

/// How an image goes on beyond its border, by SciPy's names; as `a b c d` goes on to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `d c b a a b …`: mirrored between the pixels.
    Reflect,
    /// A value that is given.
    Constant,
    /// `d d d d`: the last pixel.
    Nearest,
    /// `c b a b …`: mirrored in the last pixel.
    Mirror,
    /// `a b c d a …`: from the other side.
    Wrap,
}

impl Mode {
    /// The pixel of a line of `len` that stands for the one at `index`; `None` for the value that is given.
    pub(super) fn source(self, index: i64, len: usize) -> Option<usize> {
        let last = len as i64 - 1;
        if (0..=last).contains(&index) {
            return Some(index as usize);
        }
        let there = match self {
            Self::Constant => return None,
            Self::Nearest => index.clamp(0, last),
            Self::Wrap => index.rem_euclid(last + 1),
            Self::Reflect => {
                let place = index.rem_euclid(2 * (last + 1));
                place.min(2 * last + 1 - place)
            }
            Self::Mirror if last == 0 => 0,
            Self::Mirror => {
                let place = index.rem_euclid(2 * last);
                place.min(2 * last - place)
            }
        };
        Some(there as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn the_modes_go_on_as_their_names_say() {
        let line = b"abcd";
        let around = |mode: Mode| -> String {
            (-10..14)
                .map(|index| match mode.source(index, line.len()) {
                    Some(place) => char::from(line[place]),
                    None => '.',
                })
                .collect()
        };
        assert_eq!(around(Mode::Reflect), "baabcddcbaabcddcbaabcddc");
        assert_eq!(around(Mode::Constant), "..........abcd..........");
        assert_eq!(around(Mode::Nearest), "aaaaaaaaaaabcddddddddddd");
        assert_eq!(around(Mode::Mirror), "cdcbabcdcbabcdcbabcdcbab");
        assert_eq!(around(Mode::Wrap), "cdabcdabcdabcdabcdabcdab");
    }

    #[test]
    fn a_single_pixel_is_all_there_is() {
        for mode in [Mode::Reflect, Mode::Nearest, Mode::Mirror, Mode::Wrap] {
            assert!((-5..5).all(|index| mode.source(index, 1) == Some(0)));
        }
    }
}
