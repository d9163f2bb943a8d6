/* fuzz_yaml.c - any bytes; what is accepted must be a tree whose JSON prints. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer over a text of many adjacent escaped quotes (fy_token_get_text). */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    struct yaml_doc *doc;
    char *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    if (!yaml_parse("fuzz", exact, size, &doc, &e)) {
        const struct yaml_node *root = yaml_root(doc);
        if (yaml_line(root) < 1 || yaml_column(root) < 1) {
            abort();
        }
        cJSON *json = yaml_to_json(root);
        free(json_print(json));
        cJSON_Delete(json);
        yaml_free(doc);
    }
    free(exact);
    return 0;
}
