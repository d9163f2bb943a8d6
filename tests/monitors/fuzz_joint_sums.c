/*
 * fuzz_joint_sums.c - a space and sums from an untrusted file: refused, or ones that can be counted
 * into, merged and judged.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "monitors/joint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_text[] =
    "{\"model\": \"m\", \"features\": [{\"name\": \"a\", \"type\": \"numeric\"},"
    "{\"name\": \"b\", \"type\": \"categorical\"}, {\"name\": \"c\", \"type\": \"numeric\"}],"
    "\"label\": {\"name\": \"y\", \"type\": \"regression\"}}";

static struct schema *make_schema(void)
{
    cJSON *json = NULL;
    struct schema *schema = NULL;
    if (json_parse("schema", schema_text, sizeof schema_text - 1, &json, NULL) != ERR_OK ||
        schema_from_json(json, &schema, NULL) != ERR_OK)
        abort();
    cJSON_Delete(json);
    return schema;
}

#define N_CHUNKS 9

/* The same stretch again and again: its chunks agree about everything, whatever it is. */
static void calibrate(struct mon_joint_sums *reference, const struct mon_joint_sums *window)
{
    struct mon_joint_sums *chunks[N_CHUNKS];
    struct mon_joint_null_options o;
    struct mon_joint_options check;
    struct mon_joint_null *null = NULL;
    struct mon_signal signals[MON_N_JOINT];
    char sentence[MON_SENTENCE_BYTES];
    size_t n = 0;
    for (size_t k = 0; k < N_CHUNKS; k++)
        chunks[k] = reference;
    mon_joint_null_options_init(&o);
    mon_joint_options_init(&check);
    check.min_rows = 0.0;
    if (mon_joint_null_new(reference, chunks, N_CHUNKS, &o, &null, NULL) == ERR_OK &&
        mon_joint_check(&check, null, reference, window, signals, &n, NULL) == ERR_OK)
        for (size_t i = 0; i < n; i++)
            if (mon_signal_sentence(&signals[i], sentence)[0] == '\0' ||
                (isfinite(signals[i].p_value) && !isfinite(signals[i].value)))
                abort();
    mon_joint_null_free(null);
}

static void judge(const struct mon_joint_sums *reference, const struct mon_joint_sums *window)
{
    for (int s = 0; s < MON_N_JOINT; s++) {
        double value;
        mon_joint_distance(reference, window, (enum mon_joint_statistic)s, 0.65, &value, NULL);
    }
}

static void use(const struct mon_joint_space *space, struct mon_joint_sums *sums)
{
    const double codes[] = {1.0, 0.0, -1.0, NAN, 3.0, 1e300, -1e300, -1.0, INFINITY};
    struct mon_joint_sums *window = NULL;
    if (mon_joint_sums_new(space, &window, NULL) != ERR_OK)
        return;
    for (int i = 0; i < 4; i++)
        mon_joint_sums_count(window, codes, 3);
    judge(sums, window);
    judge(window, sums);
    calibrate(sums, window);
    mon_joint_sums_merge(sums, window);
    mon_joint_sums_subtract(window, sums, NULL);
    mon_joint_sums_free(window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct schema *schema;
    struct st_file *f = NULL;
    struct mon_joint_space *space = NULL;
    struct mon_joint_sums *sums = NULL;
    if (schema == NULL)
        schema = make_schema();
    if (st_open_memory(data, size, &f, NULL) != ERR_OK)
        return 0;
    if (mon_joint_space_from_st(f, schema, &space, NULL) == ERR_OK &&
        mon_joint_sums_from_st(f, "s/", space, &sums, NULL) == ERR_OK)
        use(space, sums);
    mon_joint_sums_free(sums);
    mon_joint_space_free(space);
    st_close(f);
    return 0;
}
