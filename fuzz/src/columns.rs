//! Columns of strings by Arrow's C data interface, made sound and then spoilt: what is read is what a plain reading of the same
//! buffers gives, or a fault where that finds one; each structure is released once. And arrays of UCS-4 as NumPy has them.
//!
//! Offsets of 32 and 64 bits point into data whose size no producer tells, so they are spoilt only where that is in the data.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::text::batch::arrow::{self, Array, Fault, Schema, Type};
use hotkernels_kernels::text::batch::{Reader, Strings, Ucs4, Ucs4Error};
use hotkernels_kernels::text::{Text, Unit, Units};

use crate::on;
use crate::strings::{Alphabet, length};

/// `struct ArrowSchema`, as a producer fills it in.
#[repr(C)]
struct GivenSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut c_void,
    dictionary: *mut GivenSchema,
    release: Option<unsafe extern "C" fn(*mut GivenSchema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
struct GivenArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *const *const u8,
    children: *mut c_void,
    dictionary: *mut GivenArray,
    release: Option<unsafe extern "C" fn(*mut GivenArray)>,
    private_data: *mut c_void,
}

static RELEASED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn release_schema(_: *mut GivenSchema) {
    RELEASED.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C" fn release_array(_: *mut GivenArray) {
    RELEASED.fetch_add(1, Ordering::Relaxed);
}

/// A chunk: its numbers, and its buffers, each in memory that ends where it does; `None` is a null pointer.
#[derive(Clone, Debug)]
struct Chunk {
    format: &'static str,
    /// How many there are in the buffers.
    rows: i64,
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: Vec<Option<Box<[u8]>>>,
    no_buffers: bool,
    dictionary: Option<Box<Chunk>>,
}

type Rows = Vec<Option<String>>;

fn rows(u: &mut Unstructured<'_>, alphabet: &Alphabet, most: usize) -> Result<Rows> {
    (0..u.int_in_range(0..=most)?)
        .map(|_| {
            if u.ratio(1, 6)? {
                return Ok(None);
            }
            let len = length(u, 40)?;
            let points = alphabet.string(u, len)?;
            Ok(Some(
                points.into_iter().filter_map(char::from_u32).collect(),
            ))
        })
        .collect()
}

fn bitmap(rows: &Rows) -> Box<[u8]> {
    let mut bits = vec![0_u8; rows.len().div_ceil(8)];
    for (row, text) in rows.iter().enumerate() {
        bits[row / 8] |= u8::from(text.is_some()) << (row % 8);
    }
    bits.into()
}

/// The rows in a layout, those before `offset` not part of the chunk.
fn made(format: &'static str, rows: &Rows, offset: usize) -> Chunk {
    let texts = || {
        rows.iter()
            .map(|row| row.as_deref().unwrap_or("").as_bytes())
    };
    let mut data = Vec::new();
    let mut ends = vec![0_usize];
    for text in texts() {
        data.extend_from_slice(text);
        ends.push(data.len());
    }
    let mut buffers = vec![Some(bitmap(rows))];
    match format {
        "n" => buffers.clear(),
        "u" => {
            let offsets = ends
                .iter()
                .flat_map(|&end| (end as i32).to_ne_bytes())
                .collect();
            buffers.extend([Some(offsets), Some(data.into())]);
        }
        "U" => {
            let offsets = ends
                .iter()
                .flat_map(|&end| (end as i64).to_ne_bytes())
                .collect();
            buffers.extend([Some(offsets), Some(data.into())]);
        }
        _ => {
            let mut views = Vec::new();
            let mut parts = [b"#".to_vec(), Vec::new()];
            for (row, text) in texts().enumerate() {
                views.extend((text.len() as i32).to_ne_bytes());
                if text.len() <= 12 {
                    views.extend(text);
                    views.resize((row + 1) * 16, 0);
                } else {
                    views.extend(&text[..4]);
                    views.extend(((row % 2) as i32).to_ne_bytes());
                    views.extend((parts[row % 2].len() as i32).to_ne_bytes());
                    parts[row % 2].extend(text);
                }
            }
            let sizes = parts
                .iter()
                .flat_map(|part| (part.len() as i64).to_ne_bytes())
                .collect();
            let [first, second] = parts;
            buffers.extend([
                Some(views.into()),
                Some(first.into()),
                Some(second.into()),
                Some(sizes),
            ]);
        }
    }
    Chunk {
        format,
        rows: rows.len() as i64,
        length: (rows.len() - offset) as i64,
        null_count: -1,
        offset: offset as i64,
        n_buffers: buffers.len() as i64,
        n_children: 0,
        buffers,
        no_buffers: false,
        dictionary: None,
    }
}

