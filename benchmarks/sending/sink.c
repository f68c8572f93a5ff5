/* A fast SMTP sink for benchmarks: takes mail on loopback, throws it away, and costs as little as it can.
 *
 *   cc -O2 -o sink sink.c -DWITH_TLS -lssl -lcrypto      (or without TLS: cc -O2 -o sink sink.c)
 *   sink [-p PORT] [-c] [-d MILLISECONDS] [-l FILE] [-t PEM] [-s BYTES]
 *
 * Prints its port (a free one unless -p names it) and serves until SIGTERM, then prints what it took.
 *   -c  offers CHUNKING (RFC 3030)
 *   -d  sends every reply that much later, as a network with this round trip would
 *   -l  writes the Message-ID of each message into a file, by one write(2) before the reply
 *   -t  offers STARTTLS with key and certificate from this file
 *   -s  the size that SIZE announces
 *
 * One thread and epoll. PIPELINING is always offered: replies of one read go out in one write.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
static SSL_CTX *tls;
#endif

#define IN_SIZE (512 * 1024)
#define OUT_SIZE (64 * 1024)
#define HEAD_SIZE 4096 /* of a message, in which its Message-ID is looked for */

enum mode { COMMANDS, BODY, CHUNK };

struct connection {
    int fd;
    enum mode mode;
    bool body_begins;  /* a dot that comes now is at the beginning of a line */
    bool chunk_is_last;
    bool leaving;      /* after QUIT: close when all is written */
    bool handshaking;
    size_t chunk_left;
    int recipients;
    char *in;
    size_t in_length;
    char *out;         /* replies: those up to `released` may go, the others still have to wait */
    size_t out_length, released;
    char head[HEAD_SIZE];
    size_t head_length;
    int batches;       /* in the queue of delayed replies */
#ifdef WITH_TLS
    SSL *ssl;
#endif
};

/* Delayed replies. All wait equally long, so a queue in the order of their coming is in the order of their time. */
struct batch {
    struct connection *connection;
    size_t length;
    double due;
};
static struct batch queue[1 << 16];
static unsigned queue_first, queue_end;

static double delay;
static bool chunking;
static int log_fd = -1;
static long size_limit = 50 * 1000 * 1000;
static long accepted, connections, violations;
static volatile sig_atomic_t ended;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static bool is_secure(const struct connection *c)
{
#ifdef WITH_TLS
    return c->ssl != NULL;
#else
    (void)c;
    return false;
#endif
}

static ssize_t receive(struct connection *c)
{
    char *to = c->in + c->in_length;
    size_t room = IN_SIZE - c->in_length;
#ifdef WITH_TLS
    if (c->ssl) {
        int got = SSL_read(c->ssl, to, room);
        if (got > 0)
            return got;
        errno = SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
        return -1;
    }
#endif
    ssize_t got = read(c->fd, to, room);
    if (got == 0)
        errno = EIO;
    return got > 0 ? got : -1;
}

static ssize_t transmit(struct connection *c, size_t length)
{
#ifdef WITH_TLS
    if (c->ssl)
        return SSL_write(c->ssl, c->out, length);
#endif
    return write(c->fd, c->out, length);
}

/* Replies are short, and a client that does not read them any more is no client to measure. */
static void flush(struct connection *c)
{
    while (c->released) {
        ssize_t sent = transmit(c, c->released);
        if (sent <= 0)
            return;
        memmove(c->out, c->out + sent, c->out_length - sent);
        c->out_length -= sent;
        c->released -= sent;
    }
}

static void reply(struct connection *c, const char *text)
{
    size_t length = strlen(text);
    if (c->out_length + length > OUT_SIZE) {
        c->leaving = true;
        return;
    }
    memcpy(c->out + c->out_length, text, length);
    c->out_length += length;
}

/* What has been said since `before` goes out now, or joins the queue. */
static void let_go(struct connection *c, size_t before)
{
    size_t length = c->out_length - before;
    if (delay == 0) {
        c->released = c->out_length;
        flush(c);
    } else if (length) {
        queue[queue_end++ % (1 << 16)] = (struct batch){c, length, now() + delay};
        c->batches++;
    }
}

