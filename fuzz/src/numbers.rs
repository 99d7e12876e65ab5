//! Numbers for the inputs: a few of any kind, and from these, by a seed, as many as a kernel's blocks want.

use arbitrary::{Result, Unstructured};

const SPECIAL: [f64; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MIN_POSITIVE,
    -f64::MIN_POSITIVE,
    5e-324,
    -5e-324,
    f64::MAX,
    f64::MIN,
    f64::EPSILON,
    f32::MAX as f64,
    f32::MIN_POSITIVE as f64,
    1e-45,
    -1e-45,
    1e300,
    -1e-300,
    9_007_199_254_740_993.0,
    0.1,
    1e19,
    -128.0,
];

/// Which numbers an input has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Small ones: nothing overflows.
    Tame,
    /// All that are finite.
    Finite,
    /// All.
    Any,
}

impl Kind {
    pub fn of(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(*u.choose(&[Self::Tame, Self::Tame, Self::Finite, Self::Any])?)
    }
}

/// One number.
pub fn number(u: &mut Unstructured<'_>, kind: Kind) -> Result<f64> {
    let found = match u.int_in_range(0..=3_u8)? {
        0 => f64::from(u.arbitrary::<i8>()?),
        1 => f64::from(u.arbitrary::<i16>()?) / 4096.0,
        2 => *u.choose(&SPECIAL)?,
        _ => f64::from_bits(u.arbitrary()?),
    };
    Ok(match kind {
        Kind::Any => found,
        Kind::Finite if found.is_finite() => found,
        Kind::Tame if found == 0.0 || (1e-5..1e5).contains(&found.abs()) => found,
        // Its mantissa, and a size that is right.
        Kind::Tame => f64::from_bits(found.to_bits() & 0x800f_ffff_ffff_ffff | 1020 << 52),
        Kind::Finite => f64::from_bits(found.to_bits() & 0xbfff_ffff_ffff_ffff),
    })
}

/// splitmix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Mix(pub u64);

impl Mix {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end.max(1) as u64) as usize
    }
}

/// `len` numbers: up to 32 of the input's own, then those again and, where the seed says so, others between them.
pub fn numbers(u: &mut Unstructured<'_>, len: usize, kind: Kind) -> Result<Vec<f64>> {
    let own = u.int_in_range(1..=32_usize)?.min(len.max(1));
    let pool: Vec<f64> = (0..own).map(|_| number(u, kind)).collect::<Result<_>>()?;
    let noise: bool = u.arbitrary()?;
    let mut mix = Mix(u.arbitrary::<u32>()?.into());
    let mut all = pool.clone();
    all.truncate(len);
    while all.len() < len {
        let from = pool[mix.below(own)];
        all.push(if noise && mix.below(4) > 0 {
            mix.draw() as f64 / 2_f64.powi(63) - 1.0
        } else {
            from
        });
    }
    Ok(all)
}

/// A length: mostly short, sometimes about the edge of a block, up to `most`.
pub fn length(u: &mut Unstructured<'_>, most: usize) -> Result<usize> {
    let found = match u.int_in_range(0..=5_u8)? {
        0 | 1 => u.int_in_range(0..=20_usize)?,
        2 => u.int_in_range(0..=140_usize)?,
        3 => ((1_usize << u.int_in_range(0..=13_u32)?) + u.int_in_range(0..=4_usize)?)
            .saturating_sub(2),
        _ => u.int_in_range(0..=most)?,
    };
    Ok(found.min(most))
}
