//! What the bindings make of a buffer's or a tensor's numbers before anything is read by them: their own sources, compiled here,
//! against plain arithmetic of 128 bits. What is let through lies where it says, within memory.

use std::ffi::CString;

use arbitrary::{Result, Unstructured};

#[path = "../../src/bindings/src/dtype.rs"]
#[allow(dead_code)]
mod dtype;
#[path = "../../src/bindings/src/array/layout.rs"]
#[allow(dead_code)]
mod import;

use dtype::Dtype;
use import::{Layout, MAX_DIMS};

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    formats(u)?;
    tensor_types(u)?;
    let dims = u.int_in_range(0..=MAX_DIMS)?;
    let item_size = *u.choose(&[1, 2, 4, 8, 8, 16, 3])?;
    let sound: bool = u.ratio(2, 3)?;
    let mut shape = Vec::new();
    let mut strides = Vec::new();
    let mut contiguous = item_size as i64;
    for _ in 0..dims {
        shape.push(match u.int_in_range(0..=9_u8)? {
            0 => 0,
            1 if !sound => odd(u)?,
            _ => u.int_in_range(0..=6_i64)?,
        });
    }
    for length in shape.iter().rev() {
        strides.push(match u.int_in_range(0..=7_u8)? {
            0..=3 => contiguous,
            4 => contiguous.wrapping_neg(),
            5 if !sound => odd(u)?,
            6 => item_size as i64 * i64::from(u.arbitrary::<i8>()?),
            _ => i64::from(u.arbitrary::<i8>()?),
        });
        contiguous = contiguous.wrapping_mul((*length).max(1));
    }
    strides.reverse();
    let start = match u.int_in_range(0..=3_u8)? {
        0 => u.arbitrary::<u64>()?,
        _ => (1 << 40) + u64::from(u.arbitrary::<u16>()?),
    };
    let given_strides = u.ratio(4, 5)?.then_some(strides.as_slice());
    buffer(u, start, &shape, given_strides, item_size)?;
    let offset = if u.arbitrary()? {
        // Of any size.
        let wide: u64 = u.arbitrary()?;
        wide >> (wide % 64)
    } else {
        8
    };
    tensor((start, offset), &shape, given_strides, item_size);
    Ok(())
}

fn odd(u: &mut Unstructured<'_>) -> Result<i64> {
    let known = [
        -1,
        -3,
        i64::MIN,
        i64::MAX,
        1 << 62,
        1 << 61,
        1 << 32,
        (1 << 62) + 1,
        -(1 << 62),
    ];
    if u.arbitrary()? {
        Ok(*u.choose(&known)?)
    } else {
        u.arbitrary()
    }
}

/// An element type has the size that its name says, or it is none.
fn formats(u: &mut Unstructured<'_>) -> Result<()> {
    let letters = b"efdbhilqnBHILQN?cspPxwugZ@=<>!0129: ,T{}(&\xFF";
    let mut format = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        format.push(if u.ratio(1, 12)? {
            u.int_in_range(1..=255_u8)?
        } else {
            *u.choose(letters)?
        });
    }
    let item_size = match u.int_in_range(0..=3_u8)? {
        0 => u.arbitrary::<u64>()? as usize,
        _ => *u.choose(&[1, 2, 4, 8])?,
    };
    let text = CString::new(format.clone()).expect("no zero");
    let found = Dtype::of_buffer(&text, item_size);
    assert!(!found.name().is_empty());
    let Some(size) = found.size() else {
        return Ok(());
    };
    assert_eq!(size, item_size, "{format:?} is {found:?}");
    let (order, letter) = match format[..] {
        [letter] => (b'@', letter),
        [order, letter] => (order, letter),
        _ => panic!("{format:?} is {found:?}"),
    };
    let native = if cfg!(target_endian = "little") {
        b'<'
    } else {
        b'>'
    };
    assert!(
        b"@=".contains(&order) || order == native || size == 1,
        "{format:?} is {found:?}"
    );
    let expected: &[u8] = match found {
        Dtype::Float16 => b"e",
        Dtype::Float32 => b"f",
        Dtype::Float64 => b"d",
        Dtype::Bool => b"?",
        Dtype::Int(_) => b"bhilqn",
        Dtype::UInt(_) => b"BHILQN",
        Dtype::Bfloat16 | Dtype::Other(_) => b"",
    };
    assert!(expected.contains(&letter), "{format:?} is {found:?}");
    Ok(())
}

fn tensor_types(u: &mut Unstructured<'_>) -> Result<()> {
    let code = u.int_in_range(0..=20)?;
    let bits = if u.arbitrary()? {
        *u.choose(&[8, 16, 32, 64, 128])?
    } else {
        u.arbitrary()?
    };
    let lanes = if u.arbitrary()? { 1 } else { u.arbitrary()? };
    let found = Dtype::of_tensor(code, bits, lanes);
    assert!(!found.name().is_empty());
    if let Some(size) = found.size() {
        assert_eq!((8 * size, lanes), (bits.into(), 1), "{code} is {found:?}");
        let expected = match found {
            Dtype::Int(_) => 0,
            Dtype::UInt(_) => 1,
            Dtype::Bfloat16 => 4,
            Dtype::Bool => 6,
            _ => 2,
        };
        assert_eq!(code, expected, "{found:?}");
    }
    Ok(())
}

/// What no machine has more of.
const MEMORY: i128 = 1 << 56;

/// Bytes of all elements; `None` where that is more than memory, or overflows on the way to a length of 0.
fn bytes(shape: &[i64], item_size: usize) -> Option<i128> {
    let mut total = item_size as i128;
    for length in shape {
        total *= i128::from(*length);
        // What is multiplied is of 64 bits.
        if total > i128::from(u64::MAX) {
            return None;
        }
    }
    (total <= MEMORY).then_some(total)
}

