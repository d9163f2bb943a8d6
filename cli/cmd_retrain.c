/*
 * cmd_retrain.c - leeway retrain: asks for a run by hand and, with --wait, follows it to its end.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command.h"
#include "field.h"
#include "run_style.h"
#include "show.h"

#define POLL_MS 500

struct request {
    const char *reason;
    bool force, wait;
    int64_t wait_ms;
};

/* Tells what has changed since the last look. */
static void follow(const cJSON *run, char seen[128])
{
    char now[128];
    snprintf(now, sizeof(now), "%.60s %d", field_text(run, "state"), (int)field_int(run, "step"));
    if (strcmp(now, seen) == 0)
        return;
    memcpy(seen, now, sizeof(now));
    const char *reason = field_text(run, "reason");
    cli_say("%s: %s%s%s", field_text(run, "id"), field_text(run, "state"), *reason ? ": " : "",
            reason);
    if (strncmp(now, "awaiting", 8) == 0)
        cli_say("Next: %s", field_text(run, "next"));
}

static void sleep_a_poll(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}

/* Until the run ends. A daemon that restarts meanwhile is waited for; the run goes on without us.
 */
static int wait_for_end(const struct cli *cli, const char *id, int64_t wait_ms)
{
    char seen[128] = "";
    struct buf path = BUF_INIT;
    int64_t deadline = clock_mono_ms() + wait_ms;
    int code = -1;
    control_path(&path, "/v1/runs/{}", id);
    while (code < 0) {
        struct control_answer answer = {0};
        struct err e = {0};
        enum err_code rc = control_get(cli, path.data, &answer, &e);
        if (rc == ERR_OK)
            follow(answer.json, seen);
        if (rc == ERR_OK && field_bool(answer.json, "done")) {
            show_answer(cli, &answer, run_show_brief, NULL);
            code = strcmp(field_text(answer.json, "state"), "promoted") == 0 ? CLI_OK : CLI_FAILED;
        } else if (rc != ERR_OK && rc != ERR_UNREACHABLE) {
            code = cli_fail(cli, &e);
        } else if (clock_mono_ms() > deadline) {
            cli_say("%s: %s has not ended; it goes on. Next: leeway run show %s", cli->full_name,
                    id, id);
            code = CLI_FAILED;
        } else {
            sleep_a_poll();
        }
        control_answer_clean_up(&answer);
    }
    buf_free(&path);
    return code;
}

static int ask(const struct cli *cli, const struct request *r)
{
    struct control_answer answer = {0};
    struct err e = {0};
    struct buf path = BUF_INIT;
    char id[128] = "";
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "reason", r->reason);
    if (r->force)
        cJSON_AddBoolToObject(body, "force", true);
    control_path(&path, "/v1/models/{}/retrain", cli->args[0]);
    int code = CLI_OK;
    if (control_post(cli, path.data, body, &answer, &e) != ERR_OK) {
        code = cli_fail(cli, &e);
        if (code == CLI_REFUSED && !r->force)
            cli_say(
                "Next: wait, or repeat it with --force, which passes what a person may override");
    } else if (r->wait) {
        snprintf(id, sizeof(id), "%s", field_text(answer.json, "id"));
        cli_say("started %s", id);
        code = wait_for_end(cli, id, r->wait_ms);
    } else {
        show_answer(cli, &answer, run_show_brief, NULL);
    }
    control_answer_clean_up(&answer);
    buf_free(&path);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct request r = {.wait_ms = 3600000};
    const struct opt opts[] = {{.name = "reason",
                                .kind = OPT_STRING,
                                .dest = &r.reason,
                                .arg = "TEXT",
                                .required = true,
                                .help = "Why; it goes into the audit log."},
                               {.name = "force",
                                .kind = OPT_FLAG,
                                .dest = &r.force,
                                .help = "Pass the guards that a person may override."},
                               {.name = "wait",
                                .kind = OPT_FLAG,
                                .dest = &r.wait,
                                .help = "Follow the run to its end; exit code 0 if promoted."},
                               {.name = "wait-for",
                                .kind = OPT_DURATION,
                                .dest = &r.wait_ms,
                                .arg = "TIME",
                                .min = 1,
                                .max = 30 * 86400e3,
                                .help = "Longest wait with --wait."},
                               {.kind = OPT_END}};
    return cli_parse(cli, opts, &code) ? ask(cli, &r) : code;
}

const struct command cmd_retrain = {
    .name = "retrain",
    .synopsis = "MODEL --reason TEXT",
    .summary = "Ask for a run by hand",
    .about =
        "Starts a run: training, gate, rollout, as the model's policy says. A guard that forbids "
        "it answers with its reason, and the exit code is 4.",
    .examples = "leeway retrain loan --reason \"first version\" --wait\n"
                "leeway retrain loan --reason \"new price list\" --force\n",
    .group = GROUP_RUNS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
