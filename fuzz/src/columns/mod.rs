//! Columns of strings by Arrow's C data interface, made sound and then spoilt: what is read is what a plain reading of the same
//! buffers gives, or a fault where that finds one; each structure is released once. And arrays of UCS-4 as NumPy has them.
//!
//! Offsets of 32 and 64 bits point into data whose size no producer tells, so they are spoilt only where that is in the data.

mod given;
mod made;
mod plain;
mod spoil;
mod ucs4;

use arbitrary::{Result, Unstructured};
use hotkernels_kernels::text::batch::arrow::Fault;
use hotkernels_kernels::text::batch::{Reader, Strings};
use hotkernels_kernels::text::{Text, Unit};

use crate::strings::Alphabet;
use given::read;
use made::{indexed, made, rows};
use plain::plain;
use spoil::{hold, spoil};

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
        return ucs4::run(u, unit);
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
