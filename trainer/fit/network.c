/*
 * network.c - backpropagation over compute_ops.
 *
 * All parameters lie in one array, weights of all layers first, then the biases, and gradients and
 * Adam's moments lie in arrays of the same form: an update is two calls, one with and one without
 * l2.
 */
#include "trainer/network.h"

#include <math.h>
#include <stdlib.h>

#define ADAM_BETA1 0.9
#define ADAM_BETA2 0.999
#define ADAM_EPSILON 1e-8F

struct network_layer {
    size_t n_in, n_out;
    size_t weights, bias; /* offsets into params and its likes */
    float *z;             /* max_rows x n_out: after bias (and ReLU, but for the last) */
};

struct network {
    const struct compute *c;
    enum compute_loss loss;
    size_t n_layers, n_weights, n_params, max_rows;
    struct network_layer *layers;
    float *params, *grads, *m, *v, *best;
    float
        *delta[2]; /* max_rows x widest layer: the loss's derivative by z, of two layers in turn */
    double *loss_sum;
    int64_t step;
};

static const struct compute_ops *ops_of(const struct network *n)
{
    return n->c->ops;
}

/* ---- memory ---- */

static void lay_out(struct network *n, const struct predictor *p)
{
    for (size_t i = 0; i < n->n_layers; i++) {
        n->layers[i].n_in = p->layers[i].n_in;
        n->layers[i].n_out = p->layers[i].n_out;
        n->layers[i].weights = n->n_weights;
        n->n_weights += p->layers[i].n_in * p->layers[i].n_out;
    }
    n->n_params = n->n_weights;
    for (size_t i = 0; i < n->n_layers; i++) {
        n->layers[i].bias = n->n_params;
        n->n_params += n->layers[i].n_out;
    }
}

static bool alloc_floats(struct network *n, float **out, size_t count)
{
    *out =
        count <= SIZE_MAX / sizeof **out ? ops_of(n)->alloc(n->c->ctx, count * sizeof **out) : NULL;
    return *out != NULL;
}

static bool alloc_all(struct network *n)
{
    float **params[] = {&n->params, &n->grads, &n->m, &n->v, &n->best};
    bool ok = true;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        ok = ok && alloc_floats(n, params[i], n->n_params);
    }
    size_t widest = 0;
    for (size_t i = 0; i < n->n_layers; i++) {
        struct network_layer *l = &n->layers[i];
        widest = l->n_out > widest ? l->n_out : widest;
        ok = ok && alloc_floats(n, &l->z, n->max_rows * l->n_out);
    }
    for (int i = 0; i < 2; i++) {
        ok = ok && alloc_floats(n, &n->delta[i], n->max_rows * widest);
    }
    n->loss_sum = ok ? ops_of(n)->alloc(n->c->ctx, sizeof *n->loss_sum) : NULL;
    return n->loss_sum != NULL;
}

static void release(struct network *n, void *memory)
{
    if (memory) {
        ops_of(n)->release(n->c->ctx, memory);
    }
}

void network_free(struct network *n)
{
    if (!n) {
        return;
    }
    void *all[] = {n->params, n->grads, n->m, n->v, n->best, n->delta[0], n->delta[1], n->loss_sum};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        release(n, all[i]);
    }
    for (size_t i = 0; n->layers && i < n->n_layers; i++) {
        release(n, n->layers[i].z);
    }
    free(n->layers);
    free(n);
}

static void put_weights(struct network *n, const struct predictor *p)
{
    for (size_t i = 0; i < n->n_layers; i++) {
        const struct network_layer *l = &n->layers[i];
        ops_of(n)->upload(n->c->ctx, n->params + l->weights, p->layers[i].weights,
                          l->n_in * l->n_out * sizeof(float));
        ops_of(n)->upload(n->c->ctx, n->params + l->bias, p->layers[i].bias,
                          l->n_out * sizeof(float));
    }
}

static void get_params(struct network *n, const float *from, struct predictor *p)
{
    for (size_t i = 0; i < n->n_layers; i++) {
        const struct network_layer *l = &n->layers[i];
        ops_of(n)->download(n->c->ctx, p->layers[i].weights, from + l->weights,
                            l->n_in * l->n_out * sizeof(float));
        ops_of(n)->download(n->c->ctx, p->layers[i].bias, from + l->bias, l->n_out * sizeof(float));
    }
}

enum err_code network_new(const struct compute *c, const struct predictor *p,
                          enum compute_loss loss, size_t max_rows, struct network **out,
                          struct err *e)
{
    struct network *n = calloc(1, sizeof *n);
    if (n) {
        *n = (struct network){.c = c, .loss = loss, .n_layers = p->n_layers, .max_rows = max_rows};
        n->layers = calloc(n->n_layers, sizeof *n->layers);
    }
    if (n && n->layers) {
        lay_out(n, p);
    }
    if (!n || !n->layers || !alloc_all(n)) {
        size_t n_params = n ? n->n_params : 0;
        network_free(n);
        return err_set(e, ERR_NOMEM,
                       "out of memory on backend %s for a network of %zu parameters, %zu rows",
                       c->ops->name, n_params, max_rows);
    }
    put_weights(n, p);
    *out = n;
    return ERR_OK;
}

