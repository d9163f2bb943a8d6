/*
 * network.h - dense layers with ReLU between them on a compute backend: forward, backward, one Adam
 * step. One layer is a linear, logistic or softmax model.
 *
 * It holds all memory that training needs; after network_new nothing is allocated. Weights come
 * from and go back to a struct predictor, the form that model/ scores with. It knows nothing of
 * epochs or data sets.
 */
#ifndef TRAINER_NETWORK_H
#define TRAINER_NETWORK_H

#include "base/err.h"
#include "model/predict.h"
#include "trainer/compute.h"

struct network;

/* Shapes and weights are p's (copied); at most max_rows rows a call. c is borrowed until freed.
 * *out is owned; free with network_free. */
enum err_code network_new(const struct compute *c, const struct predictor *p,
                          enum compute_loss loss, size_t max_rows, struct network **out,
                          struct err *e);
void network_free(struct network *n);

/* One batch on the backend: x: n_rows x n_in; y, weight: n_rows. */
struct network_batch {
    size_t n_rows;
    const float *x, *y, *weight;
};

/* x -> the logits, n_rows x n_out, on the backend; valid until the next call. */
const float *network_forward(struct network *n, const float *x, size_t n_rows);

/* Forward, loss, backward: gradients of (mean weighted loss) are left in place. Adds to the loss
 * sum. */
void network_backward(struct network *n, const struct network_batch *b);

/* Moves the weights along the gradients: Adam with l2 on the weights, not on the biases. */
void network_update(struct network *n, double learning_rate, double l2);

/* Forward and loss only; adds to the loss sum. */
void network_evaluate(struct network *n, const struct network_batch *b);

/* Reads the sum of weighted losses since the last call, and clears it. Waits for the backend. */
double network_take_loss(struct network *n);

/* Remembers the weights as they are / goes back to them. */
void network_keep_best(struct network *n);
void network_restore_best(struct network *n);

/* The weights / the last gradients, into p (same shapes). */
void network_get_weights(struct network *n, struct predictor *p);
void network_get_gradients(struct network *n, struct predictor *p);

#endif
