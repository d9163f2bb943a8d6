/*
 * progress.h - one line on stderr that says how far long work is: redrawn on a terminal, else a
 * line now and then.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool tty, drawn;
    int64_t next_mono_ms;
};

struct progress progress_new(void);

/* Whether it is time for progress_show: formatting is not free. */
bool progress_due(const struct progress *p);
void progress_show(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Takes the line off a terminal: before other talk, and at the end. */
void progress_clear(struct progress *p);

#endif
