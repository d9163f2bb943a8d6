/*
 * sweep_avx512.c - the inner loops of a sweep, eight cells at a time; compiled function by function
 * for processors with AVX-512, chosen at run time.
 */
#ifdef __x86_64__

#include <immintrin.h>
#include <math.h>

#include "sweep_path.h"

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))
#define INLINE TARGET __attribute__((always_inline)) static inline

#define LANES 8
#define PSEUDO_ROWS 0.5 /* as mon_distance_psi, and hellinger of statistic.c */

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

/* Lanes that are left of n from i on. */
INLINE __mmask8 lanes_left(size_t n, size_t i)
{
    return n - i >= LANES ? 0xff : (__mmask8)((1u << (n - i)) - 1);
}

/* Each lane and those before it: by one, by two, by four. */
INLINE __m512i cumulate_lanes(__m512i x)
{
    const __m512i zero = _mm512_setzero_si512();
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 7));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 6));
    return _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 4));
}

static TARGET void cumulate(const uint64_t *counts, size_t n, double *below)
{
    const __m512i last = _mm512_set1_epi64(7);
    __m512i before = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += LANES) {
        __mmask8 left = lanes_left(n, i);
        __m512i sums = cumulate_lanes(_mm512_maskz_loadu_epi64(left, counts + i));
        sums = _mm512_add_epi64(sums, before);
        _mm512_mask_storeu_pd(below + i, left, _mm512_cvtepu64_pd(sums));
        before = _mm512_permutexvar_epi64(last, sums);
    }
}

/* The distances of the shares of eight cells, with signs; 0 in lanes that are not there. */
INLINE __m512d distances(const struct sweep_below *b, size_t i, __mmask8 left)
{
    __m512d per_reference = _mm512_set1_pd(1.0 / b->n_reference);
    __m512d per_window = _mm512_set1_pd(1.0 / b->n_window);
    __m512d r = _mm512_maskz_loadu_pd(left, b->reference + i);
    __m512d w = _mm512_maskz_loadu_pd(left, b->window + i);
    return _mm512_fmsub_pd(w, per_window, _mm512_mul_pd(r, per_reference));
}

static TARGET double ks(const struct sweep_below *b)
{
    __m512d largest = _mm512_setzero_pd();
    for (size_t i = 0; i < b->n; i += LANES)
        largest = _mm512_max_pd(largest, _mm512_abs_pd(distances(b, i, lanes_left(b->n, i))));
    return _mm512_reduce_max_pd(largest);
}

/* The reference's rows in eight cells; before the first cell are none. */
INLINE __m512d rows_of(const struct sweep_below *b, size_t i, __mmask8 left)
{
    __mmask8 before = i > 0 ? left : left & 0xfe;
    return _mm512_sub_pd(_mm512_maskz_loadu_pd(left, b->reference + i),
                         _mm512_maskz_loadu_pd(before, b->reference + i - 1));
}

static TARGET double cramer_von_mises(const struct sweep_below *b)
{
    __m512d sum = _mm512_setzero_pd();
    for (size_t i = 0; i < b->n; i += LANES) {
        __mmask8 left = lanes_left(b->n, i);
        __m512d d = distances(b, i, left);
        sum = _mm512_fmadd_pd(_mm512_mul_pd(d, d), rows_of(b, i, left), sum);
    }
    return _mm512_reduce_add_pd(sum) / b->n_reference;
}

static TARGET double wasserstein(const struct sweep_below *b, const double *widths)
{
    __m512d area = _mm512_setzero_pd();
    for (size_t i = 0; i < b->n; i += LANES) {
        __mmask8 left = lanes_left(b->n, i);
        area = _mm512_fmadd_pd(_mm512_maskz_loadu_pd(left, widths + i),
                               _mm512_abs_pd(distances(b, i, left)), area);
    }
    return _mm512_reduce_add_pd(area);
}

/*
 * Natural logarithm of normal numbers > 0: x = 2^k m with m in 0.75..1.5, and with s = (m - 1) /
 * (m + 1), |s| <= 0.2, log m = 2 (s + s^3/3 + s^5/5 + ...), whose first term left out is below
 * 2^-58 of the sum. Good to 2 units in the last place.
 */
INLINE __m512d logarithm(__m512d x)
{
    const __m512d one = _mm512_set1_pd(1.0), ln2 = _mm512_set1_pd(M_LN2);
    __m512d m = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
    __m512d k = _mm512_getexp_pd(x);
    k = _mm512_mask_add_pd(k, _mm512_cmp_pd_mask(m, one, _CMP_LT_OQ), k, one);
    __m512d s = _mm512_div_pd(_mm512_sub_pd(m, one), _mm512_add_pd(m, one));
    __m512d square = _mm512_mul_pd(s, s), series = _mm512_set1_pd(1.0 / 23.0);
    for (int odd = 21; odd >= 3; odd -= 2)
        series = _mm512_fmadd_pd(series, square, _mm512_set1_pd(1.0 / odd));
    __m512d twice = _mm512_add_pd(s, s);
    series = _mm512_fmadd_pd(_mm512_mul_pd(series, square), twice, twice);
    return _mm512_fmadd_pd(k, ln2, series);
}

