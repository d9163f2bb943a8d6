/*
 * job_machine.c - one function a state.
 */
#include "daemon/job_machine.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
#define X(symbol, name, wire) [symbol] = name,
    JOB_STATE_LIST(X)
#undef X
};

static const char *const state_wires[] = {
#define X(symbol, name, wire) [symbol] = wire,
    JOB_STATE_LIST(X)
#undef X
};

static const char *const stop_names[] = {
#define X(symbol, name) [symbol] = name,
    JOB_STOP_LIST(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *job_state_name(enum job_state s)
{
    return state_names[s];
}

const char *job_state_wire(enum job_state s)
{
    return state_wires[s];
}

const char *job_stop_name(enum job_stop s)
{
    return stop_names[s];
}

static int find_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool job_state_parse(const char *name, enum job_state *out)
{
    int found = find_name(state_names, COUNT(state_names), name);
    if (found >= 0) {
        *out = (enum job_state)found;
    }
    return found >= 0;
}

bool job_stop_parse(const char *name, enum job_stop *out)
{
    int found = find_name(stop_names, COUNT(stop_names), name);
    if (found >= 0) {
        *out = (enum job_stop)found;
    }
    return found >= 0;
}

bool job_is_over(enum job_state state)
{
    return state == JOB_SUCCEEDED || state == JOB_FAILED || state == JOB_CANCELLED;
}

bool job_has_slot(enum job_state state)
{
    return state == JOB_RUNNING || state == JOB_STOPPING || state == JOB_CHECKING;
}

/* ---- transitions ---- */

static enum job_action end(struct job_status *s, enum job_state state, int64_t now_unix_ms,
                           const char *error)
{
    s->state = state;
    s->ended_unix_ms = now_unix_ms;
    snprintf(s->error, sizeof s->error, "%s", error);
    return JOB_DO_NOTHING;
}

static enum job_action requeue(struct job_status *s)
{
    s->state = JOB_QUEUED;
    s->stop = JOB_STOP_NONE;
    s->started_unix_ms = 0;
    return JOB_DO_NOTHING;
}

static enum job_action stop(struct job_status *s, enum job_stop why)
{
    s->state = JOB_STOPPING;
    s->stop = why;
    return JOB_DO_TERMINATE;
}

static enum job_action step_queued(struct job_status *s, const struct job_event *event)
{
    switch (event->kind) {
    case JOB_ON_SLOT:
        s->state = JOB_RUNNING;
        s->started_unix_ms = event->now_unix_ms;
        s->attempts++;
        return JOB_DO_SPAWN;
    case JOB_ON_CANCEL:
        return end(s, JOB_CANCELLED, event->now_unix_ms, "cancelled before it started");
    case JOB_ON_SPAWN_ERROR:
    case JOB_ON_DEADLINE:
    case JOB_ON_SHUTDOWN:
    case JOB_ON_GRACE_OVER:
    case JOB_ON_GONE:
    case JOB_ON_VALID:
    case JOB_ON_INVALID:
    case JOB_ON_INTERRUPTED:
        break;
    }
    return JOB_DO_NOTHING;
}

static enum job_action step_running(struct job_status *s, const struct job_event *event)
{
    switch (event->kind) {
    case JOB_ON_SPAWN_ERROR:
        return end(s, JOB_FAILED, event->now_unix_ms, event->message);
    case JOB_ON_CANCEL:
        return stop(s, JOB_STOP_CANCEL);
    case JOB_ON_DEADLINE:
        return stop(s, JOB_STOP_DEADLINE);
    case JOB_ON_SHUTDOWN:
        return stop(s, JOB_STOP_SHUTDOWN);
    case JOB_ON_GONE:
        s->state = JOB_CHECKING;
        return JOB_DO_CHECK;
    case JOB_ON_SLOT:
    case JOB_ON_GRACE_OVER:
    case JOB_ON_VALID:
    case JOB_ON_INVALID:
    case JOB_ON_INTERRUPTED:
        break;
    }
    return JOB_DO_NOTHING;
}

static enum job_action stopped(struct job_status *s, int64_t now_unix_ms)
{
    char text[128];
    switch (s->stop) {
    case JOB_STOP_CANCEL:
        return end(s, JOB_CANCELLED, now_unix_ms, "cancelled");
    case JOB_STOP_DEADLINE:
        snprintf(text, sizeof text, "deadline exceeded: stopped after %.1f s",
                 (double)(now_unix_ms - s->started_unix_ms) / 1000);
        return end(s, JOB_FAILED, now_unix_ms, text);
    case JOB_STOP_SHUTDOWN:
    case JOB_STOP_NONE:
        s->attempts--;
        return requeue(s);
    }
    return JOB_DO_NOTHING;
}

static enum job_action step_stopping(struct job_status *s, const struct job_event *event)
{
    switch (event->kind) {
    case JOB_ON_CANCEL:
        s->stop = JOB_STOP_CANCEL; /* what a person asked for last */
        return JOB_DO_NOTHING;
    case JOB_ON_GRACE_OVER:
        return JOB_DO_KILL;
    case JOB_ON_GONE:
        return stopped(s, event->now_unix_ms);
    case JOB_ON_SLOT:
    case JOB_ON_SPAWN_ERROR:
    case JOB_ON_DEADLINE:
    case JOB_ON_SHUTDOWN:
    case JOB_ON_VALID:
    case JOB_ON_INVALID:
    case JOB_ON_INTERRUPTED:
        break;
    }
    return JOB_DO_NOTHING;
}

static enum job_action interrupted(struct job_status *s, int64_t now_unix_ms, int max_attempts)
{
    char text[128];
    if (s->attempts < max_attempts) {
        return requeue(s);
    }
    snprintf(text, sizeof text, "interrupted %d times: its process vanished without a result",
             s->attempts);
    return end(s, JOB_FAILED, now_unix_ms, text);
}

static enum job_action step_checking(struct job_status *s, const struct job_event *event,
                                     int max_attempts)
{
    switch (event->kind) {
    case JOB_ON_VALID:
        return end(s, JOB_SUCCEEDED, event->now_unix_ms, "");
    case JOB_ON_INVALID:
        return end(s, JOB_FAILED, event->now_unix_ms, event->message);
    case JOB_ON_INTERRUPTED:
        return interrupted(s, event->now_unix_ms, max_attempts);
    case JOB_ON_CANCEL:
        return end(s, JOB_CANCELLED, event->now_unix_ms, "cancelled");
    case JOB_ON_SLOT:
    case JOB_ON_SPAWN_ERROR:
    case JOB_ON_DEADLINE:
    case JOB_ON_SHUTDOWN:
    case JOB_ON_GRACE_OVER:
    case JOB_ON_GONE:
        break;
    }
    return JOB_DO_NOTHING;
}

enum job_action job_step(struct job_status *s, const struct job_event *event, int max_attempts)
{
    switch (s->state) {
    case JOB_QUEUED:
        return step_queued(s, event);
    case JOB_RUNNING:
        return step_running(s, event);
    case JOB_STOPPING:
        return step_stopping(s, event);
    case JOB_CHECKING:
        return step_checking(s, event, max_attempts);
    case JOB_SUCCEEDED:
    case JOB_FAILED:
    case JOB_CANCELLED:
        break;
    }
    return JOB_DO_NOTHING;
}
