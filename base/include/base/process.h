/*
 * process.h - what every `main` does first, the same everywhere.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/*
 * Ignores SIGPIPE and sets umask 077. Where needs_blas is true, OPENBLAS_CORETYPE is
 * unset and the CPU has the AVX-512 instructions (F, CD, BW, DQ, VL) of OpenBLAS's SkylakeX kernels, sets
 * it and executes /proc/self/exe again (once): OpenBLAS reads the variable when it is loaded, so setting
 * it in main has no effect, and the release in Debian 12 does not recognise newer CPUs. In the same go
 * OPENBLAS_NUM_THREADS=1 where unset: our own workers run side by side, and OpenBLAS's threads do not
 * scale at our shapes. Returns normally when nothing is to do.
 */
void process_start(char **argv, int needs_blas);

#endif
