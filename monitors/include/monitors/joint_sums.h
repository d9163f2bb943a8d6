/*
 * joint_sums.h - what a replica could count to see several features together: the Gram matrix of
 * the standardised features and their random-Fourier mean embedding. No rows are kept.
 *
 * A space is made once, from the reference's rows: which features are columns, each one's centre
 * and scale, the clip, the random waves. Sums are counted over a space; like a profile they merge
 * by addition, and the difference of two readings is the stretch between them.
 *
 * Columns. Every feature that is not pii: numeric ones as they are, categorical ones as the share
 * that their category had in the reference (a category it did not have: 0). Centre and scale are
 * mean and standard deviation of the reference's values, pulled in to clip_sd robust deviations of
 * the median first (inter-quantile range over the normal's; where the quartiles coincide a wider
 * range is taken), so that an outlier of the reference can widen nothing. A value of z = (x -
 * centre) / scale beyond +-clip_sd is taken there: one value of 1000 deviations moves the sums by
 * clip_sd squared at most. Missing and infinite values are z = 0 and counted apart.
 *
 * Exactness. z is rounded to multiples of 2^-10 (a thousandth of a deviation), the waves' numbers
 * to 2^-20: every sum is a whole number of tiny units, which doubles add without rounding up to
 * 2^29 rows of which each is at the default clip, or 2^33 ordinary ones. So sums do not depend on
 * the batches they were counted in nor on the matrix library, merging is associative, and
 * subtracting what was merged gives back the other part bit for bit.
 *
 * Does not: judge (joint.h). Any thread, but one writer to one struct mon_joint_sums.
 */
#ifndef MONITORS_JOINT_SUMS_H
#define MONITORS_JOINT_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "model/schema.h"

#define MON_JOINT_MAX_COLUMNS 256
#define MON_JOINT_MAX_WAVES 1024
#define MON_JOINT_MAX_CLIP_SD 16.0

struct mon_joint_space_options {
    bool categories;         /* categorical features too; default true */
    const char *const *only; /* borrowed names of features, NULL (default): all of them */
    size_t n_only;
    double clip_sd; /* default 4; 1 to MON_JOINT_MAX_CLIP_SD */
    size_t n_waves; /* random Fourier pairs (cosine, sine); default 128, 0: no embedding */
    double width;   /* of the Gaussian kernel that they stand for, in z; NaN (default): the median
                       distance of 500 of the reference's rows (median heuristic) */
    uint64_t seed;  /* of the waves and of that sample; default 1 */
};
void mon_joint_space_options_init(struct mon_joint_space_options *o);

struct mon_joint_space; /* read-only after it was made */

/*
 * codes: n_rows x schema->n_features, row-major, as vocabulary_encode writes them; n_rows >= 1.
 * ERR_INVALID: an option outside its range, no feature to use, no rows; ERR_LIMIT: more than
 * MON_JOINT_MAX_COLUMNS features (name those that matter in options.only). A constant or wholly
 * missing feature becomes a column whose z is 0 on the reference. Copies what it needs; *out is
 * owned; free with mon_joint_space_free. O(n_rows log n_rows) a feature.
 */
enum err_code mon_joint_space_fit(const struct schema *schema, const double *codes, size_t n_rows,
                                  const struct mon_joint_space_options *o,
                                  struct mon_joint_space **out, struct err *e);
void mon_joint_space_free(struct mon_joint_space *space);

size_t mon_joint_space_n_columns(const struct mon_joint_space *space);
size_t mon_joint_space_n_waves(const struct mon_joint_space *space);
double mon_joint_space_width(const struct mon_joint_space *space); /* NaN without waves */
/* The feature's name; view. */
const char *mon_joint_space_column(const struct mon_joint_space *space, size_t column);

/* codes (n_rows x schema->n_features, row-major) -> z (n_rows x n_columns, row-major, caller's
 * memory): exactly what is counted, for tests on rows (mmd.h, classifier_test.h). */
void mon_joint_space_encode(const struct mon_joint_space *space, const double *codes, size_t n_rows,
                            double *z);

struct mon_joint_sums; /* over a space, which is borrowed and outlives them */

/* Empty sums. *out is owned; free with mon_joint_sums_free. 8 x (columns x (columns + 2) + 2 waves)
 * bytes. */
enum err_code mon_joint_sums_new(const struct mon_joint_space *space, struct mon_joint_sums **out,
                                 struct err *e);
void mon_joint_sums_free(struct mon_joint_sums *s);
void mon_joint_sums_clear(struct mon_joint_sums *s);

/* Counts n_rows rows of codes, as mon_joint_space_fit takes them. Allocates nothing. */
void mon_joint_sums_count(struct mon_joint_sums *s, const double *codes, size_t n_rows);
/* dst += src. Both over the same space. */
void mon_joint_sums_merge(struct mon_joint_sums *dst, const struct mon_joint_sums *src);
/* dst -= earlier; ERR_INVALID where a count or a sum of squares would be negative (dst is then
 * unchanged). */
enum err_code mon_joint_sums_subtract(struct mon_joint_sums *dst,
                                      const struct mon_joint_sums *earlier, struct err *e);

uint64_t mon_joint_sums_rows(const struct mon_joint_sums *s);
/* Missing and infinite values of a column. */
uint64_t mon_joint_sums_missing(const struct mon_joint_sums *s, size_t column);
/* Mean of z, n_columns values, caller's memory; NaN without rows. */
void mon_joint_sums_mean(const struct mon_joint_sums *s, double *mean);
/* Covariance of z (divided by n - 1), n_columns x n_columns, caller's memory; 0 below two rows. */
void mon_joint_sums_covariance(const struct mon_joint_sums *s, double *covariance);
/* Means of the waves' cosines, then of their sines, 2 x n_waves values, caller's memory; NaN
 * without rows. */
void mon_joint_sums_embedding(const struct mon_joint_sums *s, double *embedding);

/* The space as tensors "joint/...", and back. The space is borrowed until the file is written;
 * *keep (may become NULL) is an owned buffer to free after that. Reading checks every number;
 * schema must be the one that the space was made with. */
enum err_code mon_joint_space_to_st(const struct mon_joint_space *space, struct st_writer *w,
                                    void **keep, struct err *e);
enum err_code mon_joint_space_from_st(const struct st_file *f, const struct schema *schema,
                                      struct mon_joint_space **out, struct err *e);

/* One sums as tensors "<prefix>rows", "missing" (U64), "sum", "gram", "waves" (F64), and back. The
 * sums are borrowed, unchanged, until the file is written. prefix: up to 100 bytes. Reading checks
 * that rows could have given these sums: bounds, symmetry, Cauchy-Schwarz. */
enum err_code mon_joint_sums_to_st(const struct mon_joint_sums *s, const char *prefix,
                                   struct st_writer *w, struct err *e);
enum err_code mon_joint_sums_from_st(const struct st_file *f, const char *prefix,
                                     const struct mon_joint_space *space,
                                     struct mon_joint_sums **out, struct err *e);

#endif
