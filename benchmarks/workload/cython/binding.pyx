# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, freethreading_compatible=True
"""Cython: the loops that one writes in C, over views of the arrays, without the GIL."""

import numpy as np

from libc.math cimport sqrtf


def prepared(rows):
    return rows


cdef float dot(const float *a, const float *b, Py_ssize_t count) noexcept nogil:
    cdef float sum = 0
    cdef Py_ssize_t i
    for i in range(count):
        sum += a[i] * b[i]
    return sum


def cosines(const float[:, ::1] queries, const float[:, ::1] corpus, float[:, ::1] out):
    cdef Py_ssize_t i, j, count = corpus.shape[1]
    cdef float own
    if queries.shape[1] != count or out.shape[0] != queries.shape[0] or out.shape[1] != corpus.shape[0] or count == 0:
        raise ValueError("the shapes do not fit")
    cdef float[::1] norms = np.empty(corpus.shape[0], np.float32)
    with nogil:
        for j in range(corpus.shape[0]):
            norms[j] = sqrtf(dot(&corpus[j, 0], &corpus[j, 0], count))
        for i in range(queries.shape[0]):
            own = sqrtf(dot(&queries[i, 0], &queries[i, 0], count))
            for j in range(corpus.shape[0]):
                out[i, j] = dot(&queries[i, 0], &corpus[j, 0], count) / (own * norms[j])
