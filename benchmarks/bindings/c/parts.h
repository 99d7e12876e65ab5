// What takes a call apart, for benchmarks/calls.py.

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
