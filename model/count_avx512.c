/*
 * count_avx512.c - counting eight columns at a time, one row of them after the other. Sapphire
 * Rapids, Zen 4 and what followed; compiled for them function by function, chosen at run time.
 * (Four columns at a time with AVX2 were tried: without mask registers they hardly beat plain C.)
 */
#ifdef __x86_64__

#include <immintrin.h>
#include <math.h>

#include "count.h"
#include "ruler_private.h"

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))
#define INLINE TARGET __attribute__((always_inline)) static inline

#define NOT_FINITE 0x99 /* fpclass: quiet and signalling NaN, both infinities */

/* A tile's numbers, and how its values are fetched: constant through the loop over its rows. */
struct lanes {
    __m512d low, high, inverse, shift, reach;
    __m256i first, elsewhere;
    __m512i offsets;    /* of the columns, in values */
    size_t ahead_bytes; /* of the same row of the next block */
    __mmask8 active, numeric;
    const struct count_tile *tile;
    struct profile *profile;
    uint64_t *counts; /* the profile's */
    const uint32_t *bins;
    const double *edges;
    unsigned n_steps, stepped;
};

struct sums {
    __m512d sum, sum_sq, min, max;
    __m256i n;
};

/* Values in tails, infinities, codes of no category: found when the rows are through, because how
 * many a row has is a branch that no processor could guess. */
struct others {
    size_t n;
    double values[TILE_LANES * (COUNT_ROWS + 1)]; /* a row is written whole */
    uint32_t lanes[TILE_LANES * (COUNT_ROWS + 1)];
};

enum fetch { ROWS_F32, ROWS_F64, STRIDED_F32, STRIDED_F64 };

INLINE struct lanes lanes_of(struct profile *p, const struct count_tile *t,
                             const struct matrix_view *x)
{
    const __m512i step = _mm512_set1_epi64((long long)x->column_stride);
    size_t value_bytes = x->f32 ? sizeof(float) : sizeof(double);
    return (struct lanes){
        .low = _mm512_loadu_pd(t->low),
        .high = _mm512_loadu_pd(t->high),
        .inverse = _mm512_loadu_pd(t->inverse),
        .shift = _mm512_loadu_pd(t->shift),
        .reach = _mm512_loadu_pd(t->reach),
        .first = _mm256_loadu_si256((const __m256i *)t->first),
        .elsewhere = _mm256_loadu_si256((const __m256i *)t->elsewhere),
        .offsets = _mm512_mullo_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), step),
        .ahead_bytes = COUNT_ROWS * x->row_stride * value_bytes,
        .active = (__mmask8)((1u << t->n_lanes) - 1),
        .numeric = (__mmask8)t->numeric,
        .tile = t,
        .profile = p,
        .counts = p->counts,
        .bins = ruler_private(p->ruler)->tables.bins,
        .edges = ruler_private(p->ruler)->tables.edges,
        .n_steps = t->n_steps,
        .stepped = t->stepped,
    };
}

/* Past the end is no harm: a prefetch of an address that is not there is dropped. */
INLINE void prefetch(const void *value, size_t ahead_bytes)
{
    _mm_prefetch((const char *)((uintptr_t)value + ahead_bytes), _MM_HINT_T0);
}

INLINE __m512d fetch(const struct lanes *l, const struct matrix_view *x, size_t row, enum fetch how)
{
    size_t at = row * x->row_stride;
    switch (how) {
    case ROWS_F32:
        prefetch(x->f32 + at, l->ahead_bytes);
        return _mm512_cvtps_pd(_mm256_maskz_loadu_ps(l->active, x->f32 + at));
    case ROWS_F64:
        prefetch(x->f64 + at, l->ahead_bytes);
        return _mm512_maskz_loadu_pd(l->active, x->f64 + at);
    case STRIDED_F32:
        return _mm512_cvtps_pd(_mm512_mask_i64gather_ps(_mm256_setzero_ps(), l->active, l->offsets,
                                                        x->f32 + at, sizeof(float)));
    case STRIDED_F64:
        return _mm512_mask_i64gather_pd(_mm512_setzero_pd(), l->active, l->offsets, x->f64 + at,
                                        sizeof(double));
    }
    return _mm512_setzero_pd();
}

INLINE void put_aside(struct others *o, __m512d x, __mmask8 which)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm512_storeu_pd(o->values + o->n, _mm512_maskz_compress_pd(which, x));
    _mm256_storeu_si256((__m256i *)(o->lanes + o->n), _mm256_maskz_compress_epi32(which, lanes));
    o->n += (size_t)__builtin_popcount(which);
}

