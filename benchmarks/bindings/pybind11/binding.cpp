// pybind11: C++ functions are given to it, and their types say what they take. A buffer says its format at run time.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

static double added(const double *x, std::size_t count)
{
    double sum = 0;
    for (std::size_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}

static double multiplied(const double *a, const double *b, std::size_t count)
{
    double sum = 0;
    for (std::size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

// Holds a buffer that is one contiguous row of float64.
struct Row {
    py::buffer_info info;
    const double *data;
    std::size_t length;

    explicit Row(const py::buffer &source) : info(source.request()), data(static_cast<const double *>(info.ptr)), length(info.size)
    {
        if (!info.item_type_is_equivalent_to<double>() || info.ndim != 1 || info.strides[0] != sizeof(double))
            throw py::type_error("one contiguous row of float64 is taken");
    }
};

static double dot(const py::buffer &a, const py::buffer &b)
{
    const Row first(a), second(b);
    if (first.length != second.length)
        throw py::value_error("the lengths differ");
    py::gil_scoped_release released;
    return multiplied(first.data, second.data, first.length);
}

static double dot_of_lists(const std::vector<double> &a, const std::vector<double> &b)
{
    if (a.size() != b.size())
        throw py::value_error("the lengths differ");
    py::gil_scoped_release released;
    return multiplied(a.data(), b.data(), a.size());
}

static double total(const py::buffer &x, std::size_t count)
{
    const Row row(x);
    py::gil_scoped_release released;
    return added(row.data, std::min(count, row.length));
}

static double total_of_copy(const py::buffer &x, std::size_t count)
{
    const Row row(x);
    py::gil_scoped_release released;
    const std::vector<double> own(row.data, row.data + row.length);
    return added(own.data(), std::min(count, own.size()));
}

PYBIND11_MODULE(binding, module, py::mod_gil_not_used())
{
    module.def("add", [](std::int64_t a, std::int64_t b) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    });
    module.def("dot", &dot);
    module.def("dot_of_lists", &dot_of_lists);
    module.def("total", &total);
    module.def("total_of_copy", &total_of_copy);
}
