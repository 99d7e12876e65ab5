//! Columns made here, sound and hostile ones, and what is read of them.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::ptr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::testing::config;
use crate::text::Unit;
use crate::text::batch::{Reader, Strings};

mod stream;

/// A chunk with all that it points to.
struct Chunk {
    array: Array,
    pointers: Vec<*const u8>,
    memory: Vec<Vec<u8>>,
    dictionary: Option<Box<Chunk>>,
}

unsafe extern "C" fn no_release(_: *mut Array) {}
unsafe extern "C" fn no_release_of_schema(_: *mut Schema) {}

/// Buffers of which an empty one is null where `nulls` says so.
fn chunk(length: i64, offset: i64, memory: Vec<Vec<u8>>) -> Chunk {
    let pointers = memory
        .iter()
        .map(|buffer| {
            if buffer.is_empty() {
                ptr::null()
            } else {
                buffer.as_ptr()
            }
        })
        .collect();
    Chunk {
        array: Array {
            length,
            null_count: -1,
            offset,
            n_buffers: memory.len() as i64,
            n_children: 0,
            buffers: ptr::null(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: Some(no_release),
            private_data: ptr::null_mut(),
        },
        pointers,
        memory,
        dictionary: None,
    }
}

type Rows = Vec<Option<String>>;

/// The units of each row, `None` for what is missing.
fn rows(strings: &Strings) -> Rows {
    (0..strings.len())
        .map(|row| {
            let units = strings.units_of(row)?;
            Some(units.into_iter().filter_map(char::from_u32).collect())
        })
        .collect()
}

/// A type; both that it is made of have to outlive it.
fn schema(format: &CStr, dictionary: Option<&mut Schema>) -> Schema {
    Schema {
        format: format.as_ptr(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 2,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: dictionary.map_or(ptr::null_mut(), ptr::from_mut),
        release: Some(no_release_of_schema),
        private_data: ptr::null_mut(),
    }
}

fn kind(format: &str) -> Result<Type, Fault> {
    let (outer, inner) = format.split_once(" of ").unwrap_or((format, ""));
    let [outer, inner] = [outer, inner].map(|each| CString::new(each).expect("no zero"));
    let mut values = schema(&inner, None);
    let dictionary = (!inner.is_empty()).then_some(&mut values);
    // SAFETY: made here.
    unsafe { Type::of(&schema(&outer, dictionary)) }
}

/// What is read of a chunk; the memory ends where the buffers do.
fn read_chunk(format: &str, chunk: &mut Chunk) -> Result<Rows, Fault> {
    chunk.array.buffers = chunk.pointers.as_ptr();
    if let Some(values) = &mut chunk.dictionary {
        values.array.buffers = values.pointers.as_ptr();
        chunk.array.dictionary = &raw mut values.array;
    }
    let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
    let kind = kind(format)?;
    // SAFETY: the buffers are as long as the tests have them, which is as long as what is in them says.
    unsafe { read(kind, &chunk.array, &mut reader, &mut strings, &|| false) }?;
    Ok(rows(&strings))
}

fn bytes<const N: usize, T: Copy>(numbers: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    numbers.iter().flat_map(|&number| bytes(number)).collect()
}

fn bitmap(rows: &[Option<&str>]) -> Vec<u8> {
    let mut bits = vec![0_u8; rows.len().div_ceil(8)];
    for (row, text) in rows.iter().enumerate() {
        bits[row / 8] |= u8::from(text.is_some()) << (row % 8);
    }
    bits
}

/// The rows in a layout, those before `offset` not part of the chunk.
fn made(format: &str, rows: &[Option<&str>], offset: usize) -> Chunk {
    let length = (rows.len() - offset) as i64;
    let mut data = Vec::new();
    let mut ends = vec![0_usize];
    for row in rows {
        data.extend_from_slice(row.unwrap_or("").as_bytes());
        ends.push(data.len());
    }
    let memory = match format {
        "u" => vec![
            bitmap(rows),
            bytes(&ends, |end| (end as i32).to_ne_bytes()),
            data,
        ],
        "U" => vec![
            bitmap(rows),
            bytes(&ends, |end| (end as i64).to_ne_bytes()),
            data,
        ],
        _ => {
            let mut views = Vec::new();
            let mut buffers = [vec![b'#'; 3], Vec::new()];
            for (row, text) in rows.iter().enumerate() {
                let text = text.unwrap_or("").as_bytes();
                views.extend((text.len() as i32).to_ne_bytes());
                if text.len() <= 12 {
                    views.extend(text);
                    views.resize((row + 1) * 16, 0);
                } else {
                    views.extend(&text[..4]);
                    views.extend(((row % 2) as i32).to_ne_bytes());
                    views.extend((buffers[row % 2].len() as i32).to_ne_bytes());
                    buffers[row % 2].extend(text);
                }
            }
            let sizes = bytes(&[buffers[0].len(), buffers[1].len()], |size| {
                (size as i64).to_ne_bytes()
            });
            let [first, second] = buffers;
            vec![bitmap(rows), views, first, second, sizes]
        }
    };
    chunk(length, offset as i64, memory)
}

const ROWS: [Option<&str>; 12] = [
    Some("x"),
    None,
    Some(""),
    Some("Müller"),
    Some("twelve bytes"),
    Some("thirteen byte"),
    Some("日本語中文漢字"),
    None,
    Some("a\0b"),
    Some("👩\u{200d}👧, and more bytes than a view has"),
    Some("\u{10FFFF}"),
    Some("the last one"),
];

fn owned(rows: &[Option<&str>]) -> Rows {
    rows.iter().map(|row| row.map(ToOwned::to_owned)).collect()
}

#[test]
fn layouts_have_the_same_strings() {
    for format in ["u", "U", "vu"] {
        for offset in [0, 1, 7, 9, ROWS.len()] {
            let mut chunk = made(format, &ROWS, offset);
            assert_eq!(read_chunk(format, &mut chunk), Ok(owned(&ROWS[offset..])));
            let mut all = made(format, &ROWS, offset);
            all.pointers[0] = ptr::null();
            all.array.null_count = 0;
            let there: Vec<_> = ROWS[offset..]
                .iter()
                .map(|row| Some(row.unwrap_or("")))
                .collect();
            assert_eq!(read_chunk(format, &mut all), Ok(owned(&there)));
        }
    }
    let mut nulls = chunk(3, 5, vec![]);
    assert_eq!(read_chunk("n", &mut nulls), Ok(vec![None; 3]));
}

/// More rows than are read at once, in every state that reading may be in: ASCII alone, Latin-1, others, nulls with bytes
/// behind them, and strings longer than what is read at once.
#[test]
fn many_rows_have_the_same_strings() {
    let long = "long ".repeat(if cfg!(miri) { 60 } else { 4000 });
    let kinds: [&[Option<&str>]; 5] = [
        &[Some("abc"), Some("thirteen bytes"), Some("")],
        &[Some("abc"), None, Some("a\r\nb")],
        &[Some("abc"), Some("Müller"), Some("é and more than twelve")],
        &[Some("Łódź"), Some("abc"), None],
        &[Some("abc"), Some(&long), Some("x")],
    ];
    for order in [
        [0, 0, 0],
        [0, 1, 0],
        [0, 2, 0],
        [0, 3, 0],
        [3, 0, 2],
        [0, 4, 4],
    ] {
        let rows: Vec<Option<&str>> = order
            .iter()
            .flat_map(|&kind| kinds[kind].iter().copied().cycle().take(70))
            .collect();
        for format in ["u", "U", "vu"] {
            for offset in [0, 3, 65] {
                let mut chunk = made(format, &rows, offset);
                let found = read_chunk(format, &mut chunk);
                assert_eq!(found, Ok(owned(&rows[offset..])), "{format} {order:?}");
            }
        }
    }
}

#[test]
fn clusters_are_the_same_in_all_that_a_reader_reads() {
    let rows = [Some("e\u{301}"), Some("ab\r\n"), Some("e\u{301}\r\n")];
    let (mut reader, mut strings) = (Reader::new(Unit::Grapheme), Strings::default());
    for format in ["u", "vu"] {
        let mut chunk = made(format, &rows, 0);
        chunk.array.buffers = chunk.pointers.as_ptr();
        let kind = kind(format).expect("of strings");
        // SAFETY: made here.
        unsafe { read(kind, &chunk.array, &mut reader, &mut strings, &|| false) }.expect("sound");
    }
    let units: Vec<Vec<u32>> = (0..6)
        .map(|row| strings.units_of(row).unwrap_or_default())
        .collect();
    assert_eq!(units[..3], units[3..]);
    assert_eq!(units[2], [units[0][0], units[1][2]]);
}

#[test]
fn indices_of_every_type() {
    let values = [Some("a"), None, Some("thirteen byte")];
    let numbers = [2_u8, 0, 1, 2, 99];
    let exact = vec![
        Some("a".to_owned()),
        None,
        Some("thirteen byte".to_owned()),
        None,
    ];
    let widths = [
        ("c", 1),
        ("C", 1),
        ("s", 2),
        ("S", 2),
        ("i", 4),
        ("I", 4),
        ("l", 8),
        ("L", 8),
    ];
    for (format, width) in widths {
        for layout in ["u", "U", "vu"] {
            let mut indices = Vec::new();
            for number in numbers {
                let wide = u64::from(number).to_le_bytes();
                let mut wide = wide[..width].to_vec();
                if cfg!(target_endian = "big") {
                    wide.reverse();
                }
                indices.extend(wide);
            }
            // The last index, of a row that is null, is out of range.
            let mut chunk = chunk(4, 1, vec![vec![0b01111], indices]);
            chunk.dictionary = Some(Box::new(made(layout, &values, 0)));
            let format = format!("{format} of {layout}");
            assert_eq!(
                read_chunk(&format, &mut chunk),
                Ok(exact.clone()),
                "{format}"
            );
            chunk.memory[0][0] = 0b11111;
            chunk.pointers[0] = chunk.memory[0].as_ptr();
            let bad = Fault::Row(3, "the index 99, of a dictionary of 3".to_owned());
            assert_eq!(read_chunk(&format, &mut chunk), Err(bad));
        }
    }
    let mut negative = chunk(1, 0, vec![vec![], vec![0xFF]]);
    negative.dictionary = Some(Box::new(made("u", &values, 0)));
    let bad = Fault::Row(0, "the index -1, of a dictionary of 3".to_owned());
    assert_eq!(read_chunk("c of u", &mut negative), Err(bad));
    let mut nulls = chunk(2, 0, vec![vec![], vec![0, 2]]);
    nulls.dictionary = Some(Box::new(chunk(3, 0, vec![])));
    assert_eq!(read_chunk("c of n", &mut nulls), Ok(vec![None; 2]));
}

#[test]
fn types_that_are_none_of_strings() {
    for format in [
        "l", "z", "+s", "", "uu", "w:4", "u of u", "i of l", "g of u", "i of i",
    ] {
        let found = kind(format);
        assert!(matches!(&found, Err(Fault::Type(_))), "{format}: {found:?}");
    }
    let mut inner = schema(c"u", None);
    let mut values = schema(c"i", Some(&mut inner));
    // SAFETY: made here.
    let nested = unsafe { Type::of(&schema(c"i", Some(&mut values))) };
    assert!(matches!(nested, Err(Fault::Type(_))));
    let mut nothing = schema(c"u", None);
    nothing.format = ptr::null();
    // SAFETY: made here.
    let nothing = unsafe { Type::of(&nothing) };
    assert!(matches!(nothing, Err(Fault::Structure(_))));
}

/// The words of the fault that a changed chunk gives.
fn fault(format: &str, change: impl Fn(&mut Chunk)) -> String {
    let mut chunk = made(format, &ROWS, 0);
    change(&mut chunk);
    match read_chunk(format, &mut chunk) {
        Err(Fault::Structure(what)) => what,
        Err(Fault::Row(row, what)) => format!("[{row}] {what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn structures_that_are_not_what_their_type_says() {
    let of = |what: fn(&mut Array)| fault("u", |chunk| what(&mut chunk.array));
    assert_eq!(of(|array| array.length = -1), "has a length of -1");
    assert_eq!(
        of(|array| array.offset = i64::MIN),
        format!("has an offset of {}", i64::MIN)
    );
    assert!(of(|array| array.offset = i64::MAX).ends_with("more than memory has"));
    assert!(of(|array| array.length = i64::MAX / 20).contains("at most 2^32 - 2 strings"));
    assert_eq!(of(|array| array.null_count = -2), "has a null_count of -2");
    assert_eq!(of(|array| array.null_count = 13), "has a null_count of 13");
    assert_eq!(
        of(|array| array.n_children = 1),
        "has children, n_children 1"
    );
    for count in [-1, 0, 2, 4] {
        let expected = format!("has {count} buffers; 3 are its type's");
        assert_eq!(fault("u", |chunk| chunk.array.n_buffers = count), expected);
    }
    assert_eq!(
        fault("vu", |chunk| chunk.array.n_buffers = 2),
        "has 2 buffers; 3 are its type's"
    );
    let without = |format: &str, number: usize| {
        fault(format, |chunk| {
            chunk.pointers[number] = ptr::null();
            chunk.array.null_count = 2;
        })
    };
    assert_eq!(
        without("u", 0),
        "has a null_count of 2 and no validity bitmap"
    );
    assert_eq!(without("U", 1), "has no offsets");
    assert_eq!(without("u", 2), "[0] 1 bytes, and there are no data");
    assert_eq!(without("vu", 1), "has no views");
    assert_eq!(without("vu", 2), "has no data");
    assert_eq!(without("vu", 4), "has no sizes of its buffers");
    let mut none = made("u", &ROWS, 0);
    let kind = kind("u").expect("of strings");
    none.array.buffers = ptr::null();
    let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
    // SAFETY: what is not there is looked for first.
    let found = unsafe { read(kind, &none.array, &mut reader, &mut strings, &|| false) };
    assert_eq!(found, Err(Fault::Structure("has no buffers".to_owned())));
    let mut indices = chunk(1, 0, vec![vec![], vec![0]]);
    let found = read_chunk("c of u", &mut indices);
    let expected = "has no dictionary, which its type has".to_owned();
    assert_eq!(found, Err(Fault::Structure(expected)));
    indices.pointers[1] = ptr::null();
    indices.dictionary = Some(Box::new(made("u", &ROWS, 0)));
    let found = read_chunk("c of u", &mut indices);
    assert_eq!(found, Err(Fault::Structure("has no indices".to_owned())));
    let mut both = made("u", &ROWS, 0);
    both.dictionary = Some(Box::new(made("u", &ROWS, 0)));
    let expected = "has a dictionary, which its type has not".to_owned();
    assert_eq!(read_chunk("u", &mut both), Err(Fault::Structure(expected)));
}

#[test]
fn rows_that_are_not_what_they_must_be() {
    fn put<const N: usize>(chunk: &mut Chunk, buffer: usize, at: usize, bytes: [u8; N]) {
        chunk.memory[buffer][at..at + N].copy_from_slice(&bytes);
    }
    let offsets = |format: &str, end: i64| {
        fault(format, |chunk| match format {
            "u" => put(chunk, 1, 4 * 6, (end as i32).to_ne_bytes()),
            _ => put(chunk, 1, 8 * 6, end.to_ne_bytes()),
        })
    };
    assert_eq!(offsets("u", 1), "[5] the offsets 20 and 1");
    assert_eq!(offsets("u", -1), "[5] the offsets 20 and -1");
    assert_eq!(
        offsets("U", i64::MIN),
        format!("[5] the offsets 20 and {}", i64::MIN)
    );
    let first = fault("u", |chunk| put(chunk, 1, 0, (-4_i32).to_ne_bytes()));
    assert_eq!(first, "[0] the offsets -4 and 1");
    let utf8 = fault("u", |chunk| put(chunk, 2, 3, [0xFF]));
    assert_eq!(utf8, "[3] no valid UTF-8 from its byte 1 on");
    let surrogate = fault("u", |chunk| put(chunk, 2, 8, [0xED, 0xA0, 0x80]));
    assert_eq!(surrogate, "[4] no valid UTF-8 from its byte 0 on");
    let view = |at: usize, number: i32| {
        fault("vu", |chunk| {
            put(chunk, 1, 16 * 5 + at, number.to_ne_bytes());
        })
    };
    assert_eq!(view(0, -1), "[5] a view of length -1");
    for (at, number) in [
        (0, i32::MAX),
        (0, 99),
        (8, -1),
        (8, 2),
        (12, -1),
        (12, i32::MAX),
    ] {
        let found = view(at, number);
        assert!(found.ends_with("which is not there"), "{found}");
    }
    assert_eq!(
        fault("vu", |chunk| put(chunk, 4, 0, (-3_i64).to_ne_bytes())),
        "has a buffer of size -3"
    );
}

proptest! {
    #![proptest_config(config())]

    /// Any bytes at all in the buffers that say how long they are, or are held to what does: views and indices.
    #[test]
    fn noise_is_refused_or_read(
        changes in vec((0..16 * ROWS.len(), any::<u8>()), 1..8),
        noise in vec(0..16_u8, 8 * 4),
        validity in any::<u8>(),
    ) {
        let mut views = made("vu", &ROWS, 0);
        for (at, byte) in changes {
            views.memory[1][at] = byte;
        }
        if let Ok(found) = read_chunk("vu", &mut views) {
            prop_assert_eq!(found.len(), ROWS.len());
        }
        let mut indices = chunk(4, 0, vec![vec![validity], noise]);
        indices.dictionary = Some(Box::new(made("U", &ROWS, 0)));
        for format in ["c of U", "S of U", "i of U", "L of U"] {
            match read_chunk(format, &mut indices) {
                Ok(found) => prop_assert_eq!(found.len(), 4),
                Err(found) => prop_assert!(matches!(found, Fault::Row(..)), "{:?}", found),
            }
        }
    }
}

#[test]
fn it_can_be_stopped() {
    let mut chunk = chunk(1 << 20, 0, vec![]);
    chunk.array.buffers = ptr::null();
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
    let kind = kind("n").expect("of strings");
    // SAFETY: there is nothing to read.
    let found = unsafe { read(kind, &chunk.array, &mut reader, &mut strings, &stop) };
    assert_eq!((found, asked.get()), (Err(Fault::Interrupted), 3));
    assert!(strings.len() < 1 << 18);
}
