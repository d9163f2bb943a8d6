/*
 * log.h - logfmt on stderr: one event, one line.
 *
 *   ts=2026-01-02T03:04:05.678Z level=info event=run_started run=r-7 model=loan psi=0.31
 *
 * Programs log; libraries stay silent above debug. Secrets and feature rows are never logged.
 * Thread-safe: a line is written with one write(2).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind { LOG_KIND_END, LOG_KIND_STR, LOG_KIND_INT, LOG_KIND_FLOAT, LOG_KIND_BOOL };

struct log_field {
    const char *key; /* snake_case */
    enum log_kind kind;
    union {
        const char *s; /* NULL prints as "" ; quoted and escaped where logfmt needs it */
        int64_t i;
        double f;
        bool b;
    } value;
};

#define LOG_S(k, v) ((struct log_field){.key = (k), .kind = LOG_KIND_STR, .value.s = (v)})
#define LOG_I(k, v) ((struct log_field){.key = (k), .kind = LOG_KIND_INT, .value.i = (int64_t)(v)})
#define LOG_F(k, v) ((struct log_field){.key = (k), .kind = LOG_KIND_FLOAT, .value.f = (v)})
#define LOG_B(k, v) ((struct log_field){.key = (k), .kind = LOG_KIND_BOOL, .value.b = (v)})

/* Writes one line where level is at or above the set level. fields ends with {0}. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#define log_debug(event, ...) log_write(LOG_DEBUG, event, (struct log_field[]){__VA_ARGS__, {0}})
#define log_info(event, ...) log_write(LOG_INFO, event, (struct log_field[]){__VA_ARGS__, {0}})
#define log_warn(event, ...) log_write(LOG_WARN, event, (struct log_field[]){__VA_ARGS__, {0}})
#define log_error(event, ...) log_write(LOG_ERROR, event, (struct log_field[]){__VA_ARGS__, {0}})

/* The process-wide level; the default is LOG_INFO. One of the two globals that Leeway has. */
void log_set_level(enum log_level level);

/* "debug", "info", "warn", "error" -> level; false where text is none of them. */
bool log_level_parse(const char *text, enum log_level *out);

#endif
