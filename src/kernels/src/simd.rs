//! Which instruction sets this CPU has, and which one the kernels use.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::sync::OnceLock;

/// The environment variable that names the level to use.
pub const VARIABLE: &str = "HOTKERNELS_SIMD";

/// An instruction set that the kernels are compiled for, lowest first. Under miri, which knows few instructions beyond the
/// CPU's common ones, there is `Scalar` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// No SIMD: the specification, there on every CPU.
    Scalar,
    /// SSE2, which every x86-64 CPU has.
    Sse2,
    /// AVX2, FMA and F16C: x86-64 CPUs since 2013 (Intel) and 2015 (AMD).
    Avx2,
    /// AVX-512 F, BW, DQ and VL, with AVX2, FMA and F16C.
    Avx512,
    /// NEON, which every aarch64 CPU has.
    Neon,
}

impl Level {
    const ALL: [Self; 5] = [
        Self::Scalar,
        Self::Sse2,
        Self::Avx2,
        Self::Avx512,
        Self::Neon,
    ];

    /// The name that `HOTKERNELS_SIMD` takes: scalar, sse2, avx2, avx512 or neon.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// Whether this CPU and its operating system run this level's instructions. Costs one load.
    #[inline]
    #[must_use]
    pub fn is_available(self) -> bool {
        static AVAILABLE: OnceLock<[bool; Level::ALL.len()]> = OnceLock::new();
        AVAILABLE.get_or_init(|| Self::ALL.map(Self::is_detected))[self as usize]
    }

    #[cfg(all(target_arch = "x86_64", not(miri)))]
    fn is_detected(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        match self {
            Self::Scalar => true,
            Self::Sse2 => has!("sse2"),
            Self::Avx2 => has!("avx2") && has!("fma") && has!("f16c"),
            Self::Avx512 => {
                Self::Avx2.is_detected()
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512dq")
                    && has!("avx512vl")
            }
            Self::Neon => false,
        }
    }

    #[cfg(all(target_arch = "aarch64", not(miri)))]
    fn is_detected(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Self::Sse2 | Self::Avx2 | Self::Avx512 => false,
        }
    }

    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    fn is_detected(self) -> bool {
        self == Self::Scalar
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The instructions that sum products of bytes. Some levels have more than one set of them: a CPU has the level and may or
/// may not have instructions made for this, which are found at run time and used where they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ByteUnit {
    /// No SIMD.
    Scalar,
    /// SSE2: pairs of 16 bits.
    Sse2,
    /// AVX2: pairs of 16 bits.
    Avx2,
    /// AVX-VNNI, with AVX2: four bytes at a time.
    AvxVnni,
    /// AVX-512 BW: pairs of 16 bits.
    Avx512,
    /// AVX-512 VNNI: four bytes at a time.
    Avx512Vnni,
    /// NEON: pairs of 16 bits.
    Neon,
    /// NEON with the dot product instructions: four bytes at a time.
    NeonDot,
}

impl ByteUnit {
    const ALL: [Self; 8] = [
        Self::Scalar,
        Self::Sse2,
        Self::Avx2,
        Self::AvxVnni,
        Self::Avx512,
        Self::Avx512Vnni,
        Self::Neon,
        Self::NeonDot,
    ];

    /// The best one that this CPU has at a level.
    #[must_use]
    pub fn of(level: Level) -> Self {
        Self::ALL
            .into_iter()
            .rfind(|unit| unit.level() == level && unit.is_available())
            .unwrap_or(Self::Scalar)
    }

    /// Every one that this CPU has.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|unit| unit.is_available())
            .collect()
    }

    /// The level that it belongs to.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Scalar => Level::Scalar,
            Self::Sse2 => Level::Sse2,
            Self::Avx2 | Self::AvxVnni => Level::Avx2,
            Self::Avx512 | Self::Avx512Vnni => Level::Avx512,
            Self::Neon | Self::NeonDot => Level::Neon,
        }
    }

    /// Its name: that of the level, or of the instructions made for bytes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AvxVnni => "avx_vnni",
            Self::Avx512Vnni => "avx512_vnni",
            Self::NeonDot => "neon_dotprod",
            other => other.level().name(),
        }
    }

    /// Whether this CPU has it. Costs a few loads.
    #[inline]
    #[must_use]
    pub fn is_available(self) -> bool {
        self.level().is_available() && self.is_detected()
    }

    /// Whether the CPU has what the unit needs beyond its level; `std` remembers.
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    fn is_detected(self) -> bool {
        match self {
            Self::AvxVnni => std::arch::is_x86_feature_detected!("avxvnni"),
            Self::Avx512Vnni => std::arch::is_x86_feature_detected!("avx512vnni"),
            _ => true,
        }
    }

    #[cfg(all(target_arch = "aarch64", not(miri)))]
    fn is_detected(self) -> bool {
        self != Self::NeonDot || std::arch::is_aarch64_feature_detected!("dotprod")
    }

    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    fn is_detected(self) -> bool {
        true
    }
}

