//! Arrays of UCS-4 as NumPy has them: rows apart, backwards, of the other byte order, some with what is no code point.

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::text::batch::{Reader, Strings, Ucs4, Ucs4Error};
use hotkernels_kernels::text::{Text, Unit, Units};

use crate::on;
use crate::strings::Alphabet;

/// Reads an array and holds what comes to the rows that it was made of.
pub(super) fn run(u: &mut Unstructured<'_>, unit: Unit) -> Result<()> {
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
