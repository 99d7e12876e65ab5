//! Changes to a sound chunk, all of which a reader can see without reading past a buffer.

use arbitrary::{Result, Unstructured};

use super::Chunk;

/// Changes numbers, pointers, or bytes that say how long something is and are held to what they say it of.
pub(super) fn spoil(u: &mut Unstructured<'_>, chunk: &mut Chunk) -> Result<()> {
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
pub(super) fn hold(chunk: &mut Chunk) {
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
