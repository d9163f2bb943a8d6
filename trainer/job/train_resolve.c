/*
 * train_resolve.c - what parameters leave to the label: the algorithm, and what goes with it. Apart
 * from reading them, because the daemon reads parameters but links nothing of model/.
 */
#include "trainer/train_parameters.h"

/* One-layer losses are convex and stand a faster pace. */
#define LEARNING_RATE_ONE_LAYER 0.05
#define LEARNING_RATE_MLP 0.005
#define DEFAULT_HIDDEN 64 /* mlp without hidden: two layers, the second half as wide */

static enum train_algorithm one_layer(enum label_kind label)
{
    switch (label) {
    case LABEL_BINARY:
        return ALGORITHM_LOGISTIC;
    case LABEL_MULTICLASS:
        return ALGORITHM_SOFTMAX;
    case LABEL_REGRESSION:
        return ALGORITHM_LINEAR;
    }
    return ALGORITHM_AUTO;
}

static enum err_code check_fit(const struct train_parameters *p, enum label_kind label,
                               struct err *e)
{
    if (p->algorithm != ALGORITHM_MLP && p->algorithm != one_layer(label)) {
        return err_set(e, ERR_INVALID, "algorithm: %s does not fit a %s label, expected %s or mlp",
                       train_algorithm_name(p->algorithm), label_kind_name(label),
                       train_algorithm_name(one_layer(label)));
    }
    if (p->algorithm != ALGORITHM_MLP && p->n_hidden > 0) {
        return err_set(e, ERR_INVALID, "hidden: algorithm %s has no hidden layers, expected mlp",
                       train_algorithm_name(p->algorithm));
    }
    if (label == LABEL_REGRESSION && p->class_weights != CLASS_WEIGHTS_NONE) {
        return err_set(e, ERR_INVALID, "class_weights: a regression label has no classes");
    }
    if (label == LABEL_REGRESSION && p->flip_labels > 0) {
        return err_set(e, ERR_INVALID, "flip_labels: a regression label has no classes");
    }
    return ERR_OK;
}

enum err_code train_parameters_resolve(struct train_parameters *p, enum label_kind label,
                                       struct err *e)
{
    if (p->algorithm == ALGORITHM_AUTO) {
        p->algorithm = p->n_hidden > 0 ? ALGORITHM_MLP : one_layer(label);
    }
    enum err_code code = check_fit(p, label, e);
    if (code) {
        return code;
    }
    bool mlp = p->algorithm == ALGORITHM_MLP;
    if (mlp && p->n_hidden == 0) {
        p->n_hidden = 2;
        p->hidden[0] = DEFAULT_HIDDEN;
        p->hidden[1] = DEFAULT_HIDDEN / 2;
    }
    if (p->learning_rate == 0) {
        p->learning_rate = mlp ? LEARNING_RATE_MLP : LEARNING_RATE_ONE_LAYER;
    }
    return ERR_OK;
}
