# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Cython: Python with C's types; a view of a buffer checks its format and its dimensions, and loops over it become C."""

from array import array

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


def add(int64_t a, int64_t b):
    return <int64_t>(<uint64_t>a + <uint64_t>b)


def dot(const double[::1] a, const double[::1] b):
    if a.shape[0] != b.shape[0]:
        raise ValueError("the lengths differ")
    cdef double sum = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(a.shape[0]):
            sum += a[i] * b[i]
    return sum


def dot_of_lists(list a, list b):
    return dot(array("d", a), array("d", b))


cdef double added(const double *x, Py_ssize_t count) noexcept nogil:
    cdef double sum = 0
    cdef Py_ssize_t i
    for i in range(count):
        sum += x[i]
    return sum


def total(const double[::1] x, Py_ssize_t count):
    cdef double sum = 0
    count = min(count, x.shape[0])
    if count > 0:
        with nogil:
            sum = added(&x[0], count)
    return sum


def total_of_copy(const double[::1] x, Py_ssize_t count):
    cdef double sum = 0
    cdef Py_ssize_t size = x.shape[0] * sizeof(double)
    count = min(count, x.shape[0])
    if count <= 0:
        return sum
    cdef double *own = <double *>malloc(size)
    if own == NULL:
        raise MemoryError
    try:
        with nogil:
            memcpy(own, &x[0], size)
            sum = added(own, count)
    finally:
        free(own)
    return sum
