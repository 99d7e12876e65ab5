"""The list of what is unsafe: nothing is overlooked or without its reason, and docs/unsafe.md is that of the sources."""

from __future__ import annotations

import re

import pytest

from ci.errors import CiError
from ci.paths import ROOT
from scripts import unsafety


def places(text: str) -> list[tuple[str, str, str]]:
    return [(place.kind, place.where, place.reason) for place in unsafety.of_file("src/x.rs", text)]


def test_each_kind() -> None:
    text = """
//! A file.

// SAFETY: any bits are a number.
unsafe impl Number for u8 {}

/// Reads.
///
/// # Safety
///
/// `from` can be read.
#[inline]
#[expect(
    clippy::lint,
    reason = "of several lines"
)]
pub unsafe fn read(from: *const [u8; 4]) -> u8 {
    // SAFETY: the caller's promise,
    // in two lines.
    unsafe { (*from)[0] }
}

// SAFETY: as libc has it.
unsafe extern "C" {
    fn f();
}

fn two(x: &str) {
    let y = if x.is_empty() {
        0
    } else {
        // SAFETY: there is one.
        unsafe { *x.as_ptr() }
    };
    // SAFETY: as above.
    let z =
        unsafe { *x.as_ptr() };
}
"""
    assert places(text) == [
        ("impl", "impl Number for u8", "any bits are a number."),
        ("fn", "read", "`from` can be read."),
        ("block", "fn read", "the caller's promise, in two lines."),
        ("extern", 'extern "C"', "as libc has it."),
        ("block", "fn two", "there is one."),
        ("block", "fn two", "there is one."),
    ]


def test_what_only_looks_like_it() -> None:
    text = """
// unsafe { in a comment }
/* unsafe { in another } */
const A: &str = "unsafe { in a string }";
const B: &str = r#"unsafe { "quoted" }"#;
const C: char = '"';
type D = unsafe extern "C" fn(*mut u8);
fn e<'a>(x: &'a str, f: unsafe fn(u8)) {}
"""
    assert places(text) == []


def test_a_reason_once_for_a_file() -> None:
    common = "// SAFETY, for all blocks below: the CPU has it,\n// as the token says.\n"
    body = "fn f() {\n    // SAFETY: see above.\n    unsafe { g() }\n}\n"
    assert places(common + body) == [("block", "fn f", "see above.")]
    assert unsafety.for_the_file(common) == "the CPU has it, as the token says."
    assert places(body) == [("block", "fn f", "")]


@pytest.mark.parametrize(
    "text",
    [
        "fn f() {\n    unsafe { g() }\n}\n",
        "fn f() {\n    // SAFETY: of another statement.\n    h();\n    unsafe { g() }\n}\n",
        "fn f() {\n    // It is fine.\n    unsafe { g() }\n}\n",
        "unsafe impl Send for X {}\n",
        "/// Does.\nunsafe fn f() {}\n",
        '#[unsafe(no_mangle)]\nextern "C" fn f() {}\n',
    ],
)
def test_no_reason_is_refused(text: str) -> None:
    with pytest.raises(CiError, match="unsafe without a reason"):
        unsafety.without_reason(list(unsafety.of_file("src/x.rs", text)))


def test_every_word_of_the_sources_is_a_place() -> None:
    """Counted another way: `unsafe` in the sources, comments, strings, attributes and types of pointers aside."""
    by_file: dict[str, int] = {}
    for place in unsafety.places():
        by_file[place.file] = by_file.get(place.file, 0) + 1
    for crate in unsafety.CRATES:
        for path in (ROOT / crate).rglob("*.rs"):
            code = re.sub(r"//[^\n]*|\"(?:\\.|[^\"\\])*\"", "", path.read_text(encoding="utf-8"))
            words = re.findall(r"\bunsafe\b(?!\s+(?:extern\s*)?fn\s*\()", code)
            assert len(words) == by_file.get(path.relative_to(ROOT).as_posix(), 0), path


def test_the_list_is_that_of_the_sources() -> None:
    found = list(unsafety.places())
    unsafety.without_reason(found)
    unsafety.compare(unsafety.written(found))


def test_a_stale_list_is_refused() -> None:
    found = list(unsafety.places())
    with pytest.raises(CiError, match="does not list what is unsafe now") as refused:
        unsafety.compare(unsafety.written(found[1:]))
    assert refused.value.found.startswith(("+ |", "- |", "- -", "+ -"))
