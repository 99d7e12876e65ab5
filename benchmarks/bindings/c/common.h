// What the functions of more than one file here need.

static int two(const char *name, Py_ssize_t count)
{
    if (count == 2)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes 2 arguments, got %zd", name, count);
    return 0;
}

static int number(PyObject *argument, Py_ssize_t *value)
{
    *value = PyLong_AsSsize_t(argument);
    return !(*value == -1 && PyErr_Occurred());
}

static Py_ssize_t smaller(Py_ssize_t a, Py_ssize_t b)
{
    return a < b ? a : b;
}

static double added(const double *x, Py_ssize_t count)
{
    double sum = 0;
    for (Py_ssize_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}
