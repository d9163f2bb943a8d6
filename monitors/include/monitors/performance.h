/*
 * performance.h - metrics over labelled rows, their standard errors, and whether they fell below
 * the reference's.
 *
 * Arrays in, numbers out; any thread. A metric that cannot be computed (no rows, one class for AUC,
 * no row predicted positive for precision) is NaN, and the signal then "unavailable".
 *
 * Does not: estimate performance without labels (estimate.h, loss_model.h), count the labels that
 * are owed (owed.h), test row after row (harm.h).
 */
#ifndef MONITORS_PERFORMANCE_H
#define MONITORS_PERFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/schema.h"
#include "monitors/signal.h"

/* X(symbol, text, larger is better) */
#define MON_METRIC_LIST(X)                                                                         \
    X(MON_ACCURACY, "accuracy", true)                                                              \
    X(MON_LOG_LOSS, "log_loss", false)                                                             \
    X(MON_AUC, "auc", true)                                                                        \
    X(MON_RMSE, "rmse", false)                                                                     \
    X(MON_MAE, "mae", false)                                                                       \
    X(MON_PRECISION, "precision", true)                                                            \
    X(MON_RECALL, "recall", true)                                                                  \
    X(MON_F1, "f1", true)                                                                          \
    X(MON_SPECIFICITY, "specificity", true)

enum mon_metric {
#define X(symbol, text, larger) symbol,
    MON_METRIC_LIST(X)
#undef X
};
enum {
#define X(symbol, text, larger) +1
    MON_N_METRICS = 0 MON_METRIC_LIST(X)
#undef X
};

/* A binary version answers "positive" from this probability on, here as in the estimates. */
#define MON_DECISION_THRESHOLD 0.5f

const char *mon_metric_name(enum mon_metric m); /* static text */
/* False where the name is not one of the list; *out is then unchanged. */
bool mon_metric_from_name(const char *name, enum mon_metric *out);
bool mon_metric_larger_is_better(enum mon_metric m);
/* Whether the metric is defined for such labels: AUC binary; rmse and mae regression; the others
 * classes. */
bool mon_metric_fits(enum mon_metric m, enum label_kind kind);

/* Rows in time order. All borrowed. */
struct mon_labelled {
    enum label_kind kind;
    size_t n, n_outputs;
    const float *scores; /* n x n_outputs row-major: P(last class) | P(class) each | value */
    const double
        *labels; /* n: class index, or value. Rows with a NaN on either side are left out */
};

/*
 * The metric over the rows. log_loss: natural logarithm, probabilities clipped to [1e-15, 1 -
 * 1e-15]. AUC: Mann-Whitney, ties count half (Hanley & McNeil 1982). precision, recall, f1 and
 * specificity: of the positive class; multiclass: the unweighted mean (macro) over the classes that
 * occur among labels or predictions, where a class without a value counts 0. NaN for n = 0 and
 * where no row could count: precision without a predicted positive, recall without a positive,
 * specificity without a negative. O(n), AUC O(n log n), macro O(n n_outputs).
 */
double mon_metric_compute(enum mon_metric m, const struct mon_labelled *rows);

struct mon_measured {
    double n;              /* rows with both score and label */
    double value;          /* as mon_metric_compute */
    double standard_error; /* of value as an estimate of the metric where the rows come from */
    double rows_per_draw; /* MON_LAG_AUTO: so many rows say as much as an independent one; else 1 */
    double freedom;       /* degrees of freedom behind that; INFINITY where it is 1 */
};

/* As a lag: how far rows depend on each other is read off the rows. */
#define MON_LAG_AUTO SIZE_MAX

/*
 * The metric with its standard error by the delta method: each row's influence on the metric
 * (ratios by linearisation, rmse through its square, AUC by placement values: DeLong, DeLong &
 * Clarke-Pearson, Biometrics 44 (1988)), and the variance of their mean: of independent rows for
 * lag 0, else Newey & West 1987 over lag rows. MON_LAG_AUTO: that of independent rows, times the
 * design effect of the influences in time order: the larger of the one that the means of 20
 * stretches show (around one step between them, so that a fall inside the rows is no dependence)
 * and (1 + r) / (1 - r) for neighbours' correlation r (Andrews, Econometrica 59 (1991)), where
 * chance leaves as much less than once in 20 times; 1 below 100 rows. standard_error is NaN for
 * fewer than 2 rows or where value is NaN; 0 where all rows agree. NaN for all where memory runs
 * out.
 */
struct mon_measured mon_metric_measure(enum mon_metric m, const struct mon_labelled *rows,
                                       size_t lag);

/*
 * The loss of each row whose mean (for rmse: the root of it) is the metric: 0/1 error, log-loss,
 * squared or absolute error; what detectors, harm tests and paired comparisons eat. losses: rows->n
 * values, NaN for rows left out. AUC, precision, recall, f1 and specificity have none:
 * ERR_UNSUPPORTED.
 */
enum err_code mon_metric_losses(enum mon_metric m, const struct mon_labelled *rows, double *losses,
                                struct err *e);

struct mon_performance_options {
    char monitor[MON_NAME_BYTES];
    enum mon_metric metric; /* default accuracy */
    double min_rows;        /* labelled; default 200 */
    double max_drop;        /* in the metric's unit, as a worsening; default 0.02 */
    bool relative;          /* max_drop is a share of the reference value; for rmse, mae */
    double confidence;      /* default 0.95; one-sided, that the true worsening exceeds 0 */
    size_t lag;             /* errors correlated up to so many rows; 0: independent; MON_LAG_AUTO
                               (default): as far as the rows themselves show */
};
/* Writes the defaults above. */
void mon_performance_options_init(struct mon_performance_options *o);

/*
 * Compares the rows with the reference metric (from the manifest: value over n rows; n NaN or 0
 * where unknown: taken as exact). Drift where the worsening exceeds max_drop AND a one-sided test
 * says at the confidence that there is one: exact for accuracy without a number as lag
 * (hypergeometric of the two error counts; binomial where the reference is exact), else normal with
 * mon_metric_measure's standard error, the reference's own as large as its size says. Where
 * MON_LAG_AUTO finds that rows depend on each other, the counts are divided by rows_per_draw, and
 * the tail is Student's t; the rule says so. effect is the
 * worsening; n the rows used. Fewer than min_rows (and always fewer than 2) labelled rows:
 * insufficient; a metric that does not fit the labels, or has no value on these rows or on the
 * reference (NaN, infinite): unavailable.
 */
void mon_performance_check(const struct mon_performance_options *o, const struct mon_labelled *rows,
                           double reference_value, double reference_n, struct mon_signal *out);

#endif