/// Indices of a dictionary, some of them wrong.
fn indexed(u: &mut Unstructured<'_>, values: Chunk, len: usize, offset: usize) -> Result<Chunk> {
    let count = i64::max(values.length, 1);
    let (format, width) = *u.choose(&[
        ("c", 1),
        ("C", 1),
        ("s", 2),
        ("S", 2),
        ("i", 4),
        ("I", 4),
        ("l", 8),
        ("L", 8),
    ])?;
    let wrong = u.ratio(1, 4)?;
    let mut indices = Vec::new();
    let mut there = Vec::new();
    for _ in 0..len {
        let index = if wrong && u.ratio(1, 10)? {
            u.arbitrary::<i64>()?
        } else {
            u.arbitrary::<u8>()? as i64 % count
        };
        let bytes = index.to_le_bytes();
        let mut bytes = bytes[..width].to_vec();
        if cfg!(target_endian = "big") {
            bytes.reverse();
        }
        indices.extend(bytes);
        there.push(u.ratio(7, 8)?.then(String::new));
    }
    Ok(Chunk {
        format,
        rows: len as i64,
        length: (len - offset) as i64,
        null_count: -1,
        offset: offset as i64,
        n_buffers: 2,
        n_children: 0,
        buffers: vec![Some(bitmap(&there)), Some(indices.into())],
        no_buffers: false,
        dictionary: Some(Box::new(values)),
    })
}

/// Changes numbers, pointers, or bytes that say how long something is and are held to what they say it of.
fn spoil(u: &mut Unstructured<'_>, chunk: &mut Chunk) -> Result<()> {
    let odd = [
        -1,
        0,
        1,
        2,
        3,
        99,
        i64::MIN,
        i64::MAX,
        i64::MAX / 16,
        1 << 32,
        i64::from(u32::MAX) - 1,
    ];
    match u.int_in_range(0..=11_u8)? {
        0 => chunk.length = *u.choose(&odd)?,
        1 => chunk.offset = *u.choose(&odd)?,
        2 => chunk.null_count = *u.choose(&odd)?,
        3 => {
            // Of views with one buffer less, a buffer of strings would be that of the sizes.
            let fewer = fewer(*u.choose(&odd)?, chunk.buffers.len() as i64);
            chunk.n_buffers = if chunk.format == "vu" && fewer == 4 {
                3
            } else {
                fewer
            };
        }
        4 => chunk.n_children = *u.choose(&odd)?,
        5 => chunk.no_buffers = true,
        6 | 7 if !chunk.buffers.is_empty() => {
            let number = u.int_in_range(0..=chunk.buffers.len() - 1)?;
            chunk.buffers[number] = None;
        }
        8 if chunk.format == "vu" => {
            // Of a size of its own the last buffer says less than there is, or what cannot be.
            if let Some(Some(sizes)) = chunk.buffers.last_mut() {
                let place = 8 * u.int_in_range(0..=1_usize)?;
                let old = i64::from_ne_bytes(sizes[place..place + 8].try_into().expect("eight"));
                let new = (*u.choose(&odd)?).min(old);
                sizes[place..place + 8].copy_from_slice(&new.to_ne_bytes());
            }
        }
        9 if chunk.dictionary.is_some() => chunk.dictionary = None,
        _ => {
            for _ in 0..u.int_in_range(1..=4)? {
                bytes(u, chunk)?;
            }
        }
    }
    Ok(())
}

/// Rows that are there, or such as are refused.
fn hold(chunk: &mut Chunk) {
    let few = 0..1 << 40;
    if few.contains(&chunk.offset) && few.contains(&chunk.length) {
        chunk.offset = chunk.offset.min(chunk.rows);
        chunk.length = chunk.length.min(chunk.rows - chunk.offset);
    }
}

/// Not more buffers than there are pointers, unless it is refused.
fn fewer(odd: i64, now: i64) -> i64 {
    if (3..i64::MAX).contains(&odd) {
        odd.min(now)
    } else {
        odd.min(now.max(2))
    }
}

