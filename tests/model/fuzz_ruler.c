/*
 * fuzz_ruler.c - ruler_from_st on a damaged ruler; where it is accepted, every path must count any
 * values over it alike.
 *
 * An input is a number of patches to a valid file (one byte, up to 63), the patches (offset of 32
 * bits, new value), and then doubles to count, row after row. Offsets with the top bit set count
 * from the end, where the numbers are.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "ruler_private.h"
#include "tiny_model.h"

#define N_FEATURES 11
#define N_REFERENCE 300
#define MAX_ROWS 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_json[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
    "{\"name\":\"b\",\"type\":\"numeric\"},{\"name\":\"c\",\"type\":\"numeric\"},"
    "{\"name\":\"d\",\"type\":\"numeric\"},{\"name\":\"e\",\"type\":\"numeric\"},"
    "{\"name\":\"f\",\"type\":\"numeric\"},{\"name\":\"g\",\"type\":\"numeric\"},"
    "{\"name\":\"h\",\"type\":\"numeric\"},{\"name\":\"i\",\"type\":\"numeric\"},"
    "{\"name\":\"city\",\"type\":\"categorical\"},"
    "{\"name\":\"ssn\",\"type\":\"numeric\",\"pii\":true}],"
    "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}";

static struct schema *schema;
static struct vocabulary *vocabulary;
static char *valid;
static size_t valid_len;

static void draw(double *codes)
{
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < N_REFERENCE; i++, codes += N_FEATURES) {
        double u = rng_uniform(&r);
        for (size_t f = 0; f < N_FEATURES; f++)
            codes[f] = rng_normal(&r);
        codes[1] = floor(6 * u);
        codes[2] = tan(M_PI * (u - 0.5));
        codes[3] = 7;
        codes[4] = NAN;
        codes[5] += 1e10;
        codes[6] = u < 0.5 ? 0 : codes[6];
        codes[9] = floor(2 * u);
    }
}

static void make_valid(void)
{
    static double codes[N_REFERENCE * N_FEATURES];
    static const char *const two[] = {"a", "b"};
    const char *const *categories[N_FEATURES] = {[9] = two};
    const size_t n_categories[N_FEATURES] = {[9] = 2};
    struct ruler_options o;
    struct ruler *r = NULL;
    struct st_writer *w = st_writer_new();
    void *keep = NULL, *bytes = NULL;
    draw(codes);
    ruler_options_init(&o);
    schema = tiny_schema(schema_json);
    if (w == NULL || vocabulary_new(schema, categories, n_categories, &vocabulary, NULL) ||
        ruler_fit(schema, vocabulary, codes, NULL, N_REFERENCE, &o, &r, NULL) ||
        ruler_to_st(r, w, &keep, NULL) || st_writer_memory(w, &bytes, &valid_len, NULL))
        abort();
    valid = bytes;
    free(keep);
    st_writer_free(w);
    ruler_free(r);
}

static void patch(char *bytes, const uint8_t *data, size_t n_patches)
{
    for (size_t i = 0; i < n_patches; i++, data += 5) {
        uint32_t at;
        memcpy(&at, data, sizeof at);
        if (at >> 31)
            bytes[valid_len - 1 - (at & 0x7fffffff) % valid_len] = (char)data[4];
        else
            bytes[at % valid_len] = (char)data[4];
    }
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void compare(const struct profile *a, const struct profile *b)
{
    if (memcmp(a->counts, b->counts, a->ruler->n_cells * sizeof *a->counts) != 0)
        abort();
    for (size_t i = 0; i < a->ruler->n_series; i++) {
        const struct moments *m = &a->moments[i], *n = &b->moments[i];
        if (!same(m->n, n->n) || !same(m->sum, n->sum) || !same(m->sum_sq, n->sum_sq) ||
            !same(m->min, n->min) || !same(m->max, n->max))
            abort();
    }
}

static void count(const struct ruler *r, const double *values, size_t n_rows)
{
    struct matrix_view rows = matrix_rows_f64(values, N_FEATURES);
    struct profile *plain = NULL, *best = NULL;
    if (profile_new(r, &plain, NULL) || profile_new(r, &best, NULL))
        abort();
    count_rows(&count_scalar, plain, &rows, NULL, n_rows);
    count_rows(count_best_path(), best, &rows, NULL, n_rows);
    compare(plain, best);
    profile_free(plain);
    profile_free(best);
}

static void count_all(const struct ruler *r, const uint8_t *data, size_t size)
{
    static double values[MAX_ROWS * N_FEATURES];
    size_t n_rows = size / (N_FEATURES * sizeof(double));
    n_rows = n_rows < MAX_ROWS ? n_rows : MAX_ROWS;
    memcpy(values, data, n_rows * N_FEATURES * sizeof(double));
    count(r, values, n_rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file *f = NULL;
    struct ruler *r = NULL;
    if (valid == NULL)
        make_valid();
    size_t n_patches = size > 0 ? data[0] % 64 : 0;
    if (size < 1 + 5 * n_patches)
        return 0;
    char *bytes = malloc(valid_len);
    memcpy(bytes, valid, valid_len);
    patch(bytes, data + 1, n_patches);
    if (st_open_memory(bytes, valid_len, &f, NULL) == ERR_OK) {
        if (ruler_from_st(f, schema, vocabulary, &r, NULL) == ERR_OK)
            count_all(r, data + 1 + 5 * n_patches, size - 1 - 5 * n_patches);
        ruler_free(r);
        st_close(f);
    }
    free(bytes);
    return 0;
}