fn buffer(
    u: &mut Unstructured<'_>,
    start: u64,
    shape: &[i64],
    strides: Option<&[i64]>,
    item_size: usize,
) -> Result<()> {
    let negative = shape.iter().any(|length| *length < 0);
    let right = if negative {
        None
    } else {
        bytes(shape, item_size)
    };
    let len = match right {
        Some(right) if u.ratio(7, 8)? => right as usize,
        _ => u.arbitrary::<u64>()? as usize,
    };
    let isizes = |numbers: &[i64]| {
        numbers
            .iter()
            .map(|&number| number as isize)
            .collect::<Vec<_>>()
    };
    let (lengths, steps) = (isizes(shape), strides.map(isizes));
    let place = std::ptr::without_provenance(start as usize);
    let found = Layout::of_buffer(place, &lengths, steps.as_deref(), [item_size, len]);
    let sound = right.is_some_and(|right| right == len as i128);
    assert_eq!(
        found.is_ok(),
        sound,
        "{shape:?} of {item_size}, {len} bytes: {found:?}"
    );
    if let Ok(layout) = found {
        check(&layout, shape, strides, (start, item_size));
    }
    Ok(())
}

fn tensor((data, offset): (u64, u64), shape: &[i64], strides: Option<&[i64]>, item_size: usize) {
    let place = std::ptr::without_provenance(data as usize);
    let found = Layout::of_tensor((place, offset), shape, strides, item_size);
    let steps: Option<Vec<i64>> = strides.map_or(Some(Vec::new()), |strides| {
        let step = |stride: &i64| stride.checked_mul(item_size as i64);
        strides.iter().map(step).collect()
    });
    let there = i128::from(offset) <= MEMORY && data.checked_add(offset).is_some();
    let there = there || data == 0;
    let sound = there && shape.iter().all(|length| *length >= 0) && steps.is_some();
    assert_eq!(
        found.is_ok(),
        sound,
        "{shape:?} {strides:?} {data:x} {offset:x}: {found:?}"
    );
    if let (Ok(layout), Some(steps)) = (found, steps) {
        let start = if data == 0 { 0 } else { data + offset };
        check(&layout, shape, strides.map(|_| &*steps), (start, item_size));
    }
}

/// What is let through, against its elements one by one.
fn check(layout: &Layout, shape: &[i64], strides: Option<&[i64]>, (start, size): (u64, usize)) {
    let lengths: Vec<usize> = shape.iter().map(|&length| length as usize).collect();
    assert_eq!(layout.shape(), lengths);
    assert_eq!(layout.is_empty(), shape.contains(&0));
    let total = bytes(shape, size);
    assert_eq!(layout.bytes(size).map(|bytes| bytes as i128), total);
    let found = layout.check(size);
    let Some(total) = total else {
        assert!(found.is_err(), "{layout:?}");
        return;
    };
    if total == 0 {
        assert_eq!(found, Ok(()));
        assert_eq!(layout.extent(size), None);
        return;
    }
    // Strides of C order, where there are none.
    let mut wide: Vec<i128> = Vec::new();
    let mut contiguous = size as i128;
    for length in shape.iter().rev() {
        wide.push(contiguous);
        contiguous *= i128::from(*length);
    }
    wide.reverse();
    if let Some(strides) = strides {
        wide = strides.iter().map(|&stride| stride.into()).collect();
    }
    let spans: Vec<i128> = wide
        .iter()
        .zip(shape)
        .map(|(stride, length)| stride * (i128::from(*length) - 1))
        .collect();
    let low: i128 = spans.iter().map(|span| span.min(&0)).sum();
    let high: i128 = spans.iter().map(|span| span.max(&0)).sum::<i128>() + size as i128;
    let (first, end) = (i128::from(start) + low, i128::from(start) + high);
    let sound = first >= 0 && end <= i128::from(u64::MAX) && high - low <= MEMORY;
    assert_eq!(found.is_ok(), sound, "{layout:?} of {size}: {found:?}");
    if !sound {
        return;
    }
    let extent = layout.extent(size).expect("elements");
    assert_eq!((extent.start as i128, extent.end as i128), (first, end));
    let count = total as usize / size;
    if count > 4096 {
        return;
    }
    let places = places(&wide, &lengths);
    assert_eq!(places.len(), count);
    let in_order = places
        .iter()
        .enumerate()
        .all(|(index, place)| *place == (index * size) as i128);
    assert_eq!(layout.is_contiguous_from(0, size), in_order, "{layout:?}");
    if lengths.len() == 2 {
        let (rows, columns) = (lengths[0], lengths[1]);
        let apart = if rows > 1 {
            wide[0]
        } else {
            (size * columns) as i128
        };
        let inside = columns < 2 || wide[1] == size as i128;
        let expected = inside && apart % size as i128 == 0;
        let found = layout.row_stride(size);
        assert_eq!(found.is_some(), expected, "{layout:?} of {size}");
        if let Some(stride) = found {
            for (index, place) in places.iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                let element = row as i128 * stride as i128 + column as i128;
                assert_eq!(*place, element * size as i128);
            }
        }
    }
}

/// How far each element is from the first, in C order.
fn places(strides: &[i128], shape: &[usize]) -> Vec<i128> {
    let mut places = vec![0_i128];
    for (stride, length) in strides.iter().zip(shape) {
        let with = |place: &i128| {
            let place = *place;
            (0..*length).map(move |index| place + stride * index as i128)
        };
        places = places.iter().flat_map(with).collect();
    }
    places
}
