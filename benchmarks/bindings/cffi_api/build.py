"""cffi in API mode: writes the C of a module that calls the library; a compiler then holds the declarations to its header."""

from __future__ import annotations

import sys

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    int64_t add(int64_t a, int64_t b);
    double dot(const double *a, const double *b, size_t n);
    double total(const double *x, size_t n);
""")
ffi.set_source("_loops", '#include "loops.h"')

if __name__ == "__main__":
    ffi.emit_c_code(sys.argv[1])  # ffi.compile() would start setuptools, with flags of its own
