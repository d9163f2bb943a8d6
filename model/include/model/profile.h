/*
 * profile.h - the counting ruler: the reference lays a fixed grid per feature, everybody counts on
 * it.
 *
 * A ruler is made once, from the rows a version was fitted on, and travels in its artifact. A
 * profile is counts over a ruler: additive, mergeable, its exact difference is a window. It holds
 * no rows.
 *
 * Series: one per schema feature, then one per prediction output ("prediction", or
 * "prediction/CLASS"), then "class" (the class with the largest probability) for classifiers. A
 * numeric series has cells: underflow, the reference's range (an affine core over the bulk,
 * log-spaced tails, a cell of its own for a value that holds much of the reference), overflow; then
 * infinite and missing. A categorical one: the vocabulary, unseen, missing. pii features: present,
 * missing.
 *
 * Probabilities are laid over like any number, around the centre and scale of the reference's, with
 * tails that reach 0 and 1: a model whose scores all lie in 0..0.01 is seen as sharply as any
 * other.
 */
#ifndef MODEL_PROFILE_H
#define MODEL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "model/matrix.h"
#include "model/schema.h"
#include "model/vocabulary.h"

enum series_kind { SERIES_NUMERIC, SERIES_CATEGORICAL, SERIES_PRESENCE };

struct series {
    char name[SCHEMA_NAME_BYTES + 16];
    enum series_kind kind;
    bool prediction;   /* not a feature */
    size_t first_cell; /* in the counts of a profile */
    size_t n_cells;    /* all of them, the special ones included */
    /* numeric: n_cells = n_edges + 1 + 2. edges[i-1] <= x < edges[i] falls into cell i; cell 0 is
     * underflow, cell n_edges overflow (x >= the last edge), then infinite, then missing. A point
     * mass at v has the edges v and nextafter(v, inf). */
    size_t n_edges;
    const double *edges;
    /* categorical: codes 0..n_cells-3, unseen n_cells-2, missing n_cells-1. presence: present 0,
     * missing 1 */
    size_t infinite_cell, unseen_cell, missing_cell; /* SIZE_MAX where the kind has none */
    /* The reference's groups, for statistics of few bins (PSI): numeric, deciles as unions of
     * cells; categorical, every category of 1 % or more, and one group of the rarer. Special cells
     * have groups of their own, the last ones. Every numeric group but those holds some of the
     * reference. */
    size_t n_groups;          /* the special cells' included */
    const uint16_t *group_of; /* n_cells values, 0..n_groups-1 */
};

struct ruler {
    size_t n_series, n_features;
    size_t n_cells; /* of all series together */
    struct series *series;
};

struct ruler_options {
    size_t core_cells;       /* default 128 */
    size_t tail_cells;       /* a side; default 16 */
    size_t max_point_masses; /* default 16; a value holding >= 1 % of the reference gets its own
                                cell */
    size_t n_groups;         /* default 10 */
};
void ruler_options_init(struct ruler_options *o); /* the defaults */

/*
 * Lays the grid. codes: n_rows x n_features, row-major, categories as codes of v, NaN missing;
 * scores: n_rows x n_outputs, row-major, or NULL where there are no predictions. NaN and infinities
 * have no part in a grid: a constant series gets a cell for its value, one without a finite value
 * (or n_rows = 1) still gets a grid. Costs a sort of each column, of at most about 200,000 of its
 * rows. Copies what it needs of the schema and the vocabulary. ERR_INVALID: no rows, or options out
 * of range; ERR_NOMEM. *out is owned; free with ruler_free (NULL allowed). A ruler is read-only:
 * any thread.
 */
enum err_code ruler_fit(const struct schema *s, const struct vocabulary *v, const double *codes,
                        const float *scores, size_t n_rows, const struct ruler_options *o,
                        struct ruler **out, struct err *e);
void ruler_free(struct ruler *r);

/* What moments are kept of: finite values of numeric series. Shifted by the ruler's centre so that
 * offsets of 1e10 lose nothing; additive. A value more than a million core widths from the centre
 * is taken at that distance: a sum that once took in 1e30 has no digits left for the windows after
 * it. */
