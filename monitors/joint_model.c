/*
 * joint_model.c - moments out of sums, the reference's eigenvectors, difference vectors.
 */
#include "joint_model.h"

#include <stdlib.h>
#include <string.h>

#include "linalg.h"

#define LARGEST_CORRELATION (1.0 - 1e-6)

void joint_model_deinit(struct joint_model *m)
{
    free(m->mean); /* one block */
    memset(m, 0, sizeof *m);
}

/* The fewest that explain more than the share; none where there is no variance. */
static size_t count_kept(const double *values, size_t n, double share)
{
    double total = 0.0, sum = 0.0;
    for (size_t k = 0; k < n; k++)
        total += fmax(values[k], 0.0);
    for (size_t k = 0; k < n && total > 0.0; k++) {
        sum += fmax(values[k], 0.0);
        if (sum > share * total)
            return k + 1;
    }
    return total > 0.0 ? n : 0;
}

static void floor_values(double *values, size_t n)
{
    double total = 0.0;
    for (size_t k = 0; k < n; k++)
        total += fmax(values[k], 0.0);
    double least = total > 0.0 ? JOINT_VARIANCE_FLOOR * total / (double)n : 1.0;
    for (size_t k = 0; k < n; k++)
        values[k] = fmax(values[k], least);
}

