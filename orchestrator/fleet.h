/*
 * fleet.h - which replicas there are: a Prometheus file_sd file (JSON or YAML), read again when it
 * changes.
 *
 *   [{"targets": ["127.0.0.1:8001", "https://10.0.0.7:8443"], "labels": {"zone": "a"}}]
 *
 * A target without a scheme is http. A file that cannot be read or understood leaves the fleet as
 * it was; the error stays visible until the file is right again. Loop thread only.
 */
#ifndef ORCHESTRATOR_FLEET_H
#define ORCHESTRATOR_FLEET_H

#include <stddef.h>
#include <uv.h>

#include "base/err.h"

#define FLEET_MAX_TARGETS 4096
#define FLEET_URL_BYTES 300

struct fleet_targets {
    size_t n;
    char (*urls)[FLEET_URL_BYTES]; /* distinct, in file order, without a final slash */
};

/* Reads file_sd text. *out is filled with owned memory; free with fleet_targets_free. Pure. */
enum err_code fleet_parse(const char *name, const char *text, size_t len, struct fleet_targets *out,
                          struct err *e);
void fleet_targets_free(struct fleet_targets *t);

struct fleet;

/* Called on the loop thread when the set of targets has changed, and once at start. targets: a
 * view. */
typedef void fleet_changed(const struct fleet_targets *targets, void *user);
/* Called when the file becomes unreadable (message) or readable again (NULL). */
typedef void fleet_problem(const char *message, void *user);

/* Reads path now and watches it (every second). An absent file is an empty fleet with a problem.
 * *out is owned; end with fleet_close. */
enum err_code fleet_open(uv_loop_t *loop, const char *path, fleet_changed *on_changed,
                         fleet_problem *on_problem, void *user, struct fleet **out, struct err *e);
/* Frees itself once the loop has closed its handle. NULL is fine. */
void fleet_close(struct fleet *f);

#endif
