/* fuzz_observation_log.c - any bytes as a stretch of a replica's log: refused whole, or counted
 * right. */
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/observation_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct store *s;
    static int64_t expected;
    struct observation_batch b = {.model = "m", .replica = "r", .log_id = "l"};
    struct observation_ingested n = {0};
    struct observation_account a;
    char *exact = malloc(size ? size : 1);

    if (!s && db_open(":memory:", &s, NULL) != ERR_OK) {
        abort();
    }
    memcpy(exact, data, size);
    if (observation_ingest_ndjson(s, &b, exact, size, &n, NULL) == ERR_OK) {
        expected += n.n_new;
    }
    if (observation_account_get(s, "m", &a, NULL) != ERR_OK || a.observed != expected) {
        abort();
    }
    free(exact);
    return 0;
}
