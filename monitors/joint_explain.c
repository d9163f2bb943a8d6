/*
 * joint_explain.c - which columns a joint difference comes from.
 */
#include <string.h>

#include "joint_model.h"
#include "linalg.h"

/* The squares of the symmetrically whitened difference (Garthwaite & Koch 2016). */
static void of_means(const struct joint_model *m, struct joint_room *room, double *out)
{
    joint_difference(m, MON_JOINT_MAHALANOBIS, room, out);
    for (size_t j = 0; j < m->n; j++)
        out[j] *= out[j];
}

static void of_frechet(const struct joint_model *m, struct joint_room *room, double *out)
{
    size_t n = m->n;
    joint_tangent(m, room);
    for (size_t j = 0; j < n; j++) {
        double step = room->a.mean[j] - room->b.mean[j];
        out[j] = step * step;
        for (size_t i = 0; i < n; i++)
            out[j] += room->matrix[0][j * n + i] * room->matrix[0][j * n + i];
    }
}

/* Second moments around the reference's mean. */
static void add_moments(const struct joint_model *m, const struct joint_moments *x, double sign,
                        double *out)
{
    size_t n = m->n;
    double share = (x->rows - 1.0) / x->rows;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            out[i * n + j] += sign * (share * x->covariance[i * n + j] +
                                      (x->mean[i] - m->mean[i]) * (x->mean[j] - m->mean[j]));
}

/* The diagonal of the difference of second moments, seen in the components left out alone. */
static void of_residual(const struct joint_model *m, struct joint_room *room, double *out)
{
    size_t n = m->n;
    double *d = room->matrix[0];
    memset(room->matrix[2], 0, n * n * sizeof(double));
    add_moments(m, &room->a, 1.0, room->matrix[2]);
    add_moments(m, &room->b, -1.0, room->matrix[2]);
    linalg_rotate(m->vectors, room->matrix[2], n, room->matrix[1], d);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            d[i * n + j] *= i >= m->n_kept && j >= m->n_kept;
    linalg_rotate_back(m->vectors, d, n, room->matrix[1], room->matrix[2]);
    for (size_t j = 0; j < n; j++)
        out[j] = room->matrix[2][j * n + j];
}

/* A column that moved is seen by the waves that oscillate along it: how much more than the average
 * wave do those differ? */
static void of_embedding(const struct joint_model *m, struct joint_room *room, double *out)
{
    const struct mon_joint_space *space = m->space;
    memset(out, 0, m->n * sizeof *out);
    for (size_t k = 0; k < space->n_waves; k++) {
        size_t also = space->n_waves + k;
        double cosine = room->a.embedding[k] - room->b.embedding[k];
        double sine = room->a.embedding[also] - room->b.embedding[also];
        for (size_t j = 0; j < m->n; j++) {
            double wave = 2.0 * M_PI * space->waves[k * m->n + j] * space->width;
            out[j] += (cosine * cosine + sine * sine) * (wave * wave - 1.0);
        }
    }
}

void joint_contributions(const struct joint_model *m, enum mon_joint_statistic s,
                         struct joint_room *room, double *out)
{
    switch (s) {
    case MON_JOINT_MAHALANOBIS:
        of_means(m, room, out);
        break;
    case MON_JOINT_FRECHET:
        of_frechet(m, room, out);
        break;
    case MON_JOINT_PCA:
        of_residual(m, room, out);
        break;
    case MON_JOINT_MMD:
        of_embedding(m, room, out);
        break;
    case MON_JOINT_CORRELATION:
    case MON_N_JOINT:
        memset(out, 0, m->n * sizeof *out);
        break;
    }
}
