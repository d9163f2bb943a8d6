/*
 * cron.h - five-field cron expressions and the next time they name, in a time zone.
 *
 * Fields: minute hour day-of-month month day-of-week; each is a list of `*`, numbers, names
 * (jan..dec, sun..sat, 7 = Sunday), ranges a-b, and steps (star or a-b, then /n). Also @hourly
 * @daily @weekly
 * @monthly @yearly. As in every cron since Vixie's: where both day fields are restricted, a day
 * that matches either counts.
 *
 * Daylight saving follows Debian's cron(8): a job with a fixed hour and minute runs exactly once a
 * day - a skipped time runs right after the gap, a repeated one the first time only; a job with a
 * `*` in hour or minute follows the clock on the wall, so it runs in both repeated hours.
 */
#ifndef POLICIES_CRON_H
#define POLICIES_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policies/tz.h"

struct cron {
    uint64_t minutes;                       /* bit i: minute i */
    uint32_t hours, days, months, weekdays; /* days: bits 1..31, months: bits 1..12 */
    bool any_day, any_weekday;              /* the field was `*` */
    bool fixed_time;                        /* no `*` in hour and minute */
};

/* Parses an expression. Errors name the field and what was expected; *out is written on success. */
enum err_code cron_parse(const char *text, struct cron *out, struct err *e);

/* The first matching instant strictly after after_unix_ms, into *next_unix_ms; false where there is
 * none within nine years (30 February). tz NULL is UTC. Costs microseconds. */
bool cron_next(const struct cron *c, const struct tz *tz, int64_t after_unix_ms,
               int64_t *next_unix_ms);

#endif
