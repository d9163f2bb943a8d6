/*
 * http_listen.c - the listening socket, bound by ourselves so that a failure names its address.
 */
#include "http_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24) == 127;
    return a->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static int open_bound(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    int on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int bound_port(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return -1;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

static enum err_code bind_first(const struct addrinfo *list, const char *host, int *port,
                                bool may_be_public, bool *loopback, int *out_fd, struct err *e)
{
    *loopback = is_loopback(list->ai_addr);
    if (!*loopback && !may_be_public)
        return err_set(e, ERR_REFUSED,
                       "refusing to listen on %s:%d, which others can reach: configure a token "
                       "file (--token-file) or a certificate and its key (--cert, --key), "
                       "or listen on 127.0.0.1",
                       host, *port);
    int fd = open_bound(list);
    if (fd < 0)
        return err_set_errno(e, errno, "listen on %s:%d", host, *port);
    *port = bound_port(fd);
    *out_fd = fd;
    return ERR_OK;
}

enum err_code http_listen(const char *host, int *port, bool may_be_public, bool *loopback,
                          int *out_fd, struct err *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list;
    char service[16];
    if (*port < 0 || *port > 65535)
        return err_set(e, ERR_INVALID, "port %d: expected 0..65535", *port);
    snprintf(service, sizeof service, "%d", *port);
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return err_set(e, ERR_INVALID, "listen on %s:%d: %s", host, *port, gai_strerror(rc));
    enum err_code code = bind_first(list, host, port, may_be_public, loopback, out_fd, e);
    freeaddrinfo(list);
    return code;
}

enum err_code http_listen_parse(const char *text, char host[HTTP_HOST_BYTES], int *port,
                                struct err *e)
{
    const char *colon = strrchr(text, ':');
    char *rest = NULL;
    long number = colon && isdigit((unsigned char)colon[1]) ? strtol(colon + 1, &rest, 10) : -1;
    size_t len = colon ? (size_t)(colon - text) : 0;
    bool bracketed = len >= 2 && text[0] == '[' && colon[-1] == ']';
    if (bracketed)
        len -= 2;
    if (number < 0 || *rest != '\0' || number > 65535 || len == 0 || len >= HTTP_HOST_BYTES)
        return err_set(e, ERR_INVALID,
                       "--listen: expected HOST:PORT like 127.0.0.1:7070, got \"%.80s\"", text);
    memcpy(host, text + bracketed, len);
    host[len] = '\0';
    *port = (int)number;
    return ERR_OK;
}
