/*
 * logistic.c - Newton's method with halved steps. OpenBLAS forms the Hessian as a symmetric product
 * of weighted rows.
 */
#include "logistic.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

#define MAX_STEPS 50
#define TOLERANCE 1e-10 /* of the loss, relative */

struct fit {
    const struct logistic *l;
    size_t held_out;
    double *weighted; /* n x n_terms: rows times the root of their weight */
    double *margins;  /* n */
    double *hessian;  /* n_terms x n_terms */
    double *step;     /* n_terms: gradient, then Newton's step */
    double *trial;    /* n_terms */
};

static void fit_deinit(struct fit *f)
{
    free(f->weighted);
    free(f->hessian);
}

static enum err_code fit_init(struct fit *f, struct err *e)
{
    size_t n = f->l->n, m = f->l->n_terms;
    f->weighted = malloc((n * m + n) * sizeof *f->weighted);
    f->hessian = malloc((m * m + 2 * m) * sizeof *f->hessian);
    if (f->weighted == NULL || f->hessian == NULL)
        return err_set(e, ERR_NOMEM, "out of memory for a regression of %zu x %zu", n, m);
    f->margins = f->weighted + n * m;
    f->step = f->hessian + m * m;
    f->trial = f->step + m;
    return ERR_OK;
}

/* The constant goes free, but for what keeps the Hessian positive where all margins are large. */
static double ridge_of(const struct logistic *l, size_t term)
{
    return term + 1 == l->n_terms ? 1e-8 : l->ridge;
}

/* log(1 + exp(-m)) without overflow. */
static double log_loss(double margin)
{
    return margin > 0.0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
}

/* Also leaves the margins of all rows. */
static double loss_at(struct fit *f, const double *weights)
{
    const struct logistic *l = f->l;
    double loss = 0.0;
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)l->n, (int)l->n_terms, 1.0, l->x, (int)l->n_terms,
                weights, 1, 0.0, f->margins, 1);
    for (size_t i = 0; i < l->n; i++)
        if (l->fold[i] != f->held_out)
            loss += log_loss(l->labels[i] > 0.5 ? f->margins[i] : -f->margins[i]);
    for (size_t t = 0; t < l->n_terms; t++)
        loss += 0.5 * ridge_of(l, t) * weights[t] * weights[t];
    return loss;
}

/* Gradient into step, Hessian's lower triangle; margins are those of the weights. */
static void differentiate(struct fit *f, const double *weights)
{
    const struct logistic *l = f->l;
    size_t m = l->n_terms;
    for (size_t t = 0; t < m; t++)
        f->step[t] = ridge_of(l, t) * weights[t];
    for (size_t i = 0; i < l->n; i++) {
        double share = 1.0 / (1.0 + exp(-f->margins[i]));
        double used = l->fold[i] != f->held_out ? 1.0 : 0.0, root = sqrt(share * (1.0 - share));
        cblas_daxpy((int)m, used * (share - l->labels[i]), l->x + i * m, 1, f->step, 1);
        for (size_t t = 0; t < m; t++)
            f->weighted[i * m + t] = used * root * l->x[i * m + t];
    }
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)m, (int)l->n, 1.0, f->weighted, (int)m,
                0.0, f->hessian, (int)m);
    for (size_t t = 0; t < m; t++)
        f->hessian[t * m + t] += ridge_of(l, t);
}

/* Goes down along the step, halved until the loss falls; returns the loss, which is the old one
 * where nothing helped. */
static double descend(struct fit *f, double *weights, double loss)
{
    size_t m = f->l->n_terms;
    for (double length = 1.0; length > 1e-6; length /= 2.0) {
        for (size_t t = 0; t < m; t++)
            f->trial[t] = weights[t] - length * f->step[t];
        double found = loss_at(f, f->trial);
        if (found < loss) {
            memcpy(weights, f->trial, m * sizeof *weights);
            return found;
        }
    }
    return loss;
}

enum err_code logistic_fit(const struct logistic *l, size_t held_out, double *weights,
                           struct err *e)
{
    struct fit f = {.l = l, .held_out = held_out};
    memset(weights, 0, l->n_terms * sizeof *weights);
    enum err_code code = fit_init(&f, e);
    double loss = code == ERR_OK ? loss_at(&f, weights) : 0.0;
    for (int i = 0; code == ERR_OK && i < MAX_STEPS; i++) {
        double before = loss;
        differentiate(&f, weights);
        code = linalg_solve(f.hessian, l->n_terms, f.step, e);
        if (code == ERR_OK)
            loss = descend(&f, weights, before);
        if (!(before - loss > TOLERANCE * before))
            break;
    }
    fit_deinit(&f);
    return code;
}
