/*
 * concept_report.h - results of bench/concept_drift: which detector on which set, as Markdown
 * tables and as JSON.
 */
#ifndef BENCH_CONCEPT_REPORT_H
#define BENCH_CONCEPT_REPORT_H

#include <cjson/cJSON.h>

#include "concept_run.h"

/* The changes of one set as the default detector found them: a row of Markdown. */
void concept_report_head(void);
void concept_report_set(const char *set, const struct concept_result *r);

/* One detector over all sets: a row of Markdown. */
void concept_report_totals_head(void);
void concept_report_totals(const char *detector, const struct concept_result *changing,
                           const struct concept_result *steady);

/* {"set", "detector", "rows", "changes", "found", "again", "extra", "delay", "error_rate",
 * "delays"}; a change that was not found has delay null. */
cJSON *concept_report_json(const char *set, const char *detector, const struct concept_result *r);

#endif