static TARGET double psi(const struct sweep_pair *p)
{
    const __m512d pseudo = _mm512_set1_pd(PSEUDO_ROWS);
    unsigned occupied = 0;
    for (size_t i = 0; i < p->n; i++)
        occupied += p->reference[i] > 0.0 || p->window[i] > 0.0;
    const __m512d per_reference = _mm512_set1_pd(1.0 / (p->n_reference + PSEUDO_ROWS * occupied));
    const __m512d per_window = _mm512_set1_pd(1.0 / (p->n_window + PSEUDO_ROWS * occupied));
    __m512d sum = _mm512_setzero_pd();
    for (size_t i = 0; i < p->n; i += LANES) {
        __mmask8 left = lanes_left(p->n, i);
        __m512d r = _mm512_maskz_loadu_pd(left, p->reference + i);
        __m512d w = _mm512_maskz_loadu_pd(left, p->window + i);
        __mmask8 some = _mm512_cmp_pd_mask(_mm512_add_pd(r, w), _mm512_setzero_pd(), _CMP_GT_OQ);
        r = _mm512_mul_pd(_mm512_add_pd(r, pseudo), per_reference);
        w = _mm512_mul_pd(_mm512_add_pd(w, pseudo), per_window);
        __m512d index = _mm512_mul_pd(_mm512_sub_pd(w, r), logarithm(_mm512_div_pd(w, r)));
        sum = _mm512_mask_add_pd(sum, some, sum, index);
    }
    return _mm512_reduce_add_pd(sum);
}

/* p log(p / m), 0 for p = 0. */
INLINE __m512d against(__m512d p, __m512d m)
{
    __mmask8 some = _mm512_cmp_pd_mask(p, _mm512_setzero_pd(), _CMP_GT_OQ);
    __m512d ratio = _mm512_mask_div_pd(_mm512_set1_pd(1.0), some, p, m);
    return _mm512_mul_pd(p, logarithm(ratio));
}

static TARGET double js(const struct sweep_pair *p)
{
    const __m512d per_reference = _mm512_set1_pd(1.0 / p->n_reference);
    const __m512d per_window = _mm512_set1_pd(1.0 / p->n_window);
    __m512d sum = _mm512_setzero_pd();
    for (size_t i = 0; i < p->n; i += LANES) {
        __mmask8 left = lanes_left(p->n, i);
        __m512d r = _mm512_mul_pd(_mm512_maskz_loadu_pd(left, p->reference + i), per_reference);
        __m512d w = _mm512_mul_pd(_mm512_maskz_loadu_pd(left, p->window + i), per_window);
        __m512d m = _mm512_mul_pd(_mm512_add_pd(r, w), _mm512_set1_pd(0.5));
        sum = _mm512_add_pd(sum, _mm512_add_pd(against(r, m), against(w, m)));
    }
    double divergence = 0.5 * M_LOG2E * _mm512_reduce_add_pd(sum);
    return sqrt(fmin(fmax(divergence, 0.0), 1.0));
}

/* Shares of eight cells, half a row added to each. */
INLINE __m512d smoothed(const double *counts, __mmask8 left, double per_row)
{
    __m512d rows = _mm512_maskz_loadu_pd(left, counts);
    rows = _mm512_maskz_add_pd(left, rows, _mm512_set1_pd(PSEUDO_ROWS));
    return _mm512_mul_pd(rows, _mm512_set1_pd(per_row));
}

static TARGET double hellinger(const struct sweep_pair *p)
{
    double per_reference = 1.0 / (p->n_reference + PSEUDO_ROWS * (double)p->n);
    double per_window = 1.0 / (p->n_window + PSEUDO_ROWS * (double)p->n);
    __m512d sum = _mm512_setzero_pd();
    for (size_t i = 0; i < p->n; i += LANES) {
        __mmask8 left = lanes_left(p->n, i);
        __m512d r = _mm512_sqrt_pd(smoothed(p->reference + i, left, per_reference));
        __m512d w = _mm512_sqrt_pd(smoothed(p->window + i, left, per_window));
        __m512d apart = _mm512_sub_pd(w, r);
        sum = _mm512_fmadd_pd(apart, apart, sum);
    }
    return sqrt(0.5 * _mm512_reduce_add_pd(sum));
}

const struct sweep_path sweep_avx512 = {
    "avx512", supported, cumulate, ks, cramer_von_mises, wasserstein, psi, js, hellinger};

#endif
