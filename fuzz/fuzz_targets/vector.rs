#![cfg_attr(fuzzing, no_main)]

hotkernels_fuzz::target!(vector);