/// The highest level that this CPU has.
#[must_use]
pub fn detected() -> Level {
    available().last().copied().unwrap_or(Level::Scalar)
}

/// Every level that this CPU has, lowest first.
#[must_use]
pub fn available() -> Vec<Level> {
    Level::ALL
        .into_iter()
        .filter(|level| level.is_available())
        .collect()
}

/// The level to use: the one that `HOTKERNELS_SIMD` names, or the highest there is where that is not set.
///
/// The environment is read by the first call alone: reading it while another thread of the process writes it is not safe
/// on every system.
///
/// # Errors
///
/// The variable's value is no name of a level that this CPU has.
pub fn level() -> Result<Level, &'static LevelError> {
    static LEVEL: OnceLock<Result<Level, LevelError>> = OnceLock::new();
    LEVEL
        .get_or_init(|| match env::var_os(VARIABLE) {
            None => Ok(detected()),
            Some(value) => named(value),
        })
        .as_ref()
        .copied()
}

/// The level of that name.
fn named(value: OsString) -> Result<Level, LevelError> {
    available()
        .into_iter()
        .find(|level| value == level.name())
        .ok_or(LevelError { found: value })
}

/// `HOTKERNELS_SIMD` names no level that this CPU has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    found: OsString,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken: Vec<_> = available().into_iter().map(Level::name).collect();
        let why = if Level::ALL.iter().any(|level| self.found == level.name()) {
            " (a level that this CPU does not have)"
        } else {
            ""
        };
        let (taken, found) = (taken.join(", "), self.found.to_string_lossy());
        write!(
            f,
            "{VARIABLE}: one of {taken} is taken on this CPU, got {found:?}{why}"
        )
    }
}

impl std::error::Error for LevelError {}

#[cfg(test)]
mod tests {
    use super::{ByteUnit, Level, available, detected, named};

    #[test]
    fn a_level_has_a_unit_for_bytes_of_its_own() {
        for level in available() {
            let unit = ByteUnit::of(level);
            assert_eq!(unit.level(), level);
            assert!(unit.is_available() && unit.name().starts_with(&level.name()[..3]));
        }
        let units = ByteUnit::available();
        assert!(units.contains(&ByteUnit::of(detected())) && units[0] == ByteUnit::Scalar);
    }

    #[test]
    fn scalar_is_always_there_and_the_best_is_last() {
        let levels = available();
        assert_eq!(levels[0], Level::Scalar);
        assert_eq!(levels.last(), Some(&detected()));
        assert!(levels.is_sorted());
        assert!(levels.iter().all(|level| level.is_available()));
    }

    #[test]
    fn every_level_is_named_by_its_name() {
        for level in available() {
            assert_eq!(named(level.name().into()), Ok(level));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_what_came_and_what_is_taken() {
        let message = named("AVX9".into()).unwrap_err().to_string();
        let levels: Vec<_> = available().into_iter().map(Level::name).collect();
        assert!(message.starts_with(&format!("HOTKERNELS_SIMD: one of {} is", levels.join(", "))));
        assert!(message.ends_with("is taken on this CPU, got \"AVX9\""));
        assert!(named("".into()).is_err());
    }

    #[test]
    fn a_level_of_another_cpu_is_refused_as_such() {
        let missing = Level::ALL.into_iter().find(|level| !level.is_available());
        let missing = missing.expect("no CPU has both AVX2 and NEON");
        let message = named(missing.name().into()).unwrap_err().to_string();
        assert!(message.ends_with("(a level that this CPU does not have)"));
    }
}
