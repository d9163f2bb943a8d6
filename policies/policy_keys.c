/*
 * policy_keys.c - every key of a policy file, one row each.
 *
 * Rows that decide which others apply (kind, detector, algorithm) stand above those. A key has
 * several rows where its meaning depends on the kind.
 */
#include "policy_table.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define WORD(P, symbol, text) text,
#define TEXTS(name, LIST) static const char *const name##_texts[] = {LIST(WORD, P)}
#define WORDS(name)                                                                                \
    {                                                                                              \
        LENGTH(name##_texts), name##_texts                                                         \
    }

TEXTS(monitor, POLICY_MONITOR_LIST);
TEXTS(trigger, POLICY_TRIGGER_LIST);
TEXTS(metric, POLICY_METRIC_LIST);
TEXTS(statistic, POLICY_STATISTIC_LIST);
TEXTS(detector, POLICY_DETECTOR_LIST);
TEXTS(season, POLICY_SEASON_LIST);
TEXTS(algorithm, POLICY_ALGORITHM_LIST);
TEXTS(backend, POLICY_BACKEND_LIST);
TEXTS(event, POLICY_EVENT_LIST);
TEXTS(label, POLICY_LABEL_LIST);
TEXTS(mode, POLICY_MODE_LIST);
TEXTS(detect_on, POLICY_DETECT_ON_LIST);
TEXTS(match, POLICY_MATCH_LIST);
TEXTS(approval, POLICY_APPROVAL_LIST);
TEXTS(class_weights, POLICY_CLASS_WEIGHTS_LIST);
TEXTS(timeout, POLICY_TIMEOUT_LIST);

const struct words policy_monitor_words = WORDS(monitor), policy_trigger_words = WORDS(trigger),
                   policy_metric_words = WORDS(metric), policy_statistic_words = WORDS(statistic),
                   policy_detector_words = WORDS(detector), policy_season_words = WORDS(season),
                   policy_algorithm_words = WORDS(algorithm), policy_backend_words = WORDS(backend),
                   policy_event_words = WORDS(event), policy_label_words = WORDS(label);
static const struct words mode_words = WORDS(mode), detect_on_words = WORDS(detect_on),
                          match_words = WORDS(match), approval_words = WORDS(approval),
                          class_weights_words = WORDS(class_weights),
                          timeout_words = WORDS(timeout);

#define AT(field) .offset = offsetof(struct HERE, field)
#define COUNT(field) .count_offset = offsetof(struct HERE, field)
#define BIT(symbol) (1u << (symbol))
#define SECOND 1000.0
#define DAY (86400 * SECOND)
#define YEAR (366 * DAY)
#define MANY 1e12 /* rows: more than anybody has */
#define TABLE(name, words, type, checker)                                                          \
    const struct key_table name##_table = {words, sizeof(struct type), LENGTH(name##_keys),        \
                                           name##_keys, checker}

/* clang-format off */

#define HERE policy_window
static const struct key window_keys[] = {
    {"rows", KEY_INT, AT(rows), .min = 10, .max = MANY,
     .help = "The newest so many rows."},
    {"duration", KEY_DURATION, AT(duration_ms), .min = SECOND, .max = 10 * YEAR,
     .help = "The newest stretch of event time."},
};
#undef HERE
static TABLE(window, "a window", policy_window, policy_check_window);

#define DRIFT_KINDS {"kind", BIT(POLICY_MONITOR_DRIFT) | BIT(POLICY_MONITOR_PREDICTION_DRIFT)}
#define FEATURE_KINDS {"kind", BIT(POLICY_MONITOR_DRIFT) | BIT(POLICY_MONITOR_QUALITY)}
#define QUALITY_KIND {"kind", BIT(POLICY_MONITOR_QUALITY)}
#define PERFORMANCE_KIND {"kind", BIT(POLICY_MONITOR_PERFORMANCE)}
#define METRIC_KINDS \
    {"kind", BIT(POLICY_MONITOR_PERFORMANCE) | BIT(POLICY_MONITOR_ESTIMATED_PERFORMANCE)}
#define DETECTOR_KIND {"kind", BIT(POLICY_MONITOR_DETECTOR)}
#define LOSS_KINDS {"kind", BIT(POLICY_MONITOR_DETECTOR) | BIT(POLICY_MONITOR_HARM)}
#define HARM_KIND {"kind", BIT(POLICY_MONITOR_HARM)}
#define IF_ADWIN {"detector", BIT(POLICY_DETECTOR_ADWIN)}
#define IF_RATE_SCAN {"detector", BIT(POLICY_DETECTOR_RATE_SCAN)}
#define IF_PAGE_HINKLEY {"detector", BIT(POLICY_DETECTOR_PAGE_HINKLEY)}
#define HERE policy_monitor
static const struct key monitor_keys[] = {
    {"name", KEY_NAME, AT(name), .required = true, .max = POLICY_NAME_BYTES - 1,
     .help = "Names the monitor in triggers, signals and the dashboard."},
    {"kind", KEY_ENUM, AT(kind), .required = true, .words = &policy_monitor_words,
     .help = "What it watches: feature distributions, predictions, data quality, a metric on "
             "labelled rows, the stream of labelled errors, a metric estimated before labels "
             "arrive, or whether labelled losses exceed what is tolerated."},
    {"features", KEY_NAMES, AT(features), .fallback = "all", .off = "all", .when = FEATURE_KINDS,
     .help = "The features to watch."},
    {"statistic", KEY_ENUM, AT(statistic), .fallback = "psi", .words = &policy_statistic_words,
     .when = DRIFT_KINDS,
     .help = "Population stability index; Kolmogorov-Smirnov, Jensen-Shannon, Hellinger, "
             "Cramer-von Mises or Wasserstein distance."},
    {"false_alarm_rate", KEY_SHARE, AT(false_alarm_rate), .fallback = "0.1%", .min = 1e-6,
     .max = 0.2, .when = DRIFT_KINDS,
     .help = "Chance of any alarm in one window of an unchanged stream, over all watched "
             "features together."},
    {"false_alarm_every", KEY_DURATION, AT(false_alarm_every_ms), .fallback = "off", .off = "off",
     .min = 3600 * SECOND, .max = 10 * YEAR, .when = DRIFT_KINDS,
     .help = "Counts instead of false_alarm_rate: at most one false alarm in such a time is expected, "
             "over all watched features and lengths together (30d)."},
    {"season", KEY_ENUM, AT(season), .fallback = "none", .words = &policy_season_words,
     .when = DRIFT_KINDS,
     .help = "Compares a window with the reference of the same hours or days. Needs a reference "
             "of several days or weeks; a coarser season is taken where it has too few."},
    {"lengths", KEY_INT, AT(lengths), .fallback = "1", .min = 1, .max = 8, .when = DRIFT_KINDS,
     .help = "How many lengths are judged: 1, the window alone; 4, also the last 2, 4 and 8 "
             "windows together, which show what is too small for one. The budget of false alarms "
             "is shared out."},
    {"threshold", KEY_NUMBER, AT(threshold), .fallback = "calibrated", .off = "calibrated",
     .min = 1e-6, .max = 100, .when = DRIFT_KINDS,
     .help = "Calibrated from the reference's own chunks, or a fixed value of the statistic."},
    {"min_effect", KEY_NUMBER, AT(min_effect), .fallback = "auto", .off = "auto", .max = 100,
     .when = DRIFT_KINDS,
     .help = "Excess of the statistic below which nothing is drift, however significant; auto: "
             "0.02 for psi, 0.03 for ks and js, 0.025 for hellinger, 0.0005 for cramer_von_mises, "
             "0.05 for wasserstein."},
    {"min_rows", KEY_INT, AT(min_rows), .fallback = "200", .min = 2, .max = MANY,
     .help = "Fewer rows (labelled ones for performance and detector) are insufficient, which "
             "is neither drift nor ok."},
    {"missing", KEY_SHARE, AT(missing), .fallback = "1%", .off = "off", .max = 1,
     .when = QUALITY_KIND,
     .help = "How far the share of missing values may rise above the reference's."},
    {"unseen", KEY_SHARE, AT(unseen), .fallback = "1%", .off = "off", .max = 1,
     .when = QUALITY_KIND,
     .help = "How far the share of categories unseen by training may rise above the "
             "reference's."},
    {"out_of_range", KEY_SHARE, AT(out_of_range), .fallback = "1%", .off = "off", .max = 1,
     .when = QUALITY_KIND,
     .help = "How far the share of values outside the reference's range may rise above the "
             "reference's."},
    {"infinite", KEY_SHARE, AT(infinite), .fallback = "1%", .off = "off", .max = 1,
     .when = QUALITY_KIND,
     .help = "How far the share of infinite values may rise above the reference's."},
    {"constant", KEY_BOOL, AT(constant), .fallback = "true", .when = QUALITY_KIND,
     .help = "Whether a feature that varied in the reference and has one value only is drift."},
    {"metric", KEY_ENUM, AT(metric), .fallback = "auto", .words = &policy_metric_words,
     .when = METRIC_KINDS,
     .help = "The metric; auto: accuracy, or rmse for regression."},
    {"rows", KEY_INT, AT(rows), .fallback = "1000", .min = 10, .max = MANY,
     .when = PERFORMANCE_KIND,
     .help = "Newest labelled rows that the metric is taken over."},
    {"confidence", KEY_SHARE, AT(confidence), .fallback = "95%", .min = 0.5, .max = 0.999999,
     .when = METRIC_KINDS,
     .help = "How sure it must be that the metric is worse than the reference's."},
    {"detector", KEY_ENUM, AT(detector), .required = true, .words = &policy_detector_words,
     .when = DETECTOR_KIND,
     .help = "The change detector; only rises count. rate_scan is the one to start with."},
    {"on", KEY_ENUM, AT(on), .fallback = "error", .words = &detect_on_words, .when = LOSS_KINDS,
     .help = "What it is fed, row by row: the 0/1 error, or the loss (log-loss; squared error "
             "for regression)."},
    {"delta", KEY_NUMBER, AT(delta), .fallback = "0.002", .min = 1e-12, .max = 0.5,
     .when = IF_ADWIN,
     .help = "ADWIN's confidence parameter: the bound on false alarms."},
    {"magnitude", KEY_NUMBER, AT(magnitude), .fallback = "0.005", .max = 1e6,
     .when = IF_PAGE_HINKLEY,
     .help = "Page-Hinkley's delta: changes below it are tolerated."},
    {"lambda", KEY_NUMBER, AT(lambda), .fallback = "50", .min = 1e-6, .max = 1e9,
     .when = IF_PAGE_HINKLEY,
     .help = "Page-Hinkley's lambda: the cumulated excess that raises the alarm."},
    {"alpha", KEY_NUMBER, AT(alpha), .fallback = "0.9999", .min = 0.5, .max = 1,
     .when = IF_PAGE_HINKLEY,
     .help = "Page-Hinkley's forgetting factor."},
    {"rows_between_alarms", KEY_INT, AT(rows_between_alarms), .fallback = "200000", .min = 1000,
     .max = MANY, .when = IF_RATE_SCAN,
     .help = "Expected number of labelled rows between false alarms."},
    {"tolerance", KEY_SHARE, AT(tolerance), .fallback = "auto", .off = "auto", .min = 0,
     .max = 1e9, .when = HARM_KIND,
     .help = "How much larger than the reference's the mean may be: a share of the rows for errors "
             "(2% are 2 points), a number in its unit for a loss; auto: a tenth of the "
             "reference's, or three times what it varies by itself."},
    {"rows_between_alarms", KEY_INT, AT(rows_between_alarms), .fallback = "100000", .min = 100,
     .max = MANY, .when = HARM_KIND,
     .help = "Least expected number of labelled rows between false alarms."},
};
#undef HERE
static TABLE(monitor, "a monitor", policy_monitor, policy_check_monitor);

#define IF_SHARE {"kind", BIT(POLICY_TRIGGER_DRIFT_SHARE)}
#define IF_FEATURES {"kind", BIT(POLICY_TRIGGER_DRIFT_FEATURES)}
#define IF_DROP {"kind", BIT(POLICY_TRIGGER_PERFORMANCE_DROP)}
#define IF_DETECTOR {"kind", BIT(POLICY_TRIGGER_DETECTOR)}
#define IF_LABELLED {"kind", BIT(POLICY_TRIGGER_LABELLED_ROWS)}
#define IF_AGE {"kind", BIT(POLICY_TRIGGER_AGE)}
#define IF_SCHEDULE {"kind", BIT(POLICY_TRIGGER_SCHEDULE)}
#define IF_HELD \
    {"kind", BIT(POLICY_TRIGGER_DRIFT_SHARE) | BIT(POLICY_TRIGGER_DRIFT_FEATURES) | \
        BIT(POLICY_TRIGGER_PERFORMANCE_DROP) | BIT(POLICY_TRIGGER_HARM)}
#define IF_HARM {"kind", BIT(POLICY_TRIGGER_HARM)}
#define ON_METRICS \
    BIT(POLICY_MONITOR_PERFORMANCE) | BIT(POLICY_MONITOR_ESTIMATED_PERFORMANCE)
#define ON_SERIES \
    BIT(POLICY_MONITOR_DRIFT) | BIT(POLICY_MONITOR_PREDICTION_DRIFT) | \
        BIT(POLICY_MONITOR_QUALITY)
#define ON_FEATURES BIT(POLICY_MONITOR_DRIFT) | BIT(POLICY_MONITOR_QUALITY)
#define HERE policy_trigger
static const struct key trigger_keys[] = {
    {"name", KEY_NAME, AT(name), .required = true, .max = POLICY_NAME_BYTES - 1,
     .help = "Names the trigger in runs, reasons and metrics."},
    {"kind", KEY_ENUM, AT(kind), .required = true, .words = &policy_trigger_words,
     .help = "What asks for a retrain. A person may always ask; that needs no trigger."},
    {"monitor", KEY_MONITOR, AT(monitor), .required = true, .allowed = ON_SERIES, .when = IF_SHARE,
     .help = "The monitor whose signals count."},
    {"monitor", KEY_MONITOR, AT(monitor), .required = true, .allowed = ON_FEATURES,
     .when = IF_FEATURES,
     .help = "The monitor whose signals count."},
    {"monitor", KEY_MONITOR, AT(monitor), .required = true,
     .allowed = ON_METRICS, .when = IF_DROP,
     .help = "The monitor whose signals count."},
    {"monitor", KEY_MONITOR, AT(monitor), .required = true, .allowed = BIT(POLICY_MONITOR_HARM),
     .when = IF_HARM,
     .help = "The monitor whose signals count."},
    {"monitor", KEY_MONITOR, AT(monitor), .required = true,
     .allowed = BIT(POLICY_MONITOR_DETECTOR), .when = IF_DETECTOR,
     .help = "The monitor whose signals count."},
    {"share", KEY_SHARE, AT(share), .required = true, .min = 0.0001, .max = 1, .when = IF_SHARE,
     .help = "Share of the monitor's series, of those that could be judged, that must drift."},
    {"features", KEY_NAMES, AT(features), .required = true, .when = IF_FEATURES,
     .help = "The features that matter."},
    {"match", KEY_ENUM, AT(match), .fallback = "any", .words = &match_words, .when = IF_FEATURES,
     .help = "Whether any or all of the features must drift."},
    {"drop", KEY_SHARE, AT(drop), .required = true, .min = 1e-6, .max = 10, .when = IF_DROP,
     .help = "How much worse than the reference: share of the reference's value for "
             "log_loss, rmse and mae, points for the others."},
    {"windows", KEY_INT, AT(windows), .fallback = "1", .min = 1, .max = 1000, .when = IF_HELD,
     .help = "For how many windows in a row it must hold."},
    {"rows", KEY_INT, AT(rows), .required = true, .min = 1, .max = MANY, .when = IF_LABELLED,
     .help = "So many rows were labelled since the last run."},
    {"max", KEY_DURATION, AT(max_age_ms), .required = true, .min = 60 * SECOND, .max = 10 * YEAR,
     .when = IF_AGE,
     .help = "The champion was trained longer ago than that."},
    {"cron", KEY_CRON, AT(cron), .required = true, .when = IF_SCHEDULE,
     .help = "minute hour day-of-month month day-of-week. A time held back by a guard stays "
             "due until the guard allows it."},
    {"time_zone", KEY_ZONE, AT(time_zone), .fallback = "UTC", .when = IF_SCHEDULE,
     .help = "IANA time zone of the cron times."},
};
#undef HERE
static TABLE(trigger, "a trigger", policy_trigger, policy_check_trigger);

#define HERE time_of_day_range
static const struct key times_keys[] = {
    {"start_time", KEY_CLOCK, AT(start_minute), .required = true,
     .help = "First minute inside."},
    {"end_time", KEY_CLOCK, AT(end_minute), .required = true,
     .help = "First minute outside; 24:00 is the day's end."},
};
#undef HERE
static TABLE(times, "a range of times", time_of_day_range, policy_check_times);

#define HERE time_interval
static const struct key interval_keys[] = {
    {"times", KEY_LIST, AT(times), .table = &times_table, COUNT(n_times),
     .max_items = TIME_INTERVAL_MAX_RANGES,
     .help = "Times of day; absent: all day."},
    {"weekdays", KEY_RANGES, AT(weekdays), .range = TIME_WEEKDAYS,
     .help = "Weekdays or ranges of them."},
    {"days_of_month", KEY_RANGES, AT(days_of_month), .range = TIME_DAYS_OF_MONTH,
     .help = "Days of the month or ranges; negative ones count from its end."},
    {"months", KEY_RANGES, AT(months), .range = TIME_MONTHS,
     .help = "Months or ranges of them."},
    {"years", KEY_RANGES, AT(years), .range = TIME_YEARS,
     .help = "Years or ranges of them."},
    {"location", KEY_ZONE, AT(location), .fallback = "UTC",
     .help = "IANA time zone of the interval."},
};
#undef HERE
static TABLE(interval, "a time interval", time_interval, NULL);

#define HERE policy_guards
static const struct key guards_keys[] = {
    {"cooldown", KEY_DURATION, AT(cooldown_ms), .fallback = "1h", .off = "none", .max = 10 * YEAR,
     .help = "No run starts so soon after the end of another, whatever its end."},
    {"cooldown_rows", KEY_INT, AT(cooldown_rows), .fallback = "none", .off = "none", .max = MANY,
     .help = "No run starts before so many rows were scored since the end of another."},
    {"max_runs_per_day", KEY_INT, AT(max_runs_per_day), .fallback = "6", .off = "none", .min = 1,
     .max = 10000,
     .help = "The budget of runs started in any 24 hours; failed ones count."},
    {"min_labelled_rows", KEY_INT, AT(min_labelled_rows), .fallback = "100", .off = "none",
     .max = MANY,
     .help = "No run starts with fewer rows labelled since the last one."},
    {"approval", KEY_ENUM, AT(approval), .fallback = "none", .words = &approval_words,
     .help = "What a person must approve."},
    {"blackout", KEY_LIST, AT(blackout), .table = &interval_table, COUNT(n_blackout),
     .max_items = POLICY_MAX_BLACKOUTS,
     .help = "No run starts inside these, in Alertmanager's time_intervals form."},
};
#undef HERE
static TABLE(guards, "guards", policy_guards, policy_check_guards);

#define IF_MLP {"algorithm", BIT(POLICY_ALGORITHM_AUTO) | BIT(POLICY_ALGORITHM_MLP)}
#define HERE policy_parameters
static const struct key parameters_keys[] = {
    {"algorithm", KEY_ENUM, AT(algorithm), .fallback = "auto", .words = &policy_algorithm_words,
     .help = "What is fitted; auto: mlp where hidden is given, else linear, logistic or softmax."},
    {"hidden", KEY_INTS, AT(hidden), COUNT(n_hidden), .max_items = POLICY_MAX_HIDDEN, .min = 1,
     .max = 16384, .when = IF_MLP,
     .help = "Widths of the hidden layers."},
    {"epochs", KEY_INT, AT(epochs), .fallback = "30", .min = 1, .max = 100000,
     .help = "Most passes over the rows."},
    {"batch", KEY_INT, AT(batch), .fallback = "256", .min = 1, .max = 1048576,
     .help = "Rows a step."},
    {"learning_rate", KEY_NUMBER, AT(learning_rate), .fallback = "auto", .off = "auto",
     .min = 1e-9, .max = 10,
     .help = "Adam's step; auto: the trainer's, which depends on the algorithm."},
    {"l2", KEY_NUMBER, AT(l2), .fallback = "0.0001", .max = 1000,
     .help = "Weight decay."},
    {"validation", KEY_SHARE, AT(validation), .fallback = "15%", .min = 0.01, .max = 0.5,
     .help = "Newest share of the training rows, kept for early stopping."},
    {"patience", KEY_INT, AT(patience), .fallback = "5", .min = 1, .max = 100000,
     .help = "Epochs without a gain before it stops."},
    {"class_weights", KEY_ENUM, AT(class_weights), .fallback = "none",
     .words = &class_weights_words,
     .help = "Whether rare classes weigh more."},
    {"warm_start", KEY_BOOL, AT(warm_start), .fallback = "false",
     .help = "Starts from the champion's weights."},
    {"calibrate", KEY_BOOL, AT(calibrate), .fallback = "true",
     .help = "Probabilities are calibrated after the fit."},
    {"seed", KEY_INT, AT(seed), .fallback = "1", .max = 4294967295.0,
     .help = "Of everything random in the fit."},
    {"flip_labels", KEY_SHARE, AT(flip_labels), .fallback = "0", .max = 1,
     .help = "Fault injection for drills: this share of the labels is flipped. A trainer "
             "refuses it unless it was told to allow it."},
};
#undef HERE
static TABLE(parameters, "training parameters", policy_parameters, policy_check_parameters);

#define HERE policy_train
static const struct key train_keys[] = {
    {"window", KEY_MAPPING, AT(window), .required = true, .table = &window_table,
     .help = "The newest labelled rows that are trained on; the holdout is among them."},
    {"holdout_rows", KEY_INT, AT(holdout_rows), .fallback = "none", .off = "none", .min = 10,
     .max = MANY,
     .help = "Newest rows kept from training for the gate; none: holdout_share counts."},
    {"holdout_share", KEY_SHARE, AT(holdout_share), .fallback = "20%", .min = 0.01, .max = 0.9,
     .help = "Newest share of the rows kept from training for the gate."},
    {"parameters", KEY_MAPPING, AT(parameters), .table = &parameters_table,
     .help = "Of the fit."},
    {"backend", KEY_ENUM, AT(backend), .fallback = "auto", .words = &policy_backend_words,
     .help = "What computes; auto: the fastest there is."},
    {"deadline", KEY_DURATION, AT(deadline_ms), .fallback = "30m", .min = SECOND, .max = 30 * DAY,
     .help = "A job that is not done by then is killed."},
    {"memory", KEY_SIZE, AT(memory_bytes), .fallback = "4G", .min = 64 * 1048576.0, .max = 1e15,
     .help = "Memory limit of the job."},
    {"retries", KEY_INT, AT(retries), .fallback = "2", .max = 20,
     .help = "New attempts after a crash or a lost host; never after bad data."},
};
#undef HERE
static TABLE(train, "train", policy_train, policy_check_train);

#define PAIRED_METRICS \
    (BIT(POLICY_METRIC_AUTO) | BIT(POLICY_METRIC_ACCURACY) | BIT(POLICY_METRIC_LOG_LOSS) | \
        BIT(POLICY_METRIC_RMSE) | BIT(POLICY_METRIC_MAE))
#define HERE policy_gate
static const struct key gate_keys[] = {
    {"enabled", KEY_BOOL, AT(enabled), .fallback = "true",
     .help = "Whether the candidate must beat the champion on the holdout."},
    {"metric", KEY_ENUM, AT(metric), .fallback = "auto", .words = &policy_metric_words,
     .allowed = PAIRED_METRICS,
     .help = "What is compared, row by row (so auc is not among them); auto: accuracy, or rmse "
             "for regression."},
    {"margin", KEY_SHARE, AT(margin), .fallback = "0", .min = -1, .max = 1,
     .help = "What the candidate must gain: points of accuracy, share of the champion's value "
             "for the others. Below 0: it may be that much worse."},
    {"confidence", KEY_SHARE, AT(confidence), .fallback = "95%", .min = 0.5, .max = 0.999999,
     .help = "How sure the comparison must be."},
    {"min_rows", KEY_INT, AT(min_rows), .fallback = "100", .min = 2, .max = MANY,
     .help = "A smaller holdout is not enough to judge, which does not pass."},
};
#undef HERE
static TABLE(gate, "gate", policy_gate, policy_check_gate);

#define HERE policy_shadow
static const struct key shadow_keys[] = {
    {"enabled", KEY_BOOL, AT(enabled), .fallback = "false",
     .help = "The candidate first scores beside the champion; its answers are recorded, not "
             "returned."},
    {"min_requests", KEY_INT, AT(min_requests), .fallback = "500", .min = 1, .max = MANY,
     .help = "Rows scored in shadow before a verdict counts."},
    {"max_time", KEY_DURATION, AT(max_time_ms), .fallback = "1h", .min = SECOND, .max = 30 * DAY,
     .help = "Longest stay in shadow; then on_timeout decides."},
};
#undef HERE
static TABLE(shadow, "shadow", policy_shadow, NULL);

#define HERE policy_step
static const struct key step_keys[] = {
    {"weight", KEY_SHARE, AT(weight), .required = true, .min = 0.001, .max = 1,
     .help = "Share of the request keys that the candidate answers."},
    {"min_requests", KEY_INT, AT(min_requests), .fallback = "500", .min = 1, .max = MANY,
     .help = "Answers of the candidate in this step before a verdict counts."},
    {"min_time", KEY_DURATION, AT(min_time_ms), .fallback = "none", .off = "none", .max = 30 * DAY,
     .help = "Shortest stay in this step."},
    {"max_time", KEY_DURATION, AT(max_time_ms), .fallback = "1h", .min = SECOND, .max = 30 * DAY,
     .help = "Longest stay in this step; then on_timeout decides."},
};
#undef HERE
static TABLE(step, "a step", policy_step, policy_check_step);

#define HERE policy_abort
static const struct key abort_keys[] = {
    {"error_rate_increase", KEY_SHARE, AT(error_rate_increase), .fallback = "1%", .off = "off",
     .max = 1,
     .help = "Points by which the candidate's share of failed requests may exceed the "
             "champion's."},
    {"latency_p99_ratio", KEY_NUMBER, AT(latency_p99_ratio), .fallback = "3", .off = "off",
     .min = 1, .max = 1000,
     .help = "How many times the champion's 99th percentile of latency is tolerated."},
    {"prediction_js", KEY_NUMBER, AT(prediction_js), .fallback = "off", .off = "off", .min = 0.001,
     .max = 1,
     .help = "Tolerated Jensen-Shannon distance between the predictions of the two sides."},
    {"metric_drop", KEY_SHARE, AT(metric_drop), .fallback = "2%", .off = "off", .max = 10,
     .help = "How much worse than the champion on labelled rows is tolerated, in the gate's "
             "metric."},
    {"confidence", KEY_SHARE, AT(confidence), .fallback = "99%", .min = 0.5, .max = 0.999999,
     .help = "How sure it must be that a limit is passed, over the whole rollout."},
};
#undef HERE
static TABLE(abort, "abort", policy_abort, NULL);

#define HERE policy_rollout
static const struct key rollout_keys[] = {
    {"shadow", KEY_MAPPING, AT(shadow), .table = &shadow_table,
     .help = "A trial beside the champion before the first step."},
    {"steps", KEY_LIST, AT(steps), .required = true, .table = &step_table, COUNT(n_steps),
     .max_items = POLICY_MAX_STEPS,
     .help = "Canary steps with rising weights; an empty list promotes right after gate and "
             "shadow."},
    {"abort", KEY_MAPPING, AT(abort), .table = &abort_table,
     .help = "What takes the candidate back at once."},
    {"on_timeout", KEY_ENUM, AT(on_timeout), .fallback = "rollback", .words = &timeout_words,
     .help = "When max_time ends without a verdict. A candidate without data is never "
             "promoted."},
    {"warm_versions", KEY_INT, AT(warm_versions), .fallback = "1", .max = 8,
     .help = "Former champions kept loaded, so that a rollback is one push."},
};
#undef HERE
static TABLE(rollout, "rollout", policy_rollout, policy_check_rollout);

#define HERE policy_notify
static const struct key notify_keys[] = {
    {"webhook", KEY_URL, AT(webhook), .required = true, .max = POLICY_TEXT_BYTES - 1,
     .help = "Gets a POST with a JSON body for each event."},
    {"events", KEY_FLAGS, AT(events), .fallback = "all", .off = "all",
     .words = &policy_event_words,
     .help = "Which events."},
};
#undef HERE
static TABLE(notify, "a notification", policy_notify, policy_check_notify);

#define HERE policy
static const struct key policy_file_keys[] = {
    {"leeway", KEY_INT, AT(format), .required = true, .min = POLICY_FORMAT, .max = POLICY_FORMAT,
     .help = "Version of the file's format."},
    {"model", KEY_NAME, AT(model), .required = true, .max = POLICY_MODEL_BYTES - 1,
     .help = "The model this policy is for."},
    {"description", KEY_TEXT, AT(description), .max = POLICY_TEXT_BYTES - 1,
     .help = "For people."},
    {"mode", KEY_ENUM, AT(mode), .fallback = "act", .words = &mode_words,
     .help = "observe: decides and says so, but starts no run by itself."},
    {"window", KEY_MAPPING, AT(window), .required = true, .table = &window_table,
     .help = "What the monitors compare with the reference."},
    {"monitors", KEY_LIST, AT(monitors), .table = &monitor_table, COUNT(n_monitors),
     .max_items = POLICY_MAX_MONITORS,
     .help = "What is watched."},
    {"triggers", KEY_LIST, AT(triggers), .table = &trigger_table, COUNT(n_triggers),
     .max_items = POLICY_MAX_TRIGGERS,
     .help = "What asks for a retrain; the first in the list that fires is the one."},
    {"guards", KEY_MAPPING, AT(guards), .table = &guards_table,
     .help = "What may forbid a run. One run per model at a time is always kept."},
    {"train", KEY_MAPPING, AT(train), .required = true, .table = &train_table,
     .help = "How a candidate is trained."},
    {"gate", KEY_MAPPING, AT(gate), .table = &gate_table,
     .help = "What it must show before it meets traffic."},
    {"rollout", KEY_MAPPING, AT(rollout), .required = true, .table = &rollout_table,
     .help = "How it meets traffic."},
    {"notify", KEY_LIST, AT(notify), .table = &notify_table, COUNT(n_notify),
     .max_items = POLICY_MAX_NOTIFY,
     .help = "Who is told."},
};
#undef HERE
TABLE(policy_file, "a policy", policy, NULL);
