//! Streams: taken once, released once, and their errors passed on.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Barrier;
use std::thread;

use super::*;

/// What a stream of these tests gives and counts.
struct Source {
    chunks: Vec<Chunk>,
    given: usize,
    released: [usize; 3],
}

fn source<'a>(data: *mut c_void) -> &'a mut Source {
    // SAFETY: the tests' own.
    unsafe { &mut *data.cast::<Source>() }
}

unsafe extern "C" fn released_schema(schema: *mut Schema) {
    // SAFETY: the tests' own.
    source(unsafe { (*schema).private_data }).released[0] += 1;
}

unsafe extern "C" fn released_array(array: *mut Array) {
    // SAFETY: the tests' own.
    source(unsafe { (*array).private_data }).released[1] += 1;
}

unsafe extern "C" fn released_stream(stream: *mut Stream) {
    // SAFETY: the tests' own.
    source(unsafe { (*stream).private_data }).released[2] += 1;
}

unsafe extern "C" fn get_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    let mut given = schema(c"u", None);
    given.release = Some(released_schema);
    // SAFETY: the tests' own.
    unsafe {
        given.private_data = (*stream).private_data;
        out.write(given);
    }
    0
}

unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    // SAFETY: the tests' own.
    let data = unsafe { (*stream).private_data };
    let source = source(data);
    source.given += 1;
    let Some(chunk) = source.chunks.get(source.given - 1) else {
        return if source.given > 3 { 5 } else { 0 };
    };
    // SAFETY: the array in the chunk has nothing to release.
    unsafe {
        let mut array = ptr::read(&raw const chunk.array);
        array.buffers = chunk.pointers.as_ptr();
        array.release = Some(released_array);
        array.private_data = data;
        out.write(array);
    }
    0
}

unsafe extern "C" fn get_last_error(_: *mut Stream) -> *const c_char {
    c"the disk is on fire".as_ptr()
}

#[test]
fn a_stream_is_taken_once_and_released_once() {
    let chunks = vec![
        made("u", &ROWS, 0),
        made("u", &ROWS, 12),
        made("u", &ROWS, 3),
    ];
    let mut source = Source {
        chunks,
        given: 0,
        released: [0; 3],
    };
    let mut place = Stream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(released_stream),
        private_data: (&raw mut source).cast(),
    };
    // SAFETY: made here.
    let mut stream = unsafe { Stream::take(&raw mut place) }.expect("not taken yet");
    assert!(place.release.is_none());
    // SAFETY: as above.
    assert!(unsafe { Stream::take(&raw mut place) }.is_none());
    drop(place);
    let schema = stream.schema().expect("a schema");
    // SAFETY: made here.
    let kind = unsafe { Type::of(&schema) }.expect("of strings");
    let (mut reader, mut strings) = (Reader::new(Unit::CodePoint), Strings::default());
    for _ in 0..3 {
        let array = stream.next().expect("no error").expect("a chunk");
        // SAFETY: made here.
        unsafe { read(kind, &array, &mut reader, &mut strings, &|| false) }.expect("sound");
    }
    assert_eq!(rows(&strings), [owned(&ROWS), owned(&ROWS[3..])].concat());
    let error = stream.next().expect_err("an error");
    assert_eq!((error.code, &*error.message), (5, "the disk is on fire"));
    drop((schema, stream));
    assert_eq!(source.released, [1, 3, 1]);
}

/// A sanitizer of threads, and miri, see here that the losers' look at the place is no race with the winner's.
#[test]
fn of_several_threads_that_take_a_stream_one_has_it() {
    struct Place(*mut Stream);
    // SAFETY: what this test is about.
    unsafe impl Sync for Place {}
    impl Place {
        fn take(&self) -> Option<Stream> {
            // SAFETY: the test's own stream, which outlives its threads.
            unsafe { Stream::take(self.0) }
        }
    }
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let mut source = Source {
            chunks: Vec::new(),
            given: 0,
            released: [0; 3],
        };
        let mut stream = Stream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(released_stream),
            private_data: (&raw mut source).cast(),
        };
        let place = Place(&raw mut stream);
        let start = Barrier::new(3);
        let taken: Vec<_> = thread::scope(|scope| {
            let take = || {
                start.wait();
                place.take()
            };
            let takers = [scope.spawn(take), scope.spawn(take), scope.spawn(take)];
            takers
                .into_iter()
                .filter_map(|taker| taker.join().expect("no panic"))
                .collect()
        });
        assert_eq!(taken.len(), 1);
        drop((stream, taken));
        assert_eq!(source.released, [0, 0, 1]);
    }
}

#[test]
fn streams_without_functions() {
    let empty = || Stream {
        get_schema: None,
        get_next: None,
        get_last_error: None,
        release: None,
        private_data: ptr::null_mut(),
    };
    assert_eq!(
        empty().schema().expect_err("none").message,
        "has no get_schema"
    );
    assert_eq!(empty().next().expect_err("none").message, "has no get_next");
}
