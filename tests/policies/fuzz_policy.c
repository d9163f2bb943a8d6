/*
 * fuzz_policy.c - any text; what is accepted must be written so that it reads back with the same
 * hash, and must decide.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "policies/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct policy *p)
{
    static struct diagnostics d;
    char hash[65], again[65];
    cJSON *json = policy_to_json(p);
    char *text = json_print(json);
    struct policy *q = NULL;

    policy_hash(p, hash, NULL);
    if (text == NULL || policy_parse("again", text, strlen(text), NULL, &q, &d, NULL) != ERR_OK)
        abort();
    policy_hash(q, again, NULL);
    if (strcmp(hash, again) != 0)
        abort();
    policy_free(q);
    free(text);
    cJSON_Delete(json);
}

static void check_decides(const struct policy *p)
{
    struct policy_signal s = {0, 1, "x", "psi", POLICY_DRIFT, 1, 0.5, 0.25, 1000};
    struct policy_input in = {.now_unix_ms = 1780000000000, .policy_since_unix_ms = 1770000000000};
    struct policy_decision d;

    in.signals = &s;
    in.n_signals = p->n_monitors > 0;
    if (policy_decide(p, &in, &d, NULL) != ERR_OK)
        abort();
    policy_decision_deinit(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct diagnostics d;
    struct policy *p = NULL;
    char *exact = malloc(size ? size : 1); /* no byte behind the text may be read */

    memcpy(exact, data, size);
    if (policy_parse("fuzz", exact, size, NULL, &p, &d, NULL) == ERR_OK) {
        check_written(p);
        check_decides(p);
        policy_free(p);
    } else if (d.n == 0 && size <= POLICY_MAX_BYTES) {
        abort(); /* refused without a word */
    }
    free(exact);
    return 0;
}
