// nanobind: as pybind11, smaller. The type of an array says its format, its dimensions and where it lies; a buffer and a DLPack
// tensor are taken alike. Arguments are by position: with names for them a call takes a longer way.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

using Row = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

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

static double dot(const Row &a, const Row &b)
{
    if (a.size() != b.size())
        throw nb::value_error("the lengths differ");
    nb::gil_scoped_release released;
    return multiplied(a.data(), b.data(), a.size());
}

static double dot_of_lists(const std::vector<double> &a, const std::vector<double> &b)
{
    if (a.size() != b.size())
        throw nb::value_error("the lengths differ");
    nb::gil_scoped_release released;
    return multiplied(a.data(), b.data(), a.size());
}

static double total(const Row &x, std::size_t count)
{
    nb::gil_scoped_release released;
    return added(x.data(), std::min(count, x.size()));
}

static double total_of_copy(const Row &x, std::size_t count)
{
    nb::gil_scoped_release released;
    const std::vector<double> own(x.data(), x.data() + x.size());
    return added(own.data(), std::min(count, own.size()));
}

NB_MODULE(binding, module)
{
    module.def("add", [](std::int64_t a, std::int64_t b) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    });
    module.def("dot", &dot);
    module.def("dot_of_lists", &dot_of_lists);
    module.def("total", &total);
    module.def("total_of_copy", &total_of_copy);
    module.def("total_of_dlpack", &total);
    module.def("nothing", [](nb::handle, nb::handle) {});
}
