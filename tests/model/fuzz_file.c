/*
 * fuzz_file.c - artifact_load and snapshot_load on damaged files, one of them by FUZZ_SNAPSHOT.
 *
 * Random bytes end at the first check. So an input is a list of patches to a valid file, 5 bytes
 * each: offset (32 bits), new value. Offsets with the top bit set count from the start of the
 * header's text. An input that starts with "RAW" is a file of its own.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "tiny_model.h"

#ifdef FUZZ_SNAPSHOT
#include "model/snapshot.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *valid;
static size_t valid_len;

static void make_valid(void)
{
    char path[] = "/tmp/fuzz_file.XXXXXX", sha256[SHA256_HEX_BYTES];
    struct err e = {0};
    int fd = mkstemp(path);
#ifdef FUZZ_SNAPSHOT
    bool ok = tiny_snapshot(path, sha256, &e);
#else
    struct artifact *a = tiny_model();
    bool ok = artifact_save(a, path, &e) == ERR_OK;
    memcpy(sha256, a->sha256, sizeof sha256);
    artifact_free(a);
#endif
    if (fd < 0 || !ok || file_read(path, 1 << 24, &valid, &valid_len, &e)) {
        fprintf(stderr, "%s: %s\n", sha256, e.message);
        abort();
    }
    close(fd);
    unlink(path);
}

static void load(const char *path)
{
    struct err e = {0};
#ifdef FUZZ_SNAPSHOT
    struct snapshot *s = NULL;
    enum err_code code = snapshot_load(path, NULL, &s, &e);
    snapshot_free(s);
#else
    struct artifact *a = NULL;
    enum err_code code = artifact_load(path, NULL, &a, &e);
    artifact_free(a);
#endif
    if (code && !e.message[0])
        abort(); /* a refusal says why */
}

static size_t patch(char *bytes, const uint8_t *data, size_t size)
{
    size_t header_len = 0;
    memcpy(&header_len, valid, sizeof header_len);
    memcpy(bytes, valid, valid_len);
    for (; size >= 5; data += 5, size -= 5) {
        uint32_t at;
        memcpy(&at, data, sizeof at);
        bytes[at >> 31 ? 8 + at % header_len : at % valid_len] = (char)data[4];
    }
    return valid_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!valid)
        make_valid();
    size_t room = size > valid_len ? size : valid_len, len;
    char *bytes = malloc(room), path[32];
    if (size >= 3 && memcmp(data, "RAW", 3) == 0)
        memcpy(bytes, data + 3, len = size - 3);
    else
        len = patch(bytes, data, size);
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    load(path);
    close(fd);
    free(bytes);
    return 0;
}