fn bytes(u: &mut Unstructured<'_>, chunk: &mut Chunk) -> Result<()> {
    let number = match chunk.format {
        "vu" => *u.choose(&[0, 1, 2, 3])?,
        "u" | "U" => *u.choose(&[0, 1, 2])?,
        "n" => return Ok(()),
        _ => *u.choose(&[0, 1])?,
    };
    let offsets = number == 1 && matches!(chunk.format, "u" | "U");
    let data = match (offsets, chunk.buffers.get(2)) {
        (true, Some(Some(data))) => data.len() as i64,
        _ => 0,
    };
    let Some(Some(buffer)) = chunk.buffers.get_mut(number) else {
        return Ok(());
    };
    if buffer.is_empty() {
        return Ok(());
    }
    if offsets {
        // Any that is not past the data: decreasing, negative, in the middle of a letter.
        let width = if chunk.format == "u" { 4 } else { 8 };
        let place = u.int_in_range(0..=buffer.len() / width - 1)? * width;
        let new = if u.ratio(1, 3)? {
            u.arbitrary::<i64>()?.min(data)
        } else {
            u.int_in_range(-1..=data)?
        };
        if width == 4 {
            let new = i32::try_from(new).unwrap_or(i32::MIN);
            buffer[place..place + 4].copy_from_slice(&new.to_ne_bytes());
        } else {
            buffer[place..place + 8].copy_from_slice(&new.to_ne_bytes());
        }
    } else {
        let place = u.int_in_range(0..=buffer.len() - 1)?;
        buffer[place] = u.arbitrary()?;
    }
    Ok(())
}

/// What a plain reading finds; `None` where something is wrong.
fn plain(chunk: &Chunk) -> Option<Rows> {
    let wanted = match chunk.format {
        "n" => chunk.n_buffers == 0 || chunk.n_buffers == 1,
        "u" | "U" => chunk.n_buffers == 3,
        "vu" => chunk.n_buffers >= 3,
        _ => chunk.n_buffers == 2,
    };
    let rows = chunk.offset.checked_add(chunk.length)?;
    let sound = wanted
        && chunk.length >= 0
        && chunk.offset >= 0
        && rows < i64::MAX / 16
        && chunk.length < i64::from(u32::MAX)
        && (-1..=chunk.length).contains(&chunk.null_count)
        && chunk.n_children == 0;
    let is_index = !matches!(chunk.format, "n" | "u" | "U" | "vu");
    if !sound || chunk.dictionary.is_some() != is_index {
        return None;
    }
    let length = chunk.length as usize;
    if length == 0 {
        return Some(Vec::new());
    }
    if (chunk.no_buffers || chunk.buffers.is_empty()) && chunk.n_buffers > 0 {
        return None;
    }
    let values = match &chunk.dictionary {
        Some(values) => Some(plain(values)?),
        None => None,
    };
    if chunk.format == "n" {
        return Some(vec![None; length]);
    }
    let buffer = |number: usize| chunk.buffers[number].as_deref();
    if buffer(0).is_none() && chunk.null_count > 0 || buffer(1).is_none() {
        return None;
    }
    let first = buffer(1)?;
    let mut sizes = Vec::new();
    if chunk.format == "vu" {
        let last = chunk.n_buffers as usize - 1;
        if last > 2 {
            for number in 0..last - 2 {
                // The sizes stand in the last buffer that is counted.
                let size = buffer(last)?.get(8 * number..8 * number + 8)?;
                let size = usize::try_from(i64::from_ne_bytes(size.try_into().ok()?)).ok()?;
                if buffer(number + 2).is_none() && size > 0 {
                    return None;
                }
                sizes.push(size);
            }
        }
    }
    let mut found = Vec::new();
    let mut end_before = None;
    for row in chunk.offset as usize..rows as usize {
        let there = buffer(0).is_none_or(|bits| bits[row / 8] >> (row % 8) & 1 == 1);
        let number32 = |at: usize| i32::from_ne_bytes(first[at..at + 4].try_into().expect("four"));
        let text = match chunk.format {
            "u" | "U" => {
                let offset = |row: usize| {
                    if chunk.format == "u" {
                        i64::from(number32(4 * row))
                    } else {
                        i64::from_ne_bytes(first[8 * row..8 * row + 8].try_into().expect("eight"))
                    }
                };
                let (start, end) = (end_before.unwrap_or(offset(row)), offset(row + 1));
                if start < 0 || end < start {
                    return None;
                }
                end_before = Some(end);
                match (there, buffer(2)) {
                    (false, _) => None,
                    (true, None) if end > start => return None,
                    (true, None) => Some(Vec::new()),
                    (true, Some(data)) => Some(data[start as usize..end as usize].to_vec()),
                }
            }
            "vu" if !there => None,
            "vu" => {
                let at = 16 * row;
                let length = usize::try_from(number32(at)).ok()?;
                if length <= 12 {
                    Some(first[at + 4..at + 4 + length].to_vec())
                } else {
                    let number = usize::try_from(number32(at + 8)).ok()?;
                    let start = usize::try_from(number32(at + 12)).ok()?;
                    let size = *sizes.get(number)?;
                    let end = start.checked_add(length)?;
                    if end > size {
                        return None;
                    }
                    Some(buffer(number + 2)?[start..end].to_vec())
                }
            }
            _ if !there => None,
            index => {
                let width = match index {
                    "c" | "C" => 1,
                    "s" | "S" => 2,
                    "i" | "I" => 4,
                    _ => 8,
                };
                let mut bytes = first[width * row..width * (row + 1)].to_vec();
                if cfg!(target_endian = "big") {
                    bytes.reverse();
                }
                let signed = index.chars().all(char::is_lowercase);
                let fill = if signed && bytes[width - 1] >= 0x80 {
                    0xFF
                } else {
                    0
                };
                bytes.resize(16, fill);
                let number = i128::from_le_bytes(bytes.try_into().expect("sixteen"));
                let values = values.as_ref()?;
                let value = values.get(usize::try_from(number).ok()?)?;
                found.push(value.clone());
                continue;
            }
        };
        found.push(match text {
            Some(bytes) => Some(String::from_utf8(bytes).ok()?),
            None => None,
        });
    }
    Some(found)
}

