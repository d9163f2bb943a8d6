/*
 * trainer_health.h - whether the trainer answers: known from every call of a run, and from a probe
 * where no run has asked for a while. So that an operator learns that it is away before a retrain
 * needs it. Loop thread only.
 */
#ifndef ORCHESTRATOR_TRAINER_HEALTH_H
#define ORCHESTRATOR_TRAINER_HEALTH_H

#include "base/err.h"

struct daemon;
struct trainer_health;

/* d, with its backend, is borrowed; asks at once. NULL: out of memory. */
struct trainer_health *trainer_health_new(struct daemon *d);
/* Takes in how a call to the trainer ended. h may be NULL. */
void trainer_health_note(struct trainer_health *h, const struct err *e);
/* "up", "down", or "unknown": not asked yet, or there is none. h may be NULL. */
const char *trainer_health_state(const struct trainer_health *h);
/* What is wrong, in words that say that it is the trainer; "": nothing. h may be NULL. */
const char *trainer_health_problem(const struct trainer_health *h);
/* Stops the probes; h may be NULL. Its memory is freed with trainer_health_free, after the loop has
 * ended. */
void trainer_health_close(struct trainer_health *h);
void trainer_health_free(struct trainer_health *h);

#endif
