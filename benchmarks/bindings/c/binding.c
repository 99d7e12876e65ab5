// The C API itself, arguments by position: METH_FASTCALL, the quickest that CPython has for two of them.

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "common.h"
#include "dlpack.h"
#include "parts.h"

static PyObject *add(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (!two("add", count))
        return NULL;
    const long a = PyLong_AsLong(args[0]);
    if (a == -1 && PyErr_Occurred())
        return NULL;
    const long b = PyLong_AsLong(args[1]);
    if (b == -1 && PyErr_Occurred())
        return NULL;
    return PyLong_FromLong((long)((unsigned long)a + (unsigned long)b));
}

static double multiplied(const double *a, const double *b, Py_ssize_t count)
{
    double sum = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

// Fills in the view, which the caller lets go of, of a buffer that is one contiguous row of float64.
static int row(PyObject *source, Py_buffer *view)
{
    if (PyObject_GetBuffer(source, view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0)
        return 0;
    if (view->ndim == 1 && view->format != NULL && strcmp(view->format, "d") == 0)
        return 1;
    PyBuffer_Release(view);
    PyErr_SetString(PyExc_TypeError, "one contiguous row of float64 is taken");
    return 0;
}

static PyObject *dot(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_buffer a, b;
    if (!two("dot", count) || !row(args[0], &a))
        return NULL;
    if (!row(args[1], &b)) {
        PyBuffer_Release(&a);
        return NULL;
    }
    PyObject *result = NULL;
    if (a.len != b.len) {
        PyErr_SetString(PyExc_ValueError, "the lengths differ");
    } else {
        double sum;
        Py_BEGIN_ALLOW_THREADS
        sum = multiplied(a.buf, b.buf, a.shape[0]);
        Py_END_ALLOW_THREADS
        result = PyFloat_FromDouble(sum);
    }
    PyBuffer_Release(&b);
    PyBuffer_Release(&a);
    return result;
}

// The list's numbers in memory that the caller frees.
static double *copied(PyObject *list, Py_ssize_t *count)
{
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "a list is taken");
        return NULL;
    }
    *count = PyList_Size(list);
    double *own = PyMem_New(double, *count);
    if (own == NULL)
        return (double *)PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < *count; i++) {
        PyObject *item = PySequence_GetItem(list, i); // which fails if a number's __float__ made the list shorter
        own[i] = item == NULL ? -1 : PyFloat_AsDouble(item);
        Py_XDECREF(item);
        if (own[i] == -1 && PyErr_Occurred()) {
            PyMem_Free(own);
            return NULL;
        }
    }
    return own;
}

static PyObject *dot_of_lists(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_ssize_t m, n;
    double *a, *b;
    if (!two("dot_of_lists", count) || (a = copied(args[0], &m)) == NULL)
        return NULL;
    if ((b = copied(args[1], &n)) == NULL) {
        PyMem_Free(a);
        return NULL;
    }
    PyObject *result = NULL;
    if (m != n) {
        PyErr_SetString(PyExc_ValueError, "the lengths differ");
    } else {
        double sum;
        Py_BEGIN_ALLOW_THREADS
        sum = multiplied(a, b, n);
        Py_END_ALLOW_THREADS
        result = PyFloat_FromDouble(sum);
    }
    PyMem_Free(b);
    PyMem_Free(a);
    return result;
}

static PyObject *total(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_ssize_t wanted;
    Py_buffer x;
    if (!two("total", count) || !number(args[1], &wanted) || !row(args[0], &x))
        return NULL;
    double sum;
    Py_BEGIN_ALLOW_THREADS
    sum = added(x.buf, smaller(wanted, x.shape[0]));
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&x);
    return PyFloat_FromDouble(sum);
}

static PyObject *total_of_copy(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_ssize_t wanted;
    Py_buffer x;
    if (!two("total_of_copy", count) || !number(args[1], &wanted) || !row(args[0], &x))
        return NULL;
    double *own = PyMem_RawMalloc((size_t)x.len);
    PyObject *result = NULL;
    if (own == NULL) {
        PyErr_NoMemory();
    } else {
        double sum;
        Py_BEGIN_ALLOW_THREADS
        memcpy(own, x.buf, (size_t)x.len);
        sum = added(own, smaller(wanted, x.shape[0]));
        Py_END_ALLOW_THREADS
        PyMem_RawFree(own);
        result = PyFloat_FromDouble(sum);
    }
    PyBuffer_Release(&x);
    return result;
}

#define FAST(name, words) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, words}

static PyMethodDef functions[] = {
    FAST(add, "The sum of two integers of 64 bits, modulo 2^64."),
    FAST(dot, "The dot product of two buffers of float64."),
    FAST(dot_of_lists, "The dot product of two lists of float."),
    FAST(total, "The sum of the first numbers of a buffer of float64."),
    FAST(total_of_copy, "The same, of a copy of the buffer."),
    FAST(total_of_dlpack, "The same, of a DLPack tensor."),
    FAST(nothing, "Takes two arguments and does nothing."),
    FAST(buffers, "Asks for two buffers and lets go of them."),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "binding",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_binding(void)
{
    return PyModuleDef_Init(&definition);
}
