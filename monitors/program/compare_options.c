/*
 * compare_options.c - see compare_options.h.
 */
#include "compare_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/csv.h"

static const char *const monitor_names[] = {
#define X(symbol, text, help) [symbol] = text,
    COMPARE_MONITOR_LIST(X)
#undef X
};

const char *compare_monitor_name(enum compare_monitor m)
{
    return monitor_names[m];
}

void compare_options_init(struct compare_options *o)
{
    *o = (struct compare_options){.window_text = "all",
                                  .rate_text = "0.001",
                                  .statistic_text = "psi",
                                  .season_text = "hour_of_week",
                                  .lengths = 1,
                                  .top = 20};
}

static enum err_code read_window(struct compare_options *o, struct err *e)
{
    char *end;
    const char *text = o->window_text;
    if (strcmp(text, "all") == 0) {
        o->window = WINDOW_ALL;
        return ERR_OK;
    }
    unsigned long long rows = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0') {
        if (rows < COMPARE_LEAST_ROWS || rows > 1000000000000)
            return err_set(e, ERR_INVALID, "--window: expected %d rows or more, got %s",
                           COMPARE_LEAST_ROWS, text);
        o->window = WINDOW_ROWS;
        o->window_rows = rows;
        return ERR_OK;
    }
    if (!clock_parse_duration(text, &o->window_ms) || o->window_ms < 1)
        return err_set(e, ERR_INVALID,
                       "--window: expected rows (1000), a duration (90s, 1h, 7d) or all, got "
                       "\"%.40s\"",
                       text);
    o->window = WINDOW_TIME;
    return ERR_OK;
}

/* "0.001", "0.1%", or "1 per 30d". */
static enum err_code read_rate(struct compare_options *o, struct err *e)
{
    char number[32];
    const char *text = o->rate_text, *per = strstr(text, " per ");
    size_t len = per ? (size_t)(per - text) : strcspn(text, "%");
    bool percent = !per && text[len] == '%' && text[len + 1] == '\0';
    bool ok = len > 0 && len < sizeof number && (per || percent || text[len] == '\0');
    double x = NAN;
    snprintf(number, sizeof number, "%.*s", (int)len, text);
    ok = ok && csv_number(number, &x) && x > 0;
    if (ok && per) {
        o->alarms = x;
        o->false_alarm_rate = NAN;
        ok = clock_parse_duration(per + 5, &o->period_ms) && o->period_ms > 0;
    } else if (ok) {
        o->false_alarm_rate = percent ? x / 100 : x;
        ok = o->false_alarm_rate <= 0.5;
    }
    return ok ? ERR_OK
              : err_set(e, ERR_INVALID,
                        "--false-alarm-rate: expected a share of windows up to 0.5 (0.001, 0.1%%) "
                        "or \"1 per 30d\", got \"%.40s\"",
                        text);
}

static enum err_code read_monitor(struct compare_options *o, const char *name, size_t len,
                                  struct err *e)
{
    for (size_t i = 0; i < COMPARE_N_MONITORS; i++)
        if (strlen(monitor_names[i]) == len && strncmp(monitor_names[i], name, len) == 0) {
            o->monitors[i] = true;
            return ERR_OK;
        }
    return err_set(e, ERR_INVALID,
                   "--monitor: \"%.*s\" is none of "
#define X(symbol, text, help) text " "
                   COMPARE_MONITOR_LIST(X)
#undef X
                       ,
                   len < 40 ? (int)len : 40, name);
}

/* "drift,quality"; nothing: all that the reference allows. */
static enum err_code read_monitors(struct compare_options *o, struct err *e)
{
    const char *p = o->monitors_text;
    enum err_code code = ERR_OK;
    o->monitors_said = p != NULL;
    for (size_t i = 0; !p && i < COMPARE_N_MONITORS; i++)
        o->monitors[i] = true;
    while (!code && p) {
        size_t len = strcspn(p, ",");
        code = read_monitor(o, p, len, e);
        p = p[len] ? p + len + 1 : NULL;
    }
    return code;
}

static enum err_code read_min_effect(struct compare_options *o, struct err *e)
{
    o->min_effect = NAN;
    if (!o->min_effect_text)
        return ERR_OK;
    if (csv_number(o->min_effect_text, &o->min_effect) && o->min_effect >= 0)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "--min-effect: expected a number of 0 or more, got \"%.40s\"",
                   o->min_effect_text);
}

static enum err_code add_statistic(struct compare_options *o, enum mon_statistic s, struct err *e)
{
    for (size_t i = 0; i < o->n_statistics; i++)
        if (o->statistics[i] == s)
            return err_set(e, ERR_INVALID, "--statistic: %s twice", mon_statistic_name(s));
    o->statistics[o->n_statistics++] = s;
    return ERR_OK;
}

static enum err_code read_statistic(struct compare_options *o, const char *text, size_t len,
                                    struct err *e)
{
    char name[32];
    enum mon_statistic s;
    snprintf(name, sizeof name, "%.*s", len < sizeof name ? (int)len : 0, text);
    if (mon_statistic_from_name(name, &s))
        return add_statistic(o, s, e);
    return err_set(e, ERR_INVALID,
                   "--statistic: expected all, or some of "
#define X(symbol, text) text " "
                   MON_STATISTIC_LIST(X)
#undef X
                       "by commas, got \"%.40s\"",
                   text);
}

/* "psi", "psi,ks" or "all". */
static enum err_code read_statistics(struct compare_options *o, struct err *e)
{
    static const enum mon_statistic all[] = {
#define X(symbol, text) symbol,
        MON_STATISTIC_LIST(X)
#undef X
    };
    const char *p = o->statistic_text;
    enum err_code code = ERR_OK;
    bool every = strcmp(p, "all") == 0;
    o->n_statistics = 0;
    for (size_t i = 0; every && i < MON_N_STATISTICS; i++)
        o->statistics[o->n_statistics++] = all[i];
    while (!code && !every && p) {
        size_t len = strcspn(p, ",");
        code = read_statistic(o, p, len, e);
        p = p[len] ? p + len + 1 : NULL;
    }
    return code;
}

enum err_code compare_options_read(struct compare_options *o, struct err *e)
{
    enum err_code code = read_window(o, e);
    if (!code)
        code = read_rate(o, e);
    if (!code)
        code = read_min_effect(o, e);
    if (!code)
        code = read_monitors(o, e);
    if (!code && o->metric_text && !mon_metric_from_name(o->metric_text, &o->metric))
        code = err_set(e, ERR_INVALID,
                       "--metric: expected one of "
#define X(symbol, text, larger) text " "
                       MON_METRIC_LIST(X)
#undef X
                           "got \"%.40s\"",
                       o->metric_text);
    if (!code && o->explain && o->json)
        code = err_set(e, ERR_INVALID, "--explain is a page for people: leave --json out");
    o->metric_said = o->metric_text != NULL;
    if (!code && !mon_cycle_from_name(o->season_text, &o->season))
        code = err_set(e, ERR_INVALID,
                       "--season: expected hour_of_week, day_of_week, hour_of_day or none, got "
                       "\"%.40s\"",
                       o->season_text);
    return code ? code : read_statistics(o, e);
}
