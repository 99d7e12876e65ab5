//! Element types, as buffers (struct format strings, PEP 3118) and DLPack tensors name them.

use std::borrow::Cow;
use std::ffi::CStr;

/// An element type, by NumPy's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    Float16,
    /// By DLPack's name; a buffer cannot say it, and has the bits as `UInt(2)`.
    Bfloat16,
    Float32,
    Float64,
    /// A signed integer of this many bytes: 1, 2, 4 or 8.
    Int(u8),
    /// An unsigned integer of this many bytes: 1, 2, 4 or 8.
    UInt(u8),
    Bool,
    /// Anything else, as its exporter spells it.
    Other(String),
}

impl Dtype {
    /// The type of a buffer's items. Byte orders other than the machine's, structures and unknown letters are `Other`.
    pub(crate) fn of_buffer(format: &CStr, item_size: usize) -> Self {
        let (order, letters) = match format.to_bytes() {
            [order @ (b'@' | b'=' | b'<' | b'>' | b'!'), letters @ ..] => (*order, letters),
            letters => (b'@', letters),
        };
        let native = match order {
            b'<' => cfg!(target_endian = "little"),
            b'>' | b'!' => cfg!(target_endian = "big"),
            _ => true,
        };
        // A single byte has no order.
        let known = match (letters, item_size) {
            ([b'e'], 2) => Some(Self::Float16),
            ([b'f'], 4) => Some(Self::Float32),
            ([b'd'], 8) => Some(Self::Float64),
            ([b'?'], 1) => Some(Self::Bool),
            ([b'b' | b'h' | b'i' | b'l' | b'q' | b'n'], 1 | 2 | 4 | 8) => {
                Some(Self::Int(item_size as u8))
            }
            ([b'B' | b'H' | b'I' | b'L' | b'Q' | b'N'], 1 | 2 | 4 | 8) => {
                Some(Self::UInt(item_size as u8))
            }
            _ => None,
        };
        match known {
            Some(dtype) if native || item_size == 1 => dtype,
            Some(dtype) => {
                let order = if cfg!(target_endian = "little") {
                    "big"
                } else {
                    "little"
                };
                Self::Other(format!("{}-endian {}", order, dtype.name()))
            }
            None => Self::Other(match letters {
                b"O" => "object".to_owned(),
                b"g" => "longdouble".to_owned(),
                b"Zf" => "complex64".to_owned(),
                b"Zd" => "complex128".to_owned(),
                [width @ .., b'w'] if width.iter().all(u8::is_ascii_digit) => "str".to_owned(),
                [width @ .., b's'] if width.iter().all(u8::is_ascii_digit) => "bytes".to_owned(),
                _ => format!("format '{}'", format.to_string_lossy()),
            }),
        }
    }

    /// The type of a DLPack tensor's elements (dlpack.h, `DLDataType`).
    pub(crate) fn of_tensor(code: u8, bits: u8, lanes: u16) -> Self {
        match (code, bits, lanes) {
            (2, 16, 1) => Self::Float16,
            (4, 16, 1) => Self::Bfloat16,
            (2, 32, 1) => Self::Float32,
            (2, 64, 1) => Self::Float64,
            (0, 8 | 16 | 32 | 64, 1) => Self::Int(bits / 8),
            (1, 8 | 16 | 32 | 64, 1) => Self::UInt(bits / 8),
            (6, 8, 1) => Self::Bool,
            _ => Self::Other(format!(
                "DLPack type code {code}, {bits} bits, {lanes} lanes"
            )),
        }
    }

    /// The name in messages.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Float16 => "float16".into(),
            Self::Bfloat16 => "bfloat16".into(),
            Self::Float32 => "float32".into(),
            Self::Float64 => "float64".into(),
            Self::Bool => "bool".into(),
            Self::Int(bytes) => format!("int{}", u32::from(*bytes) * 8).into(),
            Self::UInt(bytes) => format!("uint{}", u32::from(*bytes) * 8).into(),
            Self::Other(name) => name.as_str().into(),
        }
    }

    /// Bytes of one element; `None` for what is not known.
    pub(crate) fn size(&self) -> Option<usize> {
        match self {
            Self::Float16 | Self::Bfloat16 => Some(2),
            Self::Float32 => Some(4),
            Self::Float64 => Some(8),
            Self::Bool => Some(1),
            Self::Int(bytes) | Self::UInt(bytes) => Some(usize::from(*bytes)),
            Self::Other(_) => None,
        }
    }
}
