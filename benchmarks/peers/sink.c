/* An SMSC that keeps nothing: it accepts every bind and answers every request from its header.
 *
 * cc -O2 -o sink sink.c; ./sink PORT. It prints a line once it listens, and ends on SIGTERM.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS = 64, IN = 1 << 18, OUT = 1 << 18, HEADER = 16, LONGEST_ANSWER = 64 };
enum { SUBMIT_SM = 0x04, BIND_RECEIVER = 0x01, BIND_TRANSMITTER = 0x02, BIND_TRANSCEIVER = 0x09 };

struct peer {
    int socket;
    size_t in_size, out_size;
    uint8_t in[IN], out[OUT];
};

static struct peer *peers[PEERS];
static unsigned long long messages;

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static void put32(uint8_t *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, 4);
}

/* The body of the response to a request: an id for a message, a name and a version for a bind. */
static size_t write_body(uint8_t *at, uint32_t command) {
    static const char name_and_version[] = "sink\0\x02\x10\0\x01\x34";
    switch (command) {
    case SUBMIT_SM:
        return (size_t)sprintf((char *)at, "%016llx", ++messages) + 1;
    case BIND_RECEIVER:
    case BIND_TRANSMITTER:
    case BIND_TRANSCEIVER:
        memcpy(at, name_and_version, sizeof name_and_version - 1);
        return sizeof name_and_version - 1;
    default:
        return 0;
    }
}

static void answer(struct peer *peer, const uint8_t *request) {
    uint32_t command = get32(request + 4);
    uint8_t *at = peer->out + peer->out_size;
    if (command & 0x80000000u)
        return;
    size_t length = HEADER + write_body(at + HEADER, command);
    put32(at, (uint32_t)length);
    put32(at + 4, command | 0x80000000u);
    put32(at + 8, 0);
    memcpy(at + 12, request + 12, 4);
    peer->out_size += length;
}

/* Send what is to be sent; a peer that reads too little makes us wait for it. */
static int flush(struct peer *peer) {
    size_t sent = 0;
    while (sent < peer->out_size) {
        ssize_t size = send(peer->socket, peer->out + sent, peer->out_size - sent, MSG_NOSIGNAL);
        if (size <= 0)
            return -1;
        sent += (size_t)size;
    }
    peer->out_size = 0;
    return 0;
}

static int serve(struct peer *peer) {
    ssize_t size = recv(peer->socket, peer->in + peer->in_size, IN - peer->in_size, 0);
    if (size <= 0)
        return -1;
    peer->in_size += (size_t)size;
    size_t at = 0;
    while (peer->in_size - at >= HEADER) {
        uint32_t length = get32(peer->in + at);
        if (length < HEADER || length > IN / 2)
            return -1;
        if (peer->in_size - at < length)
            break;
        if (OUT - peer->out_size < LONGEST_ANSWER && flush(peer) < 0)
            return -1;
        answer(peer, peer->in + at);
        at += length;
    }
    memmove(peer->in, peer->in + at, peer->in_size -= at);
    return flush(peer);
}

static void accept_peer(int listening) {
    int on = 1, connection = accept(listening, NULL, NULL);
    for (int i = 0; connection >= 0 && i < PEERS; i++)
        if (peers[i] == NULL && (peers[i] = calloc(1, sizeof *peers[i])) != NULL) {
            setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            peers[i]->socket = connection;
            return;
        }
    close(connection);
}

static int listen_at(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, PEERS))
        return -1;
    return listening;
}

int main(int count, char **arguments) {
    int listening = listen_at((uint16_t)atoi(count > 1 ? arguments[1] : "2775"));
    if (listening < 0) {
        perror("listen");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd waiting[PEERS + 1] = {{.fd = listening, .events = POLLIN}};
        for (int i = 0; i < PEERS; i++) {
            waiting[i + 1].fd = peers[i] ? peers[i]->socket : -1;
            waiting[i + 1].events = POLLIN;
        }
        if (poll(waiting, PEERS + 1, -1) < 0)
            continue;
        if (waiting[0].revents)
            accept_peer(listening);
        for (int i = 0; i < PEERS; i++)
            if (peers[i] && waiting[i + 1].revents && serve(peers[i]) < 0) {
                close(peers[i]->socket);
                free(peers[i]);
                peers[i] = NULL;
            }
    }
}
