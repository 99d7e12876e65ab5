// What a call costs in C: METH_FASTCALL, the quickest that CPython has for two arguments by position.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

static int two(const char *name, Py_ssize_t count)
{
    if (count == 2)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes 2 arguments, got %zd", name, count);
    return 0;
}

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

static PyObject *nothing(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    (void)args;
    if (!two("nothing", count))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *buffers(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (!two("buffers", count))
        return NULL;
    Py_buffer a, b;
    if (PyObject_GetBuffer(args[0], &a, PyBUF_FULL_RO) < 0)
        return NULL;
    if (PyObject_GetBuffer(args[1], &b, PyBUF_FULL_RO) < 0) {
        PyBuffer_Release(&a);
        return NULL;
    }
    PyBuffer_Release(&b);
    PyBuffer_Release(&a);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, "The sum of two integers of 64 bits, modulo 2^64."},
    {"nothing", (PyCFunction)(void (*)(void))nothing, METH_FASTCALL, "Takes two arguments and does nothing."},
    {"buffers", (PyCFunction)(void (*)(void))buffers, METH_FASTCALL, "Asks for two buffers and lets go of them."},
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