static void destroy(struct connection *c)
{
#ifdef WITH_TLS
    if (c->ssl)
        SSL_free(c->ssl);
#endif
    for (unsigned at = queue_first; c->batches && at != queue_end; at++)
        if (queue[at % (1 << 16)].connection == c)
            queue[at % (1 << 16)].connection = NULL;
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

/* Messages */

static void begin_message(struct connection *c)
{
    c->head_length = 0;
}

static void note_head(struct connection *c, const char *text, size_t length)
{
    if (log_fd < 0 || c->head_length == HEAD_SIZE)
        return;
    if (length > HEAD_SIZE - c->head_length)
        length = HEAD_SIZE - c->head_length;
    memcpy(c->head + c->head_length, text, length);
    c->head_length += length;
}

static void write_log(struct connection *c)
{
    static const char name[] = "Message-ID: ";
    char line[512] = "";
    size_t length = 0;
    char *found = memmem(c->head, c->head_length, name, sizeof name - 1);
    if (found) {
        char *value = found + sizeof name - 1;
        char *end = memchr(value, '\r', c->head + c->head_length - value);
        if (end && (size_t)(end - value) < sizeof line - 1) {
            length = end - value;
            memcpy(line, value, length);
        }
    }
    line[length++] = '\n';
    if (write(log_fd, line, length) != (ssize_t)length)
        give_up("log");
}

static void accept_message(struct connection *c)
{
    if (log_fd >= 0)
        write_log(c);
    accepted++;
    c->mode = COMMANDS;
    c->recipients = 0;
    reply(c, "250 2.0.0 Ok: taken\r\n");
}

/* Each of these eats from the buffer's beginning, and returns how much; 0 when it needs more. */

static size_t eat_body(struct connection *c, const char *text, size_t length)
{
    static const char end[] = "\r\n.\r\n";
    if (c->body_begins && length < 3)
        return 0;
    if (c->body_begins && !memcmp(text, end + 2, 3)) {
        accept_message(c);
        return 3;
    }
    c->body_begins = false;
    char *found = memmem(text, length, end, 5);
    if (found) {
        note_head(c, text, found - text);
        accept_message(c);
        return found - text + 5;
    }
    if (length <= 4)
        return 0;
    note_head(c, text, length - 4); /* the last four may be a part of the end */
    return length - 4;
}

static void chunk_done(struct connection *c)
{
    c->mode = COMMANDS;
    if (!c->recipients)
        reply(c, "503 5.5.1 No valid recipients\r\n");
    else if (c->chunk_is_last)
        accept_message(c);
    else
        reply(c, "250 2.0.0 Chunk taken\r\n");
}

static size_t eat_chunk(struct connection *c, const char *text, size_t length)
{
    if (length > c->chunk_left)
        length = c->chunk_left;
    note_head(c, text, length);
    c->chunk_left -= length;
    if (!c->chunk_left)
        chunk_done(c);
    return length;
}

static void greet(struct connection *c)
{
    char line[64];
    reply(c, "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n");
    if (chunking)
        reply(c, "250-CHUNKING\r\n");
#ifdef WITH_TLS
    if (tls && !c->ssl)
        reply(c, "250-STARTTLS\r\n");
#endif
    snprintf(line, sizeof line, "250-SIZE %ld\r\n", size_limit);
    reply(c, line);
    reply(c, "250 ENHANCEDSTATUSCODES\r\n");
}

static void start_data(struct connection *c, size_t more)
{
    if (!c->recipients) {
        reply(c, "554 5.5.1 No valid recipients\r\n");
        return;
    }
    violations += more > 0; /* DATA is the last of a group (RFC 2920 §3.1) */
    c->mode = BODY;
    c->body_begins = true;
    begin_message(c);
    reply(c, "354 Go ahead\r\n");
}

static void start_chunk(struct connection *c, const char *arguments)
{
    char *rest;
    c->chunk_left = strtoul(arguments, &rest, 10);
    c->chunk_is_last = strncasecmp(rest, " LAST", 5) == 0;
    c->mode = CHUNK;
    begin_message(c);
    if (!c->chunk_left)
        chunk_done(c);
}

static void start_tls(struct connection *c)
{
#ifdef WITH_TLS
    if (tls && !c->ssl) {
        reply(c, "220 2.0.0 Go ahead\r\n");
        c->released = c->out_length;
        flush(c);
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_accept_state(c->ssl);
        c->handshaking = true;
        return;
    }
#endif
    reply(c, "503 5.5.1 Not now\r\n");
}

static bool is(const char *line, const char *verb)
{
    return strncasecmp(line, verb, 4) == 0;
}

static size_t eat_command(struct connection *c, const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    if (!end)
        return 0;
    size_t eaten = end - text + 1;
    if (is(text, "MAIL")) {
        c->recipients = 0;
        reply(c, "250 2.1.0 Ok\r\n");
    } else if (is(text, "RCPT")) {
        c->recipients++;
        reply(c, "250 2.1.5 Ok\r\n");
    } else if (is(text, "DATA"))
        start_data(c, length - eaten);
    else if (is(text, "BDAT"))
        start_chunk(c, text + 5);
    else if (is(text, "EHLO"))
        greet(c);
    else if (is(text, "HELO"))
        reply(c, "250 sink.example\r\n");
    else if (is(text, "RSET") || is(text, "NOOP"))
        reply(c, "250 2.0.0 Ok\r\n");
    else if (is(text, "STAR"))
        start_tls(c);
    else if (is(text, "QUIT")) {
        reply(c, "221 2.0.0 Bye\r\n");
        c->leaving = true;
    } else {
        violations++;
        reply(c, "500 5.5.2 Unknown\r\n");
    }
    return eaten;
}

static void digest(struct connection *c)
{
    size_t at = 0;
    while (at < c->in_length && !c->leaving && !c->handshaking) {
        size_t (*eat)(struct connection *, const char *, size_t) =
            c->mode == BODY ? eat_body : c->mode == CHUNK ? eat_chunk : eat_command;
        size_t eaten = eat(c, c->in + at, c->in_length - at);
        if (!eaten)
            break;
        at += eaten;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
}

/* Connections */

static void welcome(int epoll, int listener)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->in = malloc(IN_SIZE);
    c->out = malloc(OUT_SIZE);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    connections++;
    reply(c, "220 sink.example ESMTP\r\n");
    let_go(c, 0);
}

/* False when the connection is at its end. */
static bool serve(struct connection *c)
{
#ifdef WITH_TLS
    if (c->handshaking) {
        int result = SSL_accept(c->ssl);
        if (result != 1) {
            int error = SSL_get_error(c->ssl, result);
            return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        }
        c->handshaking = false;
    }
#endif
    for (;;) {
        ssize_t got = receive(c);
        if (got < 0)
            return errno == EAGAIN;
        bool all = !is_secure(c) && (size_t)got < IN_SIZE - c->in_length;
        size_t before = c->out_length;
        c->in_length += got;
        digest(c);
        let_go(c, before < c->out_length ? before : c->out_length);
        if (c->leaving && !c->out_length)
            return false;
        if (all || c->leaving || c->handshaking)
            return true;
    }
}

/* Milliseconds until the next reply is due; -1 when none is. */
static int release_due(void)
{
    double time = now();
    while (queue_first != queue_end) {
        struct batch *batch = &queue[queue_first % (1 << 16)];
        if (batch->due > time)
            return (int)((batch->due - time) * 1000) + 1;
        queue_first++;
        struct connection *c = batch->connection;
        if (!c)
            continue;
        c->batches--;
        c->released += batch->length;
        flush(c);
        if (c->leaving && !c->out_length)
            shutdown(c->fd, SHUT_RDWR); /* epoll tells of the end, and then it is destroyed */
    }
    return -1;
}

static int listen_on(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length) || listen(fd, 1000))
        give_up("listen");
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void use_certificate(const char *file)
{
#ifdef WITH_TLS
    tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(tls, file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, file, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
#else
    fprintf(stderr, "built without TLS: %s is of no use\n", file);
    exit(1);
#endif
}

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

int main(int count, char **arguments)
{
    int option, port = 0;
    while ((option = getopt(count, arguments, "p:cd:l:t:s:")) != -1) {
        switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'c': chunking = true; break;
        case 'd': delay = atof(optarg) / 1000; break;
        case 'l': log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND, 0600); break;
        case 't': use_certificate(optarg); break;
        case 's': size_limit = atol(optarg); break;
        default: return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    int listener = listen_on(port), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[128];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    while (!ended) {
        int ready = epoll_wait(epoll, events, 128, release_due());
        for (int at = 0; at < ready; at++) {
            struct connection *c = events[at].data.ptr;
            if (!c)
                welcome(epoll, listener);
            else if (!serve(c))
                destroy(c);
        }
    }
    fprintf(stderr, "{\"accepted\": %ld, \"connections\": %ld, \"violations\": %ld}\n", accepted, connections, violations);
    return 0;
}
