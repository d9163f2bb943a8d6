/*
 * compare_options.h - what leeway-monitor compare is asked for: windows, statistics, budget.
 */
#ifndef PROGRAM_COMPARE_OPTIONS_H
#define PROGRAM_COMPARE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "monitors/drift.h"
#include "monitors/performance.h"
#include "monitors/season.h"

/* X(symbol, text, what it looks at) */
#define COMPARE_MONITOR_LIST(X)                                                                    \
    X(COMPARE_DRIFT, "drift", "each feature's distribution")                                       \
    X(COMPARE_PREDICTIONS, "predictions", "the scores' distribution")                              \
    X(COMPARE_QUALITY, "quality", "missing, unseen, out-of-range, mistyped values, rows per hour") \
    X(COMPARE_JOINT, "joint", "features together: correlations, covariance, embeddings")           \
    X(COMPARE_ESTIMATE, "estimate", "performance, before labels are there")                        \
    X(COMPARE_PERFORMANCE, "performance", "performance on the file's labels")                      \
    X(COMPARE_HARM, "harm", "the risk on the file's labels, row after row")

enum compare_monitor {
#define X(symbol, text, help) symbol,
    COMPARE_MONITOR_LIST(X)
#undef X
        COMPARE_N_MONITORS
};

const char *compare_monitor_name(enum compare_monitor m);

#define COMPARE_LEAST_ROWS 30 /* of a window: below, no rate says anything */

enum window_kind { WINDOW_ALL, WINDOW_ROWS, WINDOW_TIME };

struct compare_options {
    /* as the command line has them */
    const char *window_text, *rate_text, *statistic_text, *monitors_text, *explain;
    const char *metric_text, *season_text, *min_effect_text;
    struct opt_list scores;
    double min_rows; /* 0: by the window */
    int64_t lengths; /* 1, 2, 4 ... 2^(lengths - 1) windows together are judged */
    int64_t top;     /* rows of the table that did not drift */
    bool json, exit_code, quiet;
    /* as they were understood */
    enum window_kind window;
    uint64_t window_rows;
    int64_t window_ms;
    double false_alarm_rate; /* per window; NaN: alarms in period_ms */
    double alarms;
    int64_t period_ms;
    size_t n_statistics; /* 1 or more, each once */
    enum mon_statistic statistics[MON_N_STATISTICS];
    double min_effect; /* of drift, predictions, joint; NaN: each statistic's own */
    enum mon_metric metric;
    bool metric_said; /* else: accuracy, or rmse */
    enum mon_cycle season;
    bool monitors[COMPARE_N_MONITORS];
    bool monitors_said; /* else: whatever the reference allows */
};

/* The defaults that --help shows. */
void compare_options_init(struct compare_options *o);
/* Understands the texts; ERR_INVALID names the option. */
enum err_code compare_options_read(struct compare_options *o, struct err *e);

#endif
