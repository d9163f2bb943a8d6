/*
 * notify.h - tells the policy's webhooks: POST {"event", "model", "run", "reason", "at_unix_ms"},
 * tried a few times with backoff. A hint to people, not a record: what a webhook missed is in the
 * audit log.
 */
#ifndef ORCHESTRATOR_NOTIFY_H
#define ORCHESTRATOR_NOTIFY_H

#include "campaign.h"
#include "daemon.h"

/* Does nothing where notice has no webhooks. Loop thread. */
void notify_send(struct daemon *d, const struct campaign_notice *notice, const char *model,
                 const char *run, const char *reason);

#endif
