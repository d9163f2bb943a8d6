/*
 * fit.c - the training loop. All rows are uploaded once; an epoch uploads its order of rows and
 * gathers batch after batch on the backend. Nothing is allocated inside the loop.
 */
#include "trainer/fit.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trainer/network.h"

#define EVALUATE_ROWS 1024 /* a pass of the validation set; more only costs memory */
#define RATE_FLOOR 0.02    /* of the learning rate, at the last epoch */
#define BETTER_BY                                                                                  \
    1e-6 /* relative; less is noise of float32 and would postpone the stop for ever                \
          */

struct trainer_data { /* on the backend */
    float *x, *y, *weight;
    uint32_t *order;
    float *batch_x, *batch_y, *batch_weight;
};

struct fit {
    const struct compute *c;
    const struct fit_problem *problem;
    const struct fit_options *o;
    struct network *network;
    struct trainer_data d;
    uint32_t *order; /* on the host, n_train */
    struct rng rng;
    double best;
    int since_best;
};

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- set up ---- */

static void *alloc_filled(const struct compute *c, const void *from, size_t count, size_t size,
                          size_t n_columns)
{
    if (n_columns && count > SIZE_MAX / size / n_columns) {
        return NULL;
    }
    size_t size_bytes = count * n_columns * size;
    void *memory = c->ops->alloc(c->ctx, size_bytes);
    if (memory && from) {
        c->ops->upload(c->ctx, memory, from, size_bytes);
    }
    return memory;
}

static bool upload_rows(struct fit *f)
{
    const struct fit_problem *p = f->problem;
    struct trainer_data *d = &f->d;
    size_t n = p->n_train + p->n_validation, batch = (size_t)f->o->batch;
    d->x = alloc_filled(f->c, p->x, n, sizeof(float), p->n_columns);
    d->y = alloc_filled(f->c, p->y, n, sizeof(float), 1);
    d->weight = alloc_filled(f->c, p->weight, n, sizeof(float), 1);
    d->order = alloc_filled(f->c, NULL, p->n_train, sizeof(uint32_t), 1);
    d->batch_x = alloc_filled(f->c, NULL, batch, sizeof(float), p->n_columns);
    d->batch_y = alloc_filled(f->c, NULL, batch, sizeof(float), 1);
    d->batch_weight = alloc_filled(f->c, NULL, batch, sizeof(float), 1);
    f->order = malloc(p->n_train * sizeof *f->order);
    return d->x && d->y && d->weight && d->order && d->batch_x && d->batch_y && d->batch_weight &&
           f->order;
}

static void fit_deinit(struct fit *f)
{
    void *all[] = {f->d.x,       f->d.y,       f->d.weight,      f->d.order,
                   f->d.batch_x, f->d.batch_y, f->d.batch_weight};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i]) {
            f->c->ops->release(f->c->ctx, all[i]);
        }
    }
    network_free(f->network);
    free(f->order);
}

static enum err_code fit_init(struct fit *f, const struct predictor *p, struct err *e)
{
    const struct fit_problem *problem = f->problem;
    if (problem->n_train == 0 || problem->n_train > UINT32_MAX || problem->n_validation == 0) {
        return err_set(e, ERR_INVALID, "cannot fit with %zu training and %zu validation rows",
                       problem->n_train, problem->n_validation);
    }
    size_t max_rows = max_size((size_t)f->o->batch, EVALUATE_ROWS);
    enum err_code code = network_new(f->c, p, problem->loss, max_rows, &f->network, e);
    if (code) {
        return code;
    }
    if (!upload_rows(f)) {
        return err_set(e, ERR_NOMEM, "out of memory on backend %s for %zu rows of %zu columns",
                       f->c->ops->name, problem->n_train + problem->n_validation,
                       problem->n_columns);
    }
    for (size_t i = 0; i < problem->n_train; i++) {
        f->order[i] = (uint32_t)i;
    }
    rng_seed(&f->rng, f->o->seed);
    f->best = INFINITY;
    return ERR_OK;
}

/* ---- one epoch ---- */

static void shuffle(struct fit *f)
{
    for (size_t i = f->problem->n_train; i > 1; i--) {
        size_t j = rng_below(&f->rng, i);
        uint32_t t = f->order[i - 1];
        f->order[i - 1] = f->order[j];
        f->order[j] = t;
    }
    f->c->ops->upload(f->c->ctx, f->d.order, f->order, f->problem->n_train * sizeof *f->order);
}

static struct network_batch gather(struct fit *f, size_t from, size_t n_rows)
{
    const struct compute_ops *ops = f->c->ops;
    const uint32_t *index = f->d.order + from;
    ops->gather_rows(f->c->ctx, f->d.batch_x, f->d.x, index, n_rows, f->problem->n_columns);
    ops->gather_rows(f->c->ctx, f->d.batch_y, f->d.y, index, n_rows, 1);
    ops->gather_rows(f->c->ctx, f->d.batch_weight, f->d.weight, index, n_rows, 1);
    return (struct network_batch){n_rows, f->d.batch_x, f->d.batch_y, f->d.batch_weight};
}

