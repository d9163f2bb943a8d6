/*
 * loopback.c - connect, write, read to the end of the connection.
 */
#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval deadline = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return; /* the answer, if one comes, says why */
        }
        data += n;
        len -= (size_t)n;
    }
}

static void read_all(int fd, struct buf *b)
{
    char block[16384];
    ssize_t n;
    while ((n = recv(fd, block, sizeof block, 0)) > 0) {
        buf_append(b, block, (size_t)n);
    }
}

struct loopback_answer loopback_call(int port, const char *method, const char *path,
                                     const char *headers, const void *body, size_t len)
{
    struct loopback_answer a = {0};
    struct buf b = BUF_INIT;
    int fd = connect_to(port);
    if (fd < 0) {
        return a;
    }
    buf_printf(&b,
               "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
               method, path, len, headers);
    buf_append(&b, body, len);
    write_all(fd, b.data, b.len);
    buf_clear(&b);
    read_all(fd, &b);
    close(fd);
    char *gap = b.data ? strstr(b.data, "\r\n\r\n") : NULL;
    if (gap) {
        *gap = '\0';
        sscanf(b.data, "HTTP/1.1 %d", &a.status);
        a.body_len = b.len - (size_t)(gap + 4 - b.data);
        a.body = malloc(a.body_len + 1);
        memcpy(a.body, gap + 4, a.body_len);
        a.body[a.body_len] = '\0';
        a.head = strdup(b.data);
    }
    buf_free(&b);
    return a;
}

void loopback_free(struct loopback_answer *a)
{
    free(a->head);
    free(a->body);
    *a = (struct loopback_answer){0};
}

const char *loopback_header(const struct loopback_answer *a, const char *name)
{
    static char value[256];
    char line[128];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *found = a->head ? strcasestr(a->head, line) : NULL;
    if (!found) {
        return NULL;
    }
    found += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r"), found);
    return value;
}
