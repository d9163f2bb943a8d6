/*
 * progress.c - see base/progress.h.
 */
#include "base/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define TTY_EVERY_MS 250
#define LINE_EVERY_MS 10000

struct progress progress_new(void)
{
    bool tty = isatty(STDERR_FILENO);
    return (struct progress){
        .tty = tty, .next_mono_ms = clock_mono_ms() + (tty ? TTY_EVERY_MS : LINE_EVERY_MS)};
}

bool progress_due(const struct progress *p)
{
    return clock_mono_ms() >= p->next_mono_ms;
}

void progress_show(struct progress *p, const char *fmt, ...)
{
    va_list args;
    p->next_mono_ms = clock_mono_ms() + (p->tty ? TTY_EVERY_MS : LINE_EVERY_MS);
    if (p->tty)
        fputs("\r\033[K", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    if (!p->tty)
        fputc('\n', stderr);
    fflush(stderr);
    p->drawn = p->tty;
}

void progress_clear(struct progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}