/// Reads a chunk as the bindings do: both structures are taken out of their places, and released.
fn read(chunk: &Chunk, unit: Unit) -> std::result::Result<Strings, Fault> {
    let formats = [
        chunk.format,
        chunk.dictionary.as_ref().map_or("", |values| values.format),
    ]
    .map(|format| CString::new(format).expect("no zero"));
    let mut inner = given_schema(&formats[1], ptr::null_mut(), None);
    let dictionary = if chunk.dictionary.is_some() {
        &raw mut inner
    } else {
        ptr::null_mut()
    };
    let mut schema = given_schema(&formats[0], dictionary, Some(release_schema));
    let pointers: Vec<Vec<*const u8>> = [Some(chunk), chunk.dictionary.as_deref()]
        .into_iter()
        .flatten()
        .map(|chunk| {
            let pointer = |buffer: &Option<Box<[u8]>>| {
                buffer
                    .as_ref()
                    .map_or(ptr::null(), |buffer| buffer.as_ptr())
            };
            chunk.buffers.iter().map(pointer).collect()
        })
        .collect();
    let mut values = chunk
        .dictionary
        .as_deref()
        .map(|values| given_array(values, &pointers[1], ptr::null_mut(), None));
    let dictionary = values.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
    let mut array = given_array(chunk, &pointers[0], dictionary, Some(release_array));
    let before = RELEASED.load(Ordering::Relaxed);
    // SAFETY: structures of the specification's layout, filled in, with all that they point to alive.
    let (taken_schema, taken_array) = unsafe {
        (
            Schema::take((&raw mut schema).cast()).expect("not taken yet"),
            Array::take((&raw mut array).cast()).expect("not taken yet"),
        )
    };
    // SAFETY: as above; what was taken is marked.
    unsafe {
        assert!(Schema::take((&raw mut schema).cast()).is_none());
        assert!(Array::take((&raw mut array).cast()).is_none());
    }
    let mut strings = Strings::default();
    // SAFETY: the schema is not released, and its texts end with a zero.
    let found = unsafe { Type::of(&taken_schema) }.and_then(|kind| {
        let mut reader = Reader::new(unit);
        // SAFETY: buffers have what lengths and offsets say, or what they say is refused before it is read.
        unsafe { arrow::read(kind, &taken_array, &mut reader, &mut strings, &on) }
    });
    drop((taken_schema, taken_array));
    assert_eq!(
        RELEASED.load(Ordering::Relaxed),
        before + 2,
        "released once each"
    );
    found.map(|()| strings)
}

