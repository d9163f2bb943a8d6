/*
 * rollout.h - how a candidate wins trust: a list of stages (shadow, then canary weights), each with
 * a smallest evidence and a longest time. Only the decision: no I/O, no clock, no log, no memory.
 *
 * The rules, in this order:
 *   1. A bad verdict takes the candidate back at once, whatever else holds (paused included).
 *   2. While paused nothing moves forward and the stage's clock stands still.
 *   3. A good verdict with min_requests answered and min_time_ms passed goes to the next stage.
 *   4. max_time_ms passed without that takes the candidate back: no data never promotes. Only where
 *      the plan says so, a stage that had its requests and was not found bad goes on undecided.
 *
 * Called by the run machine; the verdicts come from the shell (monitors' comparison of the two
 * sides).
 */
#ifndef MACHINE_ROLLOUT_H
#define MACHINE_ROLLOUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ROLLOUT_MAX_STAGES 24
#define ROLLOUT_REASON_BYTES 480

/* X(symbol, name, sentence) */
#define ROLLOUT_VERDICT_LIST(X)                                                                    \
    X(ROLLOUT_NOT_ENOUGH, "not_enough", "the data so far decide nothing")                          \
    X(ROLLOUT_GOOD, "good", "the candidate is at least as good, within the stated margin")         \
    X(ROLLOUT_BAD, "bad", "the candidate is worse, beyond the stated margin")

enum rollout_verdict {
#define X(symbol, name, sentence) symbol,
    ROLLOUT_VERDICT_LIST(X)
#undef X
};

/* X(symbol, name, sentence) */
#define ROLLOUT_EVENT_LIST(X)                                                                      \
    X(ROLLOUT_EV_ENTER, "enter", "the fleet runs the present stage: its clock starts")             \
    X(ROLLOUT_EV_TICK, "tick", "time has passed")                                                  \
    X(ROLLOUT_EV_NUMBERS, "numbers", "both sides were read and compared")                          \
    X(ROLLOUT_EV_PAUSE, "pause", "an operator holds the rollout where it is")                      \
    X(ROLLOUT_EV_RESUME, "resume", "an operator lets it go on")

enum rollout_event_kind {
#define X(symbol, name, sentence) symbol,
    ROLLOUT_EVENT_LIST(X)
#undef X
};

/* X(symbol, name, sentence) */
#define ROLLOUT_MOVE_LIST(X)                                                                       \
    X(ROLLOUT_STAY, "stay", "nothing changes")                                                     \
    X(ROLLOUT_NEXT, "next", "stage was advanced: push it, then send ROLLOUT_EV_ENTER")             \
    X(ROLLOUT_PASS, "pass", "the last stage was passed")                                           \
    X(ROLLOUT_BACK, "back", "take the candidate back")

enum rollout_move {
#define X(symbol, name, sentence) symbol,
    ROLLOUT_MOVE_LIST(X)
#undef X
};

struct rollout_stage {
    double weight;        /* share of request keys that the candidate answers; 0 for shadow */
    bool shadow;          /* the candidate also scores what the champion answers */
    int64_t min_requests; /* scored by the candidate in this stage */
    int64_t min_time_ms;
    int64_t max_time_ms; /* 0: no limit */
};

struct rollout_plan {
    bool undecided_goes_on; /* rule 4's exception; off by default */
    size_t n_stages;        /* 0: nothing to pass */
    struct rollout_stage stages[ROLLOUT_MAX_STAGES];
};

struct rollout {
    size_t stage;
    bool entered;
    int64_t entered_ms; /* moved by the length of each pause */
    bool paused;
    int64_t paused_ms;
    enum rollout_verdict verdict; /* the last one */
    /* Counted since the rollout began; base is what stood there when the stage did. A count below
     * its base means that counting began anew. */
    int64_t champion_requests, candidate_requests, base_requests;
};

struct rollout_event {
    enum rollout_event_kind kind;
    enum rollout_verdict verdict; /* NUMBERS */
    int64_t champion_requests, candidate_requests;
    const char *text; /* NUMBERS: the verdict's reason in words; TICK: the last one's; NULL allowed;
                         borrowed */
};

/* Checks weights (0..1, not falling, shadow stages 0), counts and times; the error names the stage.
 */
enum err_code rollout_plan_check(const struct rollout_plan *p, struct err *e);

/* Moves r by one event; reason (ROLLOUT_REASON_BYTES) says why, with the numbers ("" for a plain
 * stay). */
enum rollout_move rollout_step(struct rollout *r, const struct rollout_plan *plan,
                               const struct rollout_event *ev, int64_t now_ms,
                               char reason[ROLLOUT_REASON_BYTES]);

const char *rollout_verdict_name(enum rollout_verdict v);
bool rollout_verdict_parse(const char *name, enum rollout_verdict *out);

/* Owned; NULL: out of memory. */
cJSON *rollout_plan_to_json(const struct rollout_plan *p);
enum err_code rollout_plan_from_json(const cJSON *json, struct rollout_plan *out, struct err *e);
cJSON *rollout_to_json(const struct rollout *r);
enum err_code rollout_from_json(const cJSON *json, struct rollout *out, struct err *e);

#endif