struct moments {
    double n, sum, sum_sq; /* of (x - shift) */
    double min, max; /* raw; +inf, -inf where n == 0; after a difference: of the longer stretch */
};

struct profile {
    const struct ruler *ruler; /* borrowed; outlives the profile */
    uint64_t n_rows;
    uint64_t *counts;        /* ruler->n_cells */
    struct moments *moments; /* ruler->n_series; unused for categorical */
};

/* An empty profile: all counts 0. *out is owned; free with profile_free (NULL allowed). ERR_NOMEM.
 */
enum err_code profile_new(const struct ruler *r, struct profile **out, struct err *e);
void profile_free(struct profile *p);
void profile_clear(struct profile *p); /* empty again */

/*
 * Counts n_rows rows and their scores. codes: n_rows x n_features, numbers as they are, categories
 * as codes of the vocabulary, NaN missing. scores: n_rows x n_outputs; NULL: there are none, which
 * counts them as missing. Both are borrowed for the call. n_rows = 0 changes nothing. -inf and +inf
 * count as infinite and take no part in moments; a category that is no code counts as unseen. A
 * float counts as the double of the same value.
 *
 * Uses the processor's vectors where it has those that the library knows (AVX-512), else plain C.
 * Guaranteed: the same rows in the same order give the same counts and, bit for bit, the same
 * moments on either path, from any layout and type, cut into any calls. Not thread-safe: one
 * profile per thread, merged when read.
 */
void profile_count_view(struct profile *p, const struct matrix_view *codes,
                        const struct matrix_view *scores, size_t n_rows);

/* The same for row-major doubles and their row-major scores (or NULL). */
void profile_count(struct profile *p, const double *codes, const float *scores, size_t n_rows);

/* dst += src, counts exactly. Both over the same ruler. */
void profile_merge(struct profile *dst, const struct profile *src);

/* dst -= earlier, counts exactly: what dst counted since it was like earlier. ERR_INVALID where any
 * count would be negative (dst is then unchanged). Both over the same ruler. Sums of moments are
 * differences of sums; min and max stay those of the longer stretch. */
enum err_code profile_subtract(struct profile *dst, const struct profile *earlier, struct err *e);

/* What a numeric series' moments are shifted by: the reference's median; 0 where it held nothing
 * finite. series < n_series. */
double series_shift(const struct ruler *r, size_t series);
/* NaN where n == 0. */
double moments_mean(const struct moments *m, double shift);
/* With n - 1; 0 where n < 2, and never negative. */
double moments_variance(const struct moments *m);
/* Where a value is counted, of the series' own cells; NaN is the missing cell of every kind. */
size_t series_cell(const struct series *s, double value);
/* Quantile q (taken into 0..1) of a numeric series' counts (n_cells), linear inside a cell;
 * underflow lies at the first edge, overflow at the last. NaN where nothing finite was counted or
 * the series is not numeric. */
double series_quantile(const struct series *s, const uint64_t *counts, double q);

/* One profile as tensors "<prefix>counts" (U64) and "<prefix>moments" (F64, n_series x 5) and
 * "<prefix>rows" (U64, 1): the profile is borrowed and must not change until the file is written;
 * *keep (may become NULL) is an owned buffer to free after that. prefix is at most 120 bytes.
 * Reading checks that every series counts every row once and that moments fit the counts:
 * ERR_PARSE, naming tensor and series; r is borrowed by *out, which is owned; free with
 * profile_free. */
enum err_code profile_to_st(const struct profile *p, const char *prefix, struct st_writer *w,
                            void **keep, struct err *e);
enum err_code profile_from_st(const struct st_file *f, const char *prefix, const struct ruler *r,
                              struct profile **out, struct err *e);

/* The ruler as tensors "ruler/..."; the series' names and kinds follow from schema and vocabulary.
 * *keep is owned and to be freed after the file was written. Reading checks edges, cores and
 * groups: ERR_PARSE, naming tensor and series; *out is owned; free with ruler_free. */
enum err_code ruler_to_st(const struct ruler *r, struct st_writer *w, void **keep, struct err *e);
enum err_code ruler_from_st(const struct st_file *f, const struct schema *s,
                            const struct vocabulary *v, struct ruler **out, struct err *e);

#endif