void network_get_weights(struct network *n, struct predictor *p)
{
    get_params(n, n->params, p);
}

void network_get_gradients(struct network *n, struct predictor *p)
{
    get_params(n, n->grads, p);
}

void network_keep_best(struct network *n)
{
    ops_of(n)->copy(n->c->ctx, n->best, n->params, n->n_params * sizeof *n->best);
}

void network_restore_best(struct network *n)
{
    ops_of(n)->copy(n->c->ctx, n->params, n->best, n->n_params * sizeof *n->best);
}

/* ---- the passes ---- */

const float *network_forward(struct network *n, const float *x, size_t n_rows)
{
    for (size_t i = 0; i < n->n_layers; i++) {
        const struct network_layer *l = &n->layers[i];
        ops_of(n)->gemm(n->c->ctx, &(struct compute_gemm){.m = n_rows,
                                                          .n = l->n_out,
                                                          .k = l->n_in,
                                                          .a = x,
                                                          .b = n->params + l->weights,
                                                          .c = l->z});
        ops_of(n)->bias(n->c->ctx, l->z, n->params + l->bias, n_rows, l->n_out,
                        i + 1 < n->n_layers);
        x = l->z;
    }
    return x;
}

/* input: n_rows x n_in, delta: n_rows x n_out -> the layer's gradients. */
static void layer_gradients(struct network *n, const struct network_layer *l, const float *input,
                            const float *delta, size_t n_rows)
{
    ops_of(n)->gemm(n->c->ctx, &(struct compute_gemm){.transpose_a = true,
                                                      .m = l->n_in,
                                                      .n = l->n_out,
                                                      .k = n_rows,
                                                      .a = input,
                                                      .b = delta,
                                                      .c = n->grads + l->weights});
    ops_of(n)->column_sums(n->c->ctx, n->grads + l->bias, delta, n_rows, l->n_out);
}

/* delta of layer l -> delta of the layer below it, whose activations are below. */
static void delta_below(struct network *n, const struct network_layer *l, const float *delta,
                        const float *below, float *out, size_t n_rows)
{
    ops_of(n)->gemm(n->c->ctx, &(struct compute_gemm){.transpose_b = true,
                                                      .m = n_rows,
                                                      .n = l->n_in,
                                                      .k = l->n_out,
                                                      .a = delta,
                                                      .b = n->params + l->weights,
                                                      .c = out});
    ops_of(n)->relu_backward(n->c->ctx, out, below, n_rows * l->n_in);
}

void network_backward(struct network *n, const struct network_batch *b)
{
    const struct network_layer *last = &n->layers[n->n_layers - 1];
    const float *z = network_forward(n, b->x, b->n_rows);
    ops_of(n)->loss(n->c->ctx, n->loss, z, b->y, b->weight, b->n_rows, last->n_out, n->delta[0],
                    n->loss_sum);
    int now = 0;
    for (size_t i = n->n_layers; i-- > 0; now = 1 - now) {
        const float *input = i > 0 ? n->layers[i - 1].z : b->x;
        layer_gradients(n, &n->layers[i], input, n->delta[now], b->n_rows);
        if (i > 0) {
            delta_below(n, &n->layers[i], n->delta[now], input, n->delta[1 - now], b->n_rows);
        }
    }
}

static void update_range(struct network *n, size_t from, size_t count, float step_size, float l2)
{
    ops_of(n)->adam(n->c->ctx, &(struct compute_adam){.n = count,
                                                      .params = n->params + from,
                                                      .m = n->m + from,
                                                      .v = n->v + from,
                                                      .grads = n->grads + from,
                                                      .step_size = step_size,
                                                      .beta1 = (float)ADAM_BETA1,
                                                      .beta2 = (float)ADAM_BETA2,
                                                      .epsilon = ADAM_EPSILON,
                                                      .l2 = l2});
}

void network_update(struct network *n, double learning_rate, double l2)
{
    n->step++;
    double step_size = learning_rate * sqrt(1 - pow(ADAM_BETA2, (double)n->step)) /
                       (1 - pow(ADAM_BETA1, (double)n->step));
    update_range(n, 0, n->n_weights, (float)step_size, (float)l2);
    update_range(n, n->n_weights, n->n_params - n->n_weights, (float)step_size, 0);
}

void network_evaluate(struct network *n, const struct network_batch *b)
{
    const float *z = network_forward(n, b->x, b->n_rows);
    ops_of(n)->loss(n->c->ctx, n->loss, z, b->y, b->weight, b->n_rows,
                    n->layers[n->n_layers - 1].n_out, NULL, n->loss_sum);
}

double network_take_loss(struct network *n)
{
    double sum = NAN; /* what a failed download leaves */
    ops_of(n)->download(n->c->ctx, &sum, n->loss_sum, sizeof sum);
    ops_of(n)->zero(n->c->ctx, n->loss_sum, sizeof sum);
    return sum;
}