static double train_epoch(struct fit *f, double rate)
{
    size_t n = f->problem->n_train, batch = (size_t)f->o->batch;
    shuffle(f);
    for (size_t i = 0; i < n; i += batch) {
        struct network_batch b = gather(f, i, min_size(batch, n - i));
        network_backward(f->network, &b);
        network_update(f->network, rate, f->o->l2);
    }
    return network_take_loss(f->network) / (double)n;
}

static double validation_loss(struct fit *f)
{
    const struct fit_problem *p = f->problem;
    for (size_t i = 0; i < p->n_validation; i += EVALUATE_ROWS) {
        size_t row = p->n_train + i;
        struct network_batch b = {min_size(EVALUATE_ROWS, p->n_validation - i),
                                  f->d.x + row * p->n_columns, f->d.y + row, f->d.weight + row};
        network_evaluate(f->network, &b);
    }
    return network_take_loss(f->network) / (double)p->n_validation;
}

/* Keeps the weights where they are the best so far; true where it is time to stop. */
static bool judge(struct fit *f, double loss, int epoch, struct fit_result *out)
{
    if (loss < f->best - BETTER_BY * fabs(f->best) || !isfinite(f->best)) {
        f->best = loss;
        f->since_best = 0;
        out->best_epoch = epoch;
        network_keep_best(f->network);
        return false;
    }
    return ++f->since_best >= f->o->patience;
}

static double rate_at(const struct fit_options *o, int epoch)
{
    double pi = acos(-1), done = o->epochs > 1 ? (epoch - 1) / (double)(o->epochs - 1) : 0;
    return o->learning_rate * (RATE_FLOOR + (1 - RATE_FLOOR) * (1 + cos(pi * done)) / 2);
}

static enum err_code check_loss(const struct fit *f, double loss, const char *which, int epoch,
                                struct err *e)
{
    enum err_code code = compute_sync(f->c, e);
    if (code || isfinite(loss)) {
        return code;
    }
    return err_set(e, ERR_INVALID,
                   "the %s loss became %s in epoch %d: the learning rate %g is too high for these "
                   "data, or a feature has extreme values (declare a clip)",
                   which, isnan(loss) ? "NaN" : "infinite", epoch, f->o->learning_rate);
}

static double rows_per_second(size_t rows, int64_t since_ns)
{
    int64_t ns = clock_mono_ns() - since_ns;
    return (double)rows * 1e9 / (double)(ns > 0 ? ns : 1);
}

static enum err_code run_epoch(struct fit *f, int epoch, bool *stop, struct fit_result *out,
                               struct err *e)
{
    int64_t began_ns = clock_mono_ns();
    struct train_progress p = {.epoch = epoch, .epochs = f->o->epochs};
    p.loss = train_epoch(f, rate_at(f->o, epoch));
    p.rows_per_second = rows_per_second(f->problem->n_train, began_ns);
    enum err_code code = check_loss(f, p.loss, "training", epoch, e);
    if (code) {
        return code;
    }
    p.validation_loss = validation_loss(f);
    code = check_loss(f, p.validation_loss, "validation", epoch, e);
    if (code) {
        return code;
    }
    *stop = judge(f, p.validation_loss, epoch, out);
    out->epochs_run = epoch;
    if (f->o->on_epoch) {
        f->o->on_epoch(&p, f->o->user);
    }
    return ERR_OK;
}

static void read_logits(struct fit *f, size_t n_out, float *logits)
{
    const struct fit_problem *p = f->problem;
    size_t n = p->n_train + p->n_validation;
    for (size_t i = 0; i < n; i += EVALUATE_ROWS) {
        size_t rows = min_size(EVALUATE_ROWS, n - i);
        const float *z = network_forward(f->network, f->d.x + i * p->n_columns, rows);
        f->c->ops->download(f->c->ctx, logits + i * n_out, z, rows * n_out * sizeof *logits);
    }
}

static enum err_code run_epochs(struct fit *f, struct fit_result *out, struct err *e)
{
    enum err_code code = ERR_OK;
    bool stop = false;
    if (f->o->warm) {
        double loss = validation_loss(f);
        code = check_loss(f, loss, "validation", 0, e);
        judge(f, loss, 0, out);
    }
    int64_t began_ns = clock_mono_ns();
    for (int epoch = 1; !code && !stop && epoch <= f->o->epochs; epoch++) {
        code = run_epoch(f, epoch, &stop, out, e);
    }
    out->rows_per_second = rows_per_second((size_t)out->epochs_run * f->problem->n_train, began_ns);
    return code;
}

enum err_code fit_run(const struct compute *c, const struct fit_problem *problem,
                      const struct fit_options *o, struct predictor *p, float *logits,
                      struct fit_result *out, struct err *e)
{
    struct fit f = {.c = c, .problem = problem, .o = o};
    struct fit_result result = {0};
    enum err_code code = fit_init(&f, p, e);
    if (!code) {
        code = run_epochs(&f, &result, e);
    }
    if (!code) {
        network_restore_best(f.network);
        network_get_weights(f.network, p);
        if (logits) {
            read_logits(&f, p->layers[p->n_layers - 1].n_out, logits);
        }
        code = compute_sync(c, e);
    }
    if (!code) {
        result.validation_loss = f.best;
        *out = result;
    }
    fit_deinit(&f);
    return code;
}
