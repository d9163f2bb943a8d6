/*
 * joint_waves.c - one loop, compiled for three widths of vectors. Compiled without contraction of
 * products and sums (monitors/CMakeLists.txt), so that each gives the same bits.
 */
#include "joint_waves.h"

#include "joint_space.h"

/* sin(2 pi x) for |x| <= 1/4: Taylor's series to the 13th power, wrong by less than 1e-9, where
 * 1e-6 is the unit that is counted. Plain products: the loop vectorises, and every libm counts
 * alike. */
static inline double sine_of_turn(double x)
{
    double y = x * x, sum = 3.8199525848482803;
    sum = sum * y - 15.094642576822984;
    sum = sum * y + 42.058693944897650;
    sum = sum * y - 76.705859753061360;
    sum = sum * y + 81.605249276075040;
    sum = sum * y - 41.341702240399755;
    sum = sum * y + 6.283185307179586;
    return sum * x;
}

/* Both folded onto the quarter turn around 0. */
__attribute__((always_inline)) static inline void add(const double *restrict turns, size_t n_rows,
                                                      size_t n_waves, double *restrict cosines,
                                                      double *restrict sines)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t k = 0; k < n_waves; k++) {
            double turn = turns[i * n_waves + k], part = turn - joint_round(turn, 1.0);
            double from_quarter = 0.25 - fabs(part);
            double sine = copysign(sine_of_turn(0.25 - fabs(from_quarter)), part);
            cosines[k] += joint_round(sine_of_turn(from_quarter), JOINT_WAVE_UNITS);
            sines[k] += joint_round(sine, JOINT_WAVE_UNITS);
        }
}

void joint_waves_add_plain(const double *turns, size_t n_rows, size_t n_waves, double *cosines,
                           double *sines)
{
    add(turns, n_rows, n_waves, cosines, sines);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void add_avx2(const double *turns, size_t n_rows,
                                                     size_t n_waves, double *cosines, double *sines)
{
    add(turns, n_rows, n_waves, cosines, sines);
}

__attribute__((target("avx512f,avx512dq,prefer-vector-width=512"))) static void
add_avx512(const double *turns, size_t n_rows, size_t n_waves, double *cosines, double *sines)
{
    add(turns, n_rows, n_waves, cosines, sines);
}

void joint_waves_add(const double *turns, size_t n_rows, size_t n_waves, double *cosines,
                     double *sines)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        add_avx512(turns, n_rows, n_waves, cosines, sines);
    else if (__builtin_cpu_supports("avx2"))
        add_avx2(turns, n_rows, n_waves, cosines, sines);
    else
        add(turns, n_rows, n_waves, cosines, sines);
}
#else
void joint_waves_add(const double *turns, size_t n_rows, size_t n_waves, double *cosines,
                     double *sines)
{
    add(turns, n_rows, n_waves, cosines, sines);
}
#endif
