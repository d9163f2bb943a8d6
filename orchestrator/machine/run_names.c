/* run_names.c - the words for states, events, actions and jobs, from the lists in run_machine.h. */
#include <stdio.h>
#include <string.h>

#include "machine/run_machine.h"

static const char *const state_names[RUN_N_STATES] = {
#define X(symbol, name, deadline_ms, sentence) [symbol] = name,
    RUN_STATE_LIST(X)
#undef X
};
static const char *const state_sentences[RUN_N_STATES] = {
#define X(symbol, name, deadline_ms, sentence) [symbol] = sentence,
    RUN_STATE_LIST(X)
#undef X
};
static const char *const event_names[] = {
#define X(symbol, name, verb, sentence) [symbol] = name,
    RUN_EVENT_LIST(X)
#undef X
};
static const char *const action_names[] = {
#define X(symbol, name, sentence) [symbol] = name,
    RUN_ACTION_LIST(X)
#undef X
};
static const char *const job_names[] = {
#define X(symbol, name, sentence) [symbol] = name,
    RUN_JOB_LIST(X)
#undef X
};

/* The index of name, or -1. */
static int find(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const char *run_state_name(enum run_state s)
{
    return state_names[s];
}

const char *run_state_sentence(enum run_state s)
{
    return state_sentences[s];
}

bool run_state_parse(const char *name, enum run_state *out)
{
    int i = find(state_names, RUN_N_STATES, name);

    if (i >= 0) {
        *out = (enum run_state)i;
    }
    return i >= 0;
}

const char *run_event_name(enum run_event_kind k)
{
    return event_names[k];
}

const char *run_action_name(enum run_action_kind k)
{
    return action_names[k];
}

bool run_action_parse(const char *name, enum run_action_kind *out)
{
    int i = find(action_names, sizeof(action_names) / sizeof(*action_names), name);

    if (i >= 0) {
        *out = (enum run_action_kind)i;
    }
    return i >= 0;
}

const char *run_job_name(enum run_job_state s)
{
    return job_names[s];
}

bool run_job_parse(const char *name, enum run_job_state *out)
{
    int i = find(job_names, sizeof(job_names) / sizeof(*job_names), name);

    if (i >= 0) {
        *out = (enum run_job_state)i;
    }
    return i >= 0;
}

void run_job_id(const struct run *r, char out[RUN_JOB_ID_BYTES])
{
    snprintf(out, RUN_JOB_ID_BYTES, "%s-%u", r->id, r->job_attempt);
}