enum err_code joint_model_init(struct joint_model *m, const struct mon_joint_sums *reference,
                               double keep_variance, struct err *e)
{
    size_t n = reference->space->n_columns;
    *m = (struct joint_model){.space = reference->space, .n = n};
    m->mean = calloc(2 * n + n * n, sizeof *m->mean);
    if (m->mean == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a joint model of %zu columns", n);
    m->values = m->mean + n;
    m->vectors = m->values + n;
    mon_joint_sums_mean(reference, m->mean);
    mon_joint_sums_covariance(reference, m->vectors);
    enum err_code code = linalg_eigen(m->vectors, n, m->values, e);
    if (code != ERR_OK) {
        joint_model_deinit(m);
        return code;
    }
    m->n_kept = count_kept(m->values, n, keep_variance);
    floor_values(m->values, n);
    return ERR_OK;
}

enum err_code joint_room_init(struct joint_room *r, const struct mon_joint_space *space,
                              struct err *e)
{
    size_t n = space->n_columns, moments = n + n * n + 2 * space->n_waves;
    *r = (struct joint_room){.block = calloc(2 * moments + 2 * n + 3 * n * n, sizeof *r->block)};
    if (r->block == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for the matrices of %zu columns", n);
    double *next = r->block;
    r->a = (struct joint_moments){0.0, next, next + n, next + n + n * n};
    next += moments;
    r->b = (struct joint_moments){0.0, next, next + n, next + n + n * n};
    r->x = next + moments;
    r->y = r->x + n;
    for (size_t i = 0; i < 3; i++)
        r->matrix[i] = r->y + n + i * n * n;
    return ERR_OK;
}

void joint_room_deinit(struct joint_room *r)
{
    free(r->block);
}

void joint_moments_of(const struct mon_joint_sums *s, struct joint_moments *out)
{
    out->rows = (double)s->rows;
    mon_joint_sums_mean(s, out->mean);
    mon_joint_sums_covariance(s, out->covariance);
    mon_joint_sums_embedding(s, out->embedding);
}

size_t joint_length(const struct joint_model *m, enum mon_joint_statistic s)
{
    switch (s) {
    case MON_JOINT_MAHALANOBIS:
        return m->n;
    case MON_JOINT_CORRELATION:
        return m->n * (m->n - 1) / 2;
    case MON_JOINT_FRECHET:
        return m->n + m->n * (m->n + 1) / 2;
    case MON_JOINT_PCA:
        return 1;
    case MON_JOINT_MMD:
        return 2 * m->space->n_waves;
    case MON_N_JOINT:
        break;
    }
    return 0;
}

double joint_correlation(const struct joint_moments *m, size_t n, size_t i, size_t j)
{
    const double *c = m->covariance;
    double product = c[i * n + i] * c[j * n + j];
    double r = c[i * n + i] > 0.0 && c[j * n + j] > 0.0 ? c[i * n + j] / sqrt(product) : 0.0;
    return fmin(fmax(r, -LARGEST_CORRELATION), LARGEST_CORRELATION);
}

static void correlations(const struct joint_model *m, const struct joint_room *room, double *out)
{
    for (size_t i = 1; i < m->n; i++)
        for (size_t j = 0; j < i; j++)
            *out++ = atanh(joint_correlation(&room->a, m->n, i, j)) -
                     atanh(joint_correlation(&room->b, m->n, i, j));
}

static void means(const struct joint_model *m, const struct joint_room *room, double *out)
{
    for (size_t j = 0; j < m->n; j++)
        out[j] = room->a.mean[j] - room->b.mean[j];
}

/* C^-1/2 d, by the symmetric root. */
static void whitened_means(const struct joint_model *m, struct joint_room *room, double *out)
{
    means(m, room, room->y);
    linalg_apply(m->vectors, room->y, m->n, room->x);
    for (size_t k = 0; k < m->n; k++)
        room->x[k] /= sqrt(m->values[k]);
    linalg_apply_back(m->vectors, room->x, m->n, out);
}

void joint_tangent(const struct joint_model *m, struct joint_room *room)
{
    size_t n = m->n;
    double *d = room->matrix[0];
    for (size_t i = 0; i < n * n; i++)
        d[i] = room->a.covariance[i] - room->b.covariance[i];
    linalg_rotate(m->vectors, d, n, room->matrix[1], room->matrix[2]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            room->matrix[2][i * n + j] /= sqrt(2.0 * (m->values[i] + m->values[j]));
    linalg_rotate_back(m->vectors, room->matrix[2], n, room->matrix[1], d);
}

static void frechet(const struct joint_model *m, struct joint_room *room, double *out)
{
    size_t n = m->n;
    means(m, room, out);
    joint_tangent(m, room);
    out += n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            *out++ = room->matrix[0][i * n + j] * (i == j ? 1.0 : M_SQRT2);
}

double joint_residual(const struct joint_model *m, const struct joint_moments *x,
                      struct joint_room *room)
{
    size_t n = m->n;
    double sum = 0.0;
    for (size_t k = m->n_kept; k < n; k++) {
        const double *v = m->vectors + k * n;
        double along = 0.0, variance = 0.0;
        linalg_apply(x->covariance, v, n, room->x);
        for (size_t j = 0; j < n; j++) {
            along += v[j] * (x->mean[j] - m->mean[j]);
            variance += v[j] * room->x[j];
        }
        sum += along * along + fmax(variance, 0.0) * (x->rows - 1.0) / x->rows;
    }
    return sum;
}

void joint_difference(const struct joint_model *m, enum mon_joint_statistic s,
                      struct joint_room *room, double *out)
{
    switch (s) {
    case MON_JOINT_MAHALANOBIS:
        whitened_means(m, room, out);
        break;
    case MON_JOINT_CORRELATION:
        correlations(m, room, out);
        break;
    case MON_JOINT_FRECHET:
        frechet(m, room, out);
        break;
    case MON_JOINT_PCA:
        out[0] = joint_residual(m, &room->a, room) - joint_residual(m, &room->b, room);
        break;
    case MON_JOINT_MMD:
        for (size_t k = 0; k < 2 * m->space->n_waves; k++)
            out[k] =
                (room->a.embedding[k] - room->b.embedding[k]) / sqrt((double)m->space->n_waves);
        break;
    case MON_N_JOINT:
        break;
    }
}

static void scale_rows_and_columns(double *c, size_t n, const double *values)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            c[i * n + j] *= sqrt(values[i] * values[j]);
}

/* With C_r = V' L V the trace of (C_w C_r)^1/2 is that of (L^1/2 V C_w V' L^1/2)^1/2. */
static enum err_code cross_trace(const struct joint_model *m, struct joint_room *room, double *out,
                                 struct err *e)
{
    memcpy(room->matrix[2], room->b.covariance, m->n * m->n * sizeof(double));
    enum err_code code = linalg_eigen(room->matrix[2], m->n, room->x, e);
    if (code != ERR_OK)
        return code;
    for (size_t k = 0; k < m->n; k++)
        room->y[k] = fmax(room->x[k], 0.0);
    linalg_rotate(room->matrix[2], room->a.covariance, m->n, room->matrix[1], room->matrix[0]);
    scale_rows_and_columns(room->matrix[0], m->n, room->y);
    code = linalg_eigen(room->matrix[0], m->n, room->x, e);
    *out = 0.0;
    for (size_t k = 0; code == ERR_OK && k < m->n; k++)
        *out += sqrt(fmax(room->x[k], 0.0));
    return code;
}

enum err_code joint_frechet(const struct joint_model *m, struct joint_room *room, double *out,
                            struct err *e)
{
    double trace = 0.0, square = 0.0;
    enum err_code code = cross_trace(m, room, &trace, e);
    for (size_t j = 0; j < m->n; j++) {
        double step = room->a.mean[j] - room->b.mean[j];
        square += step * step + room->a.covariance[j * m->n + j] + room->b.covariance[j * m->n + j];
    }
    if (code == ERR_OK)
        *out = sqrt(fmax(square - 2.0 * trace, 0.0));
    return code;
}
