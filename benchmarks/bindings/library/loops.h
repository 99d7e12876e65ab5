// A library of C that knows nothing of Python: what ctypes and cffi call.

#ifndef LOOPS_H
#define LOOPS_H

#include <stddef.h>
#include <stdint.h>

// The sum of two integers, modulo 2^64.
int64_t add(int64_t a, int64_t b);

// The sum of the products, and the sum, of n numbers, in their order.
double dot(const double *a, const double *b, size_t n);
double total(const double *x, size_t n);

#endif
