/*
 * sha256.c - GnuTLS's digest behind four functions; no GnuTLS type leaves this file.
 */
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGEST_BYTES 32

struct sha256 {
    gnutls_hash_hd_t handle;
};

static void to_hex(const unsigned char digest[DIGEST_BYTES], char hex[SHA256_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * DIGEST_BYTES] = '\0';
}

struct sha256 *sha256_new(void)
{
    struct sha256 *s = malloc(sizeof *s);
    if (s && gnutls_hash_init(&s->handle, GNUTLS_DIG_SHA256) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

/* A hash name that does not match its bytes would poison every content-addressed store, so a digest
 * that GnuTLS refuses (it never does for SHA-256 in memory) ends the process. */
static void must(int gnutls_result)
{
    if (gnutls_result != 0) {
        abort();
    }
}

void sha256_update(struct sha256 *s, const void *data, size_t len)
{
    if (len) {
        must(gnutls_hash(s->handle, data, len));
    }
}

void sha256_finish(struct sha256 *s, char hex[SHA256_HEX_BYTES])
{
    unsigned char digest[DIGEST_BYTES];
    gnutls_hash_output(s->handle, digest);
    to_hex(digest, hex);
}

void sha256_free(struct sha256 *s)
{
    if (s) {
        gnutls_hash_deinit(s->handle, NULL);
        free(s);
    }
}

void sha256_hex(const void *data, size_t len, char hex[SHA256_HEX_BYTES])
{
    unsigned char digest[DIGEST_BYTES];
    must(gnutls_hash_fast(GNUTLS_DIG_SHA256, len ? data : "", len, digest));
    to_hex(digest, hex);
}

static enum err_code update_from_fd(struct sha256 *s, int fd, const char *path, struct err *e)
{
    char step[65536];
    for (;;) {
        ssize_t n = read(fd, step, sizeof step);
        if (n == 0) {
            return ERR_OK;
        }
        if (n > 0) {
            sha256_update(s, step, (size_t)n);
        } else if (errno != EINTR) {
            return err_set_errno(e, errno, "reading %s", path);
        }
    }
}

enum err_code sha256_file(const char *path, char hex[SHA256_HEX_BYTES], struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, errno, "cannot open %s", path);
    }
    struct sha256 *s = sha256_new();
    enum err_code code = s ? update_from_fd(s, fd, path, e)
                           : err_set(e, ERR_NOMEM, "out of memory hashing %s", path);
    if (!code) {
        sha256_finish(s, hex);
    }
    sha256_free(s);
    close(fd);
    return code;
}

bool sha256_is_hex(const char *text)
{
    return text && strlen(text) == SHA256_HEX_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == SHA256_HEX_BYTES - 1;
}
