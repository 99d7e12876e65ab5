//! A chunk read row by row, as Arrow's specification says: what the kernels' reading is held to.

use super::{Chunk, Rows};

/// What a plain reading finds; `None` where something is wrong.
pub(super) fn plain(chunk: &Chunk) -> Option<Rows> {
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
