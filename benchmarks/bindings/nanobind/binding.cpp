// What a call costs with nanobind, arguments by position: with names for them it takes a longer way.

#include <cstdint>

#include <nanobind/nanobind.h>

namespace nb = nanobind;

NB_MODULE(binding, module)
{
    module.def("add", [](std::int64_t a, std::int64_t b) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    });
    module.def("nothing", [](nb::handle, nb::handle) {});
}
