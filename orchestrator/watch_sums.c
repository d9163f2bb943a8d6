/* watch_sums.c - what both sides of a rollout have done since it began, as it is begun, saved and
 * read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/observation_store.h"
#include "store/window_store.h"
#include "watch_private.h"

void watch_clear_sums(struct rollout_sums *sums)
{
    tally_clean_up(&sums->champion);
    tally_clean_up(&sums->candidate);
    tally_clean_up(&sums->shadow);
    *sums = (struct rollout_sums){0};
}

enum err_code watch_load_sums(struct watch *w, struct store *s, struct model_watch *m,
                              struct err *e)
{
    void *data = NULL;
    size_t len = 0;
    cJSON *j = NULL;
    const char *run = "", *candidate = "";
    struct artifact *other = NULL;
    enum err_code rc = window_store_get_state(s, m->name, "rollout", &data, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        return ERR_OK;
    }
    if (rc == ERR_OK)
        rc = json_parse("rollout", data, len, &j, e);
    if (rc == ERR_OK)
        rc = json_get_string(j, "run", &run, e);
    if (rc == ERR_OK)
        rc = json_get_string(j, "candidate", &candidate, e);
    if (rc == ERR_OK)
        rc = json_get_int(j, "from_lseq", 0, INT64_C(1) << 53, &m->sums.from_lseq, e);
    if (rc == ERR_OK)
        rc = json_get_int(j, "from_unix_ms", 0, INT64_C(1) << 53, &m->sums.from_unix_ms, e);
    m->sums.folded_lseq = m->sums.from_lseq;
    if (rc == ERR_OK)
        rc = watch_artifact(w, m, candidate, &other, e);
    if (rc == ERR_OK) {
        snprintf(m->sums.run, sizeof(m->sums.run), "%s", run);
        snprintf(m->sums.candidate_sha256, sizeof(m->sums.candidate_sha256), "%s", candidate);
        rc = watch_load_tally(s, m->name, "rollout/champion", m->champion->ruler, &m->sums.champion,
                              e);
    }
    if (rc == ERR_OK)
        rc = watch_load_tally(s, m->name, "rollout/candidate", other->ruler, &m->sums.candidate, e);
    if (rc == ERR_OK)
        rc = watch_load_tally(s, m->name, "rollout/shadow", other->ruler, &m->sums.shadow, e);
    cJSON_Delete(j);
    free(data);
    return rc;
}

enum err_code watch_save_sums(struct store *s, const struct model_watch *m, struct err *e)
{
    enum err_code rc = watch_save_tally(s, m->name, "rollout/champion", &m->sums.champion, e);
    if (rc == ERR_OK)
        rc = watch_save_tally(s, m->name, "rollout/candidate", &m->sums.candidate, e);
    if (rc == ERR_OK)
        rc = watch_save_tally(s, m->name, "rollout/shadow", &m->sums.shadow, e);
    return rc;
}

enum err_code watch_rollout_begins(struct watch *w, struct store *s, const struct run *run,
                                   struct err *e)
{
    struct model_watch *m = NULL;
    struct artifact *other = NULL;
    struct observation_account account = {0};
    char text[512];
    enum err_code rc = watch_model(w, s, run->model, &m, e);
    if (rc != ERR_OK || !m->champion)
        return rc;
    watch_clear_sums(&m->sums);
    rc = watch_artifact(w, m, run->candidate, &other, e);
    if (rc == ERR_OK)
        rc = watch_load_sources(s, m, e);
    if (rc == ERR_OK)
        rc = observation_account_get(s, run->model, &account, e);
    if (rc != ERR_OK)
        return rc;
    snprintf(m->sums.run, sizeof(m->sums.run), "%s", run->id);
    snprintf(m->sums.candidate_sha256, sizeof(m->sums.candidate_sha256), "%s", run->candidate);
    m->sums.from_lseq = m->sums.folded_lseq = account.labelled;
    m->sums.from_unix_ms = run->entered_ms;
    int len =
        snprintf(text, sizeof(text),
                 "{\"run\":\"%s\",\"candidate\":\"%s\",\"from_lseq\":%lld,"
                 "\"from_unix_ms\":%lld}",
                 run->id, run->candidate, (long long)account.labelled, (long long)run->entered_ms);
    rc = window_store_put_state(s, m->name, "rollout", text, (size_t)len, e);
    return rc == ERR_OK ? watch_save_sums(s, m, e) : rc;
}
