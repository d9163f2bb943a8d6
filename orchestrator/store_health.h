/*
 * store_health.h - whether leewayd's store can be written: a failure is remembered and told once,
 * and is over only when a probe has shown that there is room again. One piece of work that went
 * well proves little: it may have written nothing. Loop thread only.
 */
#ifndef ORCHESTRATOR_STORE_HEALTH_H
#define ORCHESTRATOR_STORE_HEALTH_H

#include "base/err.h"

struct daemon;
struct store_health;

/* d is borrowed. NULL: out of memory. */
struct store_health *store_health_new(struct daemon *d);
/* Takes in how a piece of work on the store ended; what is not the store's fault is ignored. h may
 * be NULL. */
void store_health_note(struct store_health *h, const struct err *e);
/* What is wrong, in words; "": nothing. h may be NULL. */
const char *store_health_problem(const struct store_health *h);
/* Stops the probes; h may be NULL. Its memory is freed with store_health_free, after the loop has
 * ended. */
void store_health_close(struct store_health *h);
void store_health_free(struct store_health *h);

#endif
