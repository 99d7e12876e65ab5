from hotkernels._native import add
