/*
 * replay_pace.c - see replay_pace.h.
 */
#include "replay_pace.h"

#include <math.h>

#define CATCH_UP_MS 100.0

struct replay_pace replay_pace_start(double rows_per_s, double now_ms)
{
    return (struct replay_pace){.rows_per_s = rows_per_s, .next_ms = now_ms};
}

bool replay_pace_take(struct replay_pace *p, double now_ms)
{
    if (p->rows_per_s <= 0)
        return true;
    if (now_ms < p->next_ms)
        return false;
    if (p->next_ms < now_ms - CATCH_UP_MS)
        p->next_ms = now_ms - CATCH_UP_MS;
    p->next_ms += 1000 / p->rows_per_s;
    return true;
}

int64_t replay_pace_wait_ms(const struct replay_pace *p, double now_ms)
{
    if (p->rows_per_s <= 0 || p->next_ms <= now_ms)
        return 0;
    return (int64_t)ceil(p->next_ms - now_ms);
}
