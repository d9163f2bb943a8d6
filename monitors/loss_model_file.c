/*
 * loss_model_file.c - a loss model as safetensors, and back with every rule checked.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loss_model_state.h"

/* "loss/numbers": squared (0 or 1), base, spread, model variance, all cuts, all effects, their
 * variances, the bins' shares; "loss/first_cut": where each input's cuts begin, and the end. */
#define N_SCALARS 4
#define N_BY_EFFECT 3
#define MAX_INPUTS (SCHEMA_MAX_FEATURES + 1)
#define MAX_CUTS 10000000

static void tensor_name(const char *prefix, const char *what, char out[256])
{
    snprintf(out, 256, "%sloss/%s", prefix, what);
}

static size_t count_effects(size_t n_inputs, size_t n_cuts)
{
    return n_cuts + LOSS_EFFECTS_PER_INPUT * n_inputs;
}

static size_t count_numbers(size_t n_inputs, size_t n_cuts)
{
    return N_SCALARS + n_cuts + N_BY_EFFECT * count_effects(n_inputs, n_cuts);
}

static void fill(const struct mon_loss_model *m, double *numbers, int64_t *first_cut)
{
    size_t n_cuts = m->first_cut[m->n_inputs], n_effects = count_effects(m->n_inputs, n_cuts);
    const double scalars[N_SCALARS] = {m->squared, m->base, m->spread, m->model_variance};
    memcpy(numbers, scalars, sizeof scalars);
    numbers += N_SCALARS;
    memcpy(numbers, m->cuts, n_cuts * sizeof *numbers);
    numbers += n_cuts;
    memcpy(numbers, m->effects, n_effects * sizeof *numbers);
    memcpy(numbers + n_effects, m->variances, n_effects * sizeof *numbers);
    memcpy(numbers + 2 * n_effects, m->shares, n_effects * sizeof *numbers);
    for (size_t k = 0; k <= m->n_inputs; k++)
        first_cut[k] = (int64_t)m->first_cut[k];
}

