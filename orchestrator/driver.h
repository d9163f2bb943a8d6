/*
 * driver.h - carries runs: turns timers, answers and operators' verbs into events for the run
 * machine, and its actions into work, HTTP calls and pushes. Loop thread only.
 *
 * A run has at most one action in flight here; each outcome goes back as an event under the
 * action's number. An event that cannot be made durable (a full disk, say) is offered again with
 * backoff; nothing goes on before it is.
 */
#ifndef ORCHESTRATOR_DRIVER_H
#define ORCHESTRATOR_DRIVER_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "campaign.h"
#include "daemon.h"

struct driver;

/* Loads the runs under way and takes each up where it was. *out is owned; end with driver_close,
 * then driver_free. */
enum err_code driver_new(struct daemon *d, struct driver **out, struct err *e);
/* Stops starting anything; what is in flight ends by itself and is taken up after a restart. */
void driver_close(struct driver *dr);
void driver_free(struct driver *dr); /* after the loop has ended */

/* Called with the step's outcome, or the reason why there was none. */
typedef void driver_stepped(void *user, const struct campaign_step *step, const struct err *err);

/* An operator's verb. actor and text are copied; done is called once, never from inside. */
void driver_operate(struct driver *dr, const char *run_id, enum run_event_kind verb,
                    const char *actor, const char *text, driver_stepped *done, void *user);

/* Why a model could not be decided for in the newest round; "" where all could. A view. */
const char *driver_problem(const struct driver *dr);

/* Takes over a run that was made elsewhere (a manual retrain). */
void driver_adopt(struct driver *dr, const struct campaign_step *step);

#endif