fn given_schema(
    format: &CString,
    dictionary: *mut GivenSchema,
    release: Option<unsafe extern "C" fn(*mut GivenSchema)>,
) -> GivenSchema {
    GivenSchema {
        format: format.as_ptr(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 2,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary,
        release,
        private_data: ptr::null_mut(),
    }
}

fn given_array(
    chunk: &Chunk,
    pointers: &[*const u8],
    dictionary: *mut GivenArray,
    release: Option<unsafe extern "C" fn(*mut GivenArray)>,
) -> GivenArray {
    GivenArray {
        length: chunk.length,
        null_count: chunk.null_count,
        offset: chunk.offset,
        n_buffers: chunk.n_buffers,
        n_children: chunk.n_children,
        buffers: if chunk.no_buffers || pointers.is_empty() {
            ptr::null()
        } else {
            pointers.as_ptr()
        },
        children: ptr::null_mut(),
        dictionary,
        release,
        private_data: ptr::null_mut(),
    }
}

/// The same strings, read one by one.
fn listed(rows: &[Option<String>], unit: Unit) -> String {
    let (mut reader, mut strings) = (Reader::new(unit), Strings::default());
    for row in rows {
        reader.read(row.as_deref().map(Text::Utf8), &mut strings);
    }
    format!("{strings:?}")
}

pub fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let unit = *u.choose(&[Unit::CodePoint, Unit::Grapheme])?;
    if u.ratio(1, 6)? {
        return ucs4(u, unit);
    }
    let alphabet = Alphabet::of(u)?;
    let all = rows(u, &alphabet, 20)?;
    let offset = u.int_in_range(0..=all.len())?;
    let format = *u.choose(&["u", "U", "vu", "vu", "n"])?;
    let mut chunk = made(format, &all, offset);
    if u.ratio(1, 3)? {
        let len = u.int_in_range(0..=20)?;
        let offset = u.int_in_range(0..=len)?;
        chunk = indexed(u, chunk, len, offset)?;
    }
    for _ in 0..u.int_in_range(0..=3)? {
        match &mut chunk.dictionary {
            Some(values) if u.arbitrary()? => spoil(u, values)?,
            _ => spoil(u, &mut chunk)?,
        }
    }
    hold(&mut chunk);
    if let Some(values) = &mut chunk.dictionary {
        hold(values);
    }
    let found = read(&chunk, unit);
    let expected = plain(&chunk);
    match (&found, &expected) {
        // A cluster has the number of its first coming, in a dictionary before the rows.
        (Ok(found), Some(rows)) if unit == Unit::CodePoint || chunk.dictionary.is_none() => {
            assert_eq!(format!("{found:?}"), listed(rows, unit), "{chunk:?}");
        }
        (Ok(found), Some(rows)) => assert_eq!(found.len(), rows.len()),
        (Err(Fault::Structure(_) | Fault::Row(..) | Fault::Type(_)), None) => {}
        _ => panic!("{found:?} {expected:?} {chunk:?}"),
    }
    Ok(())
}

fn ucs4(u: &mut Unstructured<'_>, unit: Unit) -> Result<()> {
    let alphabet = Alphabet::of(u)?;
    let (rows, width) = (u.int_in_range(0..=12_usize)?, u.int_in_range(0..=9_usize)?);
    let swapped: bool = u.arbitrary()?;
    let gap = u.int_in_range(0..=5_usize)?;
    let backwards: bool = u.arbitrary()?;
    let step = 4 * width + gap;
    let mut memory = vec![
        0_u8;
        if rows == 0 {
            0
        } else {
            (rows - 1) * step + 4 * width
        }
    ];
    let (mut expected, mut bad) = (Vec::new(), None);
    for row in 0..rows {
        let len = u.int_in_range(0..=width)?;
        let mut points = alphabet.string(u, len)?;
        if u.ratio(1, 30)? && len > 0 {
            points[0] = *u.choose(&[0xD800, 0xDFFF, 0x11_0000, u32::MAX])?;
        }
        let place = if backwards { rows - 1 - row } else { row };
        for (index, &point) in points.iter().enumerate() {
            let point = if swapped { point.swap_bytes() } else { point };
            let at = place * step + 4 * index;
            memory[at..at + 4].copy_from_slice(&point.to_ne_bytes());
        }
        while points.last() == Some(&0) {
            points.pop();
        }
        let wrong = points
            .iter()
            .find(|&&point| char::from_u32(point).is_none());
        if let (Some(&point), None) = (wrong, bad) {
            bad = Some((row, point));
        }
        expected.push(points);
    }
    let memory = memory.into_boxed_slice();
    let first = if backwards {
        rows.saturating_sub(1) * step
    } else {
        0
    };
    let array = Ucs4 {
        start: memory.as_ptr().wrapping_add(first),
        stride: if backwards {
            -(step as isize)
        } else {
            step as isize
        },
        rows,
        width,
        swapped,
    };
    let (mut reader, mut strings) = (Reader::new(unit), Strings::default());
    // SAFETY: the rows are there.
    let found = unsafe { array.read(&mut reader, &mut strings, &on) };
    match bad {
        Some((row, point)) => assert_eq!(found, Err(Ucs4Error::Row(row, point))),
        None => {
            assert_eq!(found, Ok(()));
            let (mut reader, mut listed) = (Reader::new(unit), Strings::default());
            for points in &expected {
                reader.read(Some(Text::Points(Units::U32(points))), &mut listed);
            }
            assert_eq!(format!("{strings:?}"), format!("{listed:?}"));
        }
    }
    Ok(())
}