enum err_code mon_loss_model_to_st(const struct mon_loss_model *m, const char *prefix,
                                   struct st_writer *w, void **keep, struct err *e)
{
    char name[256];
    size_t n_cuts = m->first_cut[m->n_inputs];
    size_t n = count_numbers(m->n_inputs, n_cuts);
    double *numbers = malloc((n + m->n_inputs + 1) * sizeof *numbers);
    *keep = numbers;
    if (numbers == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a loss model of %zu cuts", n_cuts);
    int64_t *first_cut = (int64_t *)(void *)(numbers + n);
    fill(m, numbers, first_cut);
    tensor_name(prefix, "numbers", name);
    enum err_code rc = st_writer_add(w, name, ST_F64, 1, (const int64_t[]){(int64_t)n}, numbers, e);
    if (rc != ERR_OK)
        return rc;
    tensor_name(prefix, "first_cut", name);
    return st_writer_add(w, name, ST_I64, 1, (const int64_t[]){(int64_t)m->n_inputs + 1}, first_cut,
                         e);
}

struct tensors {
    const double *numbers;
    const int64_t *first_cut;
    size_t n_inputs, n_cuts;
};

static enum err_code check_layout(const struct tensors *t, size_t n_numbers, struct err *e)
{
    if (t->first_cut[0] != 0)
        return err_set(e, ERR_INVALID, "loss/first_cut does not begin at 0");
    for (size_t k = 0; k < t->n_inputs; k++)
        if (t->first_cut[k + 1] < t->first_cut[k] || t->first_cut[k + 1] > MAX_CUTS)
            return err_set(e, ERR_INVALID, "loss/first_cut: input %zu ends at %lld", k,
                           (long long)t->first_cut[k + 1]);
    size_t expected = count_numbers(t->n_inputs, t->n_cuts);
    if (n_numbers != expected)
        return err_set(e, ERR_INVALID, "loss/numbers: expected %zu, found %zu", expected,
                       n_numbers);
    return ERR_OK;
}

static enum err_code check_numbers(const struct tensors *t, size_t n_numbers, struct err *e)
{
    for (size_t i = 0; i < n_numbers; i++)
        if (!isfinite(t->numbers[i]))
            return err_set(e, ERR_INVALID, "loss/numbers: number %zu is not finite", i);
    for (size_t i = 1; i < N_SCALARS; i++)
        if (t->numbers[i] < 0.0)
            return err_set(e, ERR_INVALID, "loss/numbers: number %zu is negative", i);
    if (t->numbers[0] != 0.0 && t->numbers[0] != 1.0)
        return err_set(e, ERR_INVALID, "loss/numbers: the first is neither 0 nor 1");
    const double *cuts = t->numbers + N_SCALARS;
    size_t n_effects = count_effects(t->n_inputs, t->n_cuts);
    for (size_t i = 0; i < 2 * n_effects; i++)
        if (cuts[t->n_cuts + n_effects + i] < 0.0)
            return err_set(e, ERR_INVALID, "loss/numbers: a variance or share is negative");
    for (size_t k = 0; k < t->n_inputs; k++)
        for (int64_t i = t->first_cut[k] + 1; i < t->first_cut[k + 1]; i++)
            if (!(cuts[i] > cuts[i - 1]))
                return err_set(e, ERR_INVALID, "loss/numbers: the cuts of input %zu do not rise",
                               k);
    return ERR_OK;
}

static enum err_code need_tensors(const struct st_file *f, const char *prefix, struct tensors *out,
                                  struct err *e)
{
    char name[256];
    const struct st_tensor *numbers, *first_cut;
    tensor_name(prefix, "numbers", name);
    enum err_code rc = st_need(f, name, ST_F64, 1, (const int64_t[]){-1}, &numbers, e);
    if (rc != ERR_OK)
        return rc;
    tensor_name(prefix, "first_cut", name);
    rc = st_need(f, name, ST_I64, 1, (const int64_t[]){-1}, &first_cut, e);
    if (rc != ERR_OK)
        return rc;
    int64_t n_inputs = first_cut->shape[0] - 1;
    if (n_inputs < 1 || n_inputs > MAX_INPUTS)
        return err_set(e, ERR_INVALID, "loss/first_cut: %lld inputs are out of range",
                       (long long)n_inputs);
    *out = (struct tensors){numbers->data, first_cut->data, (size_t)n_inputs, 0};
    if (out->first_cut[n_inputs] >= 0)
        out->n_cuts = (size_t)out->first_cut[n_inputs];
    rc = check_layout(out, (size_t)numbers->shape[0], e);
    return rc == ERR_OK ? check_numbers(out, (size_t)numbers->shape[0], e) : rc;
}

static void take(struct mon_loss_model *m, const struct tensors *t)
{
    const double *from = t->numbers + N_SCALARS;
    size_t n_effects = count_effects(t->n_inputs, t->n_cuts);
    m->squared = t->numbers[0] > 0.0;
    m->base = t->numbers[1];
    m->spread = t->numbers[2];
    m->model_variance = t->numbers[3];
    memcpy(m->cuts, from, t->n_cuts * sizeof *from);
    from += t->n_cuts;
    memcpy(m->effects, from, n_effects * sizeof *from);
    memcpy(m->variances, from + n_effects, n_effects * sizeof *from);
    memcpy(m->shares, from + 2 * n_effects, n_effects * sizeof *from);
    for (size_t k = 0; k <= t->n_inputs; k++)
        m->first_cut[k] = (size_t)t->first_cut[k];
}

enum err_code mon_loss_model_from_st(const struct st_file *f, const char *prefix,
                                     struct mon_loss_model **out, struct err *e)
{
    struct tensors t = {0};
    enum err_code rc = need_tensors(f, prefix, &t, e);
    if (rc != ERR_OK)
        return rc;
    struct mon_loss_model *m = loss_model_new(t.n_inputs, t.n_cuts);
    if (m == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a loss model of %zu cuts", t.n_cuts);
    take(m, &t);
    *out = m;
    return ERR_OK;
}
