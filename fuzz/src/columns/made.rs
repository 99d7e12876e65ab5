//! Sound chunks: rows in each layout, and indices of a dictionary.

use arbitrary::{Result, Unstructured};

use super::{Chunk, Rows};
use crate::strings::{Alphabet, length};

pub(super) fn rows(u: &mut Unstructured<'_>, alphabet: &Alphabet, most: usize) -> Result<Rows> {
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
pub(super) fn made(format: &'static str, rows: &Rows, offset: usize) -> Chunk {
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
pub(super) fn indexed(
    u: &mut Unstructured<'_>,
    values: Chunk,
    len: usize,
    offset: usize,
) -> Result<Chunk> {
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
