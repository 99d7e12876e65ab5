//! What a producer gives: a chunk in the structures of Arrow's C data interface, taken and read as the bindings do.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use hotkernels_kernels::text::Unit;
use hotkernels_kernels::text::batch::arrow::{self, Array, Fault, Schema, Type};
use hotkernels_kernels::text::batch::{Reader, Strings};

use super::Chunk;
use crate::on;

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

/// Reads a chunk as the bindings do: both structures are taken out of their places, and released.
pub(super) fn read(chunk: &Chunk, unit: Unit) -> Result<Strings, Fault> {
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