INLINE __m256i of_lanes(const uint32_t *of_lane, __m256i lanes)
{
    return _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)of_lane), lanes);
}

/* Eight searches at once, each as grid_search: from, n: where an edge's cell is, how many edges. */
INLINE __m256i search(const double *edges, __m512d x, __m256i from, __m256i n)
{
    const __m256i one = _mm256_set1_epi32(1);
    for (__mmask8 open; (open = _mm256_test_epi32_mask(n, n)) != 0;) {
        __m256i half = _mm256_srli_epi32(_mm256_add_epi32(n, one), 1);
        __m256i at = _mm256_sub_epi32(_mm256_add_epi32(from, half), one);
        __m512d edge = _mm512_mask_i32gather_pd(x, open, at, edges, sizeof *edges);
        __mmask8 beyond = _mm512_mask_cmp_pd_mask(open, x, edge, _CMP_GE_OQ);
        from = _mm256_mask_add_epi32(from, beyond, from, half);
        n = _mm256_sub_epi32(n, half);
    }
    return from;
}

/* Numbers are searched for; infinities, and codes of no category, have one cell a lane. */
INLINE __m256i other_cells(const struct lanes *l, __m512d x, __m256i lanes)
{
    const struct count_tile *t = l->tile;
    __m512d low = _mm512_permutexvar_pd(_mm512_cvtepu32_epi64(lanes), l->low);
    __mmask8 below = _mm512_cmp_pd_mask(x, low, _CMP_LT_OQ);
    __m256i from = of_lanes(t->above, lanes), n = of_lanes(t->n_above, lanes);
    from = _mm256_mask_mov_epi32(from, below, of_lanes(t->below, lanes));
    n = _mm256_mask_mov_epi32(n, below, of_lanes(t->n_below, lanes));
    __mmask8 infinite = _mm512_fpclass_pd_mask(x, NOT_FINITE);
    n = _mm256_mask_mov_epi32(n, infinite, _mm256_setzero_si256());
    from = _mm256_mask_mov_epi32(from, infinite, of_lanes(t->other, lanes));
    return search(l->edges, x, from, n);
}

/* They were counted as missing, so that all lanes of a row count somewhere. */
static TARGET void count_others(const struct lanes *l, const struct others *o)
{
    for (size_t i = 0; i < o->n; i += TILE_LANES) {
        uint32_t cells[TILE_LANES];
        _mm256_storeu_si256((__m256i *)cells,
                            other_cells(l, _mm512_loadu_pd(o->values + i),
                                        _mm256_loadu_si256((const __m256i *)(o->lanes + i))));
        size_t n = o->n - i < TILE_LANES ? o->n - i : TILE_LANES;
        for (size_t k = 0; k < n; k++) {
            l->counts[l->tile->missing[o->lanes[i + k]]]--;
            l->counts[cells[k]]++;
        }
    }
}

INLINE void add_moments(const struct lanes *l, struct sums *s, __m512d x, __mmask8 finite)
{
    __m512d d = _mm512_sub_pd(x, l->shift);
    d = _mm512_max_pd(d, _mm512_sub_pd(_mm512_setzero_pd(), l->reach));
    d = _mm512_min_pd(d, l->reach);
    s->sum = _mm512_mask_add_pd(s->sum, finite, s->sum, d);
    s->sum_sq = _mm512_mask_add_pd(s->sum_sq, finite, s->sum_sq, _mm512_mul_pd(d, d));
    s->min = _mm512_mask_min_pd(s->min, finite, x, s->min); /* the later of two equal zeros loses */
    s->max = _mm512_mask_max_pd(s->max, finite, x, s->max);
    s->n = _mm256_mask_add_epi32(s->n, finite, s->n, _mm256_set1_epi32(1));
}

/* Where the lane's bins have edges inside. A gather of eight table entries takes longer than eight
 * loads. */
INLINE uint32_t look_up(const struct lanes *l, uint32_t bin, double x)
{
    uint32_t cell = l->bins[bin];
    for (unsigned i = 0; i < l->n_steps; i++)
        cell += x >= l->edges[cell];
    return cell;
}

