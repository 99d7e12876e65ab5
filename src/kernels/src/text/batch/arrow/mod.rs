//! The structures of Arrow's C data interface and C stream interface, moved and released as the specification has it.
//!
//! They are laid out as <https://arrow.apache.org/docs/format/CDataInterface.html> and `CStreamInterface.html` say. What is
//! in them comes from another library: [`read`] looks at all of it before it reads any string.

mod buffers;
mod column;
mod layout;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

pub use column::{Fault, read};
pub use layout::Type;

/// `struct ArrowSchema`: a type.
#[repr(C)]
#[derive(Debug)]
pub struct Schema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) n_children: i64,
    pub(super) children: *mut *mut Schema,
    pub(super) dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    pub(super) private_data: *mut c_void,
}

/// `struct ArrowArray`: a chunk of a column.
#[repr(C)]
#[derive(Debug)]
pub struct Array {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *const *const u8,
    pub(super) children: *mut *mut Array,
    pub(super) dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    pub(super) private_data: *mut c_void,
}

/// `struct ArrowArrayStream`: a column, chunk by chunk.
#[repr(C)]
#[derive(Debug)]
pub struct Stream {
    get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut Stream)>,
    private_data: *mut c_void,
}

macro_rules! owned {
    ($($structure:ident),*) => {$(
        impl $structure {
            /// Moves the structure out of its place, which is marked as released; `None` where that is so already. Of
            /// several threads that try, one has it.
            ///
            /// # Safety
            ///
            /// The place holds such a structure, aligned, of a producer that keeps to the specification in this: what
            /// its function pointers point to can be called until it is released.
            #[must_use]
            pub unsafe fn take(place: *mut Self) -> Option<Self> {
                // SAFETY: the caller's promise; a function pointer has the size and alignment of a pointer.
                unsafe {
                    let release = AtomicPtr::from_ptr((&raw mut (*place).release).cast::<*mut ()>());
                    let release = release.swap(ptr::null_mut(), Ordering::AcqRel);
                    if release.is_null() {
                        return None;
                    }
                    // All but `release`, at which those who come too late are still looking, and writing.
                    let (before, size) = (mem::offset_of!(Self, release), size_of::<Self>());
                    let behind = before + size_of::<*mut ()>();
                    let mut taken = MaybeUninit::<Self>::uninit();
                    let (from, to) = (place.cast::<u8>(), taken.as_mut_ptr().cast::<u8>());
                    ptr::copy_nonoverlapping(from, to, before);
                    ptr::copy_nonoverlapping(from.add(behind), to.add(behind), size - behind);
                    (&raw mut (*taken.as_mut_ptr()).release).cast::<*mut ()>().write(release);
                    Some(taken.assume_init())
                }
            }
        }

        impl Drop for $structure {
            /// Gives it back to its producer.
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: it was taken or written with this function in it, and this is the one call of it.
                    unsafe { release(self) }
                }
            }
        }

        // SAFETY: the specification lets a structure be moved to other threads and released there.
        unsafe impl Send for $structure {}
        // SAFETY: a shared one is only read.
        unsafe impl Sync for $structure {}
    )*};
}
owned!(Schema, Array, Stream);

/// What a stream said when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// An `errno`; 0 where the stream itself is wrong.
    pub code: i32,
    /// The producer's words, or what is wrong.
    pub message: String,
}

impl Stream {
    /// The type of its chunks.
    ///
    /// # Errors
    ///
    /// The producer's, or that it gave none.
    pub fn schema(&mut self) -> Result<Schema, StreamError> {
        let get = self.get_schema.ok_or_else(|| wrong("has no get_schema"))?;
        // SAFETY: null pointers, no functions and zeros are values of all members.
        let mut schema: Schema = unsafe { mem::zeroed() };
        // SAFETY: the stream is not released, and there is room for the schema.
        let code = unsafe { get(self, &raw mut schema) };
        if code != 0 {
            // What is in it after a failure says nothing.
            mem::forget(schema);
            return Err(self.error(code));
        }
        match schema.release {
            Some(_) => Ok(schema),
            None => Err(wrong("gave no schema")),
        }
    }

    /// The next chunk; `None` behind the last.
    ///
    /// # Errors
    ///
    /// The producer's.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would go on after an error"
    )]
    pub fn next(&mut self) -> Result<Option<Array>, StreamError> {
        let get = self.get_next.ok_or_else(|| wrong("has no get_next"))?;
        // SAFETY: as for the schema.
        let mut array: Array = unsafe { mem::zeroed() };
        // SAFETY: the stream is not released, and there is room for the array.
        let code = unsafe { get(self, &raw mut array) };
        if code != 0 {
            mem::forget(array);
            return Err(self.error(code));
        }
        Ok(array.release.is_some().then_some(array))
    }

    fn error(&mut self, code: c_int) -> StreamError {
        let text = match self.get_last_error {
            // SAFETY: the call before failed, after which this one may be made.
            Some(last) => unsafe { last(self) },
            None => ptr::null(),
        };
        let message = if text.is_null() {
            "it does not say why".to_owned()
        } else {
            // SAFETY: a text that ends with a zero, which lives until the next call.
            unsafe { CStr::from_ptr(text) }
                .to_string_lossy()
                .into_owned()
        };
        StreamError { code, message }
    }
}

fn wrong(message: &str) -> StreamError {
    StreamError {
        code: 0,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
