"""What runs the kernels and the extension under AddressSanitizer and ThreadSanitizer: compilers, interpreters, suppressions."""