INLINE void count_row(const struct lanes *l, struct sums *s, struct others *o, __m512d x,
                      bool stepped, unsigned n_lanes)
{
    uint32_t cells[TILE_LANES];
    double values[TILE_LANES];
    __mmask8 finite = _knot_mask8(_mm512_fpclass_pd_mask(x, NOT_FINITE)) & l->active;
    __mmask8 present = _mm512_mask_cmp_pd_mask(l->active, x, x, _CMP_ORD_Q);
    __mmask8 core = _mm512_mask_cmp_pd_mask(present, x, l->low, _CMP_GE_OQ);
    core = _mm512_mask_cmp_pd_mask(core, x, l->high, _CMP_LT_OQ);
    __m512d bins = _mm512_mul_pd(_mm512_sub_pd(x, l->low), l->inverse);
    __m256i at = _mm256_add_epi32(_mm512_cvttpd_epi32(bins), l->first);
    _mm256_storeu_si256((__m256i *)cells, _mm256_mask_mov_epi32(l->elsewhere, core, at));
    if (stepped)
        _mm512_storeu_pd(values, x);
    if (present != core)
        put_aside(o, x, present ^ core);
    add_moments(l, s, x, finite & l->numeric);
    for (unsigned i = 0; i < n_lanes; i++)
        if (stepped && (l->stepped >> i & 1))
            l->counts[look_up(l, cells[i], values[i])]++;
        else
            l->counts[cells[i]]++;
}

INLINE void count_all(const struct lanes *l, struct sums *s, struct others *o,
                      const struct matrix_view *x, size_t n_rows, enum fetch how, bool stepped)
{
    if (l->tile->n_lanes == TILE_LANES) /* known, and unrolled */
        for (size_t i = 0; i < n_rows; i++)
            count_row(l, s, o, fetch(l, x, i, how), stepped, TILE_LANES);
    else
        for (size_t i = 0; i < n_rows; i++)
            count_row(l, s, o, fetch(l, x, i, how), stepped, l->tile->n_lanes);
}

INLINE void count_fetched(const struct lanes *l, struct sums *s, struct others *o,
                          const struct matrix_view *x, size_t n_rows, enum fetch how)
{
    if (l->stepped)
        count_all(l, s, o, x, n_rows, how, true);
    else
        count_all(l, s, o, x, n_rows, how, false);
}

static TARGET struct sums load_sums(const struct lanes *l)
{
    double sum[TILE_LANES] = {0}, sum_sq[TILE_LANES] = {0}, min[TILE_LANES] = {0};
    double max[TILE_LANES] = {0};
    for (unsigned i = 0; i < l->tile->n_lanes; i++) {
        const struct moments *m = &l->profile->moments[l->tile->first_series + i];
        sum[i] = m->sum;
        sum_sq[i] = m->sum_sq;
        min[i] = m->min;
        max[i] = m->max;
    }
    return (struct sums){.sum = _mm512_loadu_pd(sum),
                         .sum_sq = _mm512_loadu_pd(sum_sq),
                         .min = _mm512_loadu_pd(min),
                         .max = _mm512_loadu_pd(max),
                         .n = _mm256_setzero_si256()};
}

static TARGET void store_sums(const struct lanes *l, const struct sums *s)
{
    double sum[TILE_LANES], sum_sq[TILE_LANES], min[TILE_LANES], max[TILE_LANES];
    uint32_t n[TILE_LANES];
    _mm512_storeu_pd(sum, s->sum);
    _mm512_storeu_pd(sum_sq, s->sum_sq);
    _mm512_storeu_pd(min, s->min);
    _mm512_storeu_pd(max, s->max);
    _mm256_storeu_si256((__m256i *)n, s->n);
    for (unsigned i = 0; i < l->tile->n_lanes; i++) {
        struct moments *m = &l->profile->moments[l->tile->first_series + i];
        *m = (struct moments){
            .n = m->n + n[i], .sum = sum[i], .sum_sq = sum_sq[i], .min = min[i], .max = max[i]};
    }
}

static TARGET void count_tile(struct profile *p, const struct count_tile *t,
                              const struct matrix_view *x, size_t n_rows)
{
    struct lanes l = lanes_of(p, t, x);
    struct sums s = load_sums(&l);
    struct others others;
    others.n = 0;
    bool in_rows = x->column_stride == 1;
    if (x->f32 && in_rows)
        count_fetched(&l, &s, &others, x, n_rows, ROWS_F32);
    else if (x->f32)
        count_fetched(&l, &s, &others, x, n_rows, STRIDED_F32);
    else if (in_rows)
        count_fetched(&l, &s, &others, x, n_rows, ROWS_F64);
    else
        count_fetched(&l, &s, &others, x, n_rows, STRIDED_F64);
    store_sums(&l, &s);
    count_others(&l, &others);
}

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

const struct count_path count_avx512 = {"avx512", supported, count_tile};

#endif
