/*
 * joint_distance.c - the plain joint statistics, uncalibrated.
 */
#include "joint_model.h"

#include <stdlib.h>

#include "monitors/joint.h"

static double largest_change(const struct joint_room *room, size_t n)
{
    double largest = 0.0;
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            largest = fmax(largest, fabs(joint_correlation(&room->a, n, i, j) -
                                         joint_correlation(&room->b, n, i, j)));
    return n > 1 ? largest : NAN;
}

static enum err_code root_of_squares(const struct joint_model *m, enum mon_joint_statistic s,
                                     struct joint_room *room, double *out, struct err *e)
{
    size_t n = joint_length(m, s);
    double *difference = calloc(n + 1, sizeof *difference), sum = 0.0;
    if (difference == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a difference of %zu", n);
    joint_difference(m, s, room, difference);
    for (size_t i = 0; i < n; i++)
        sum += difference[i] * difference[i];
    free(difference);
    *out = n > 0 ? sqrt(sum) : NAN;
    return ERR_OK;
}

static enum err_code compute(const struct joint_model *m, enum mon_joint_statistic s,
                             struct joint_room *room, double *out, struct err *e)
{
    switch (s) {
    case MON_JOINT_MAHALANOBIS:
    case MON_JOINT_MMD:
        return root_of_squares(m, s, room, out, e);
    case MON_JOINT_CORRELATION:
        *out = largest_change(room, m->n);
        return ERR_OK;
    case MON_JOINT_FRECHET:
        return joint_frechet(m, room, out, e);
    case MON_JOINT_PCA:
        *out = joint_residual(m, &room->a, room);
        return ERR_OK;
    case MON_N_JOINT:
        break;
    }
    return err_set(e, ERR_INVALID, "no such joint statistic");
}

enum err_code mon_joint_distance(const struct mon_joint_sums *reference,
                                 const struct mon_joint_sums *window,
                                 enum mon_joint_statistic statistic, double keep_variance,
                                 double *out, struct err *e)
{
    struct joint_model m = {0};
    struct joint_room room = {0};
    double value = NAN;
    enum err_code code = ERR_OK;
    if (reference->rows >= 2 && window->rows >= 2) {
        code = joint_model_init(&m, reference, keep_variance, e);
        if (code == ERR_OK)
            code = joint_room_init(&room, m.space, e);
        if (code == ERR_OK) {
            joint_moments_of(window, &room.a);
            joint_moments_of(reference, &room.b);
            code = compute(&m, statistic, &room, &value, e);
        }
    }
    joint_room_deinit(&room);
    joint_model_deinit(&m);
    if (code == ERR_OK)
        *out = value;
    return code;
}
