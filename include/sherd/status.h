/* What every fallible call returns, and how to say it to a person. */
#ifndef SHERD_STATUS_H
#define SHERD_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of statuses: X(name, value, text, advice).
 *
 * Bands of a hundred say whom to blame: the caller and memory, the WebSocket peer, the
 * compression, the data format, the gateway, the transport, the session store. `text` says what
 * happened and `advice` what to do next; together they are the one line that sherd_strerror()
 * gives. */
#define SHERD_STATUS_MAP(X)                                                                        \
  /* The caller, and memory. */                                                                    \
  X(EINVAL, -1, "invalid argument", "see the call's documentation for the ranges it takes")        \
  X(ENOMEM, -2, "out of memory", "free some, or raise the process's limit")                        \
  X(ENOTCONNECTED, -3, "the shard is not connected", "wait for READY or RESUMED, then call again") \
  X(ENOTALIVE, -4, "the shard is not alive", "call sherd_shard_start() first")                     \
  X(EALREADY, -5, "the shard was already started", "close it first, or use a second shard")        \
  X(ECLOSED, -6, "the shard was closed", "start it again to go on")                                \
  X(EDEADLK, -7, "a blocking call was made on the shard's own loop thread",                        \
    "use the _async form, or call from another thread")                                            \
  X(ETIMEDOUT, -8, "the time given has passed", "wait again, or give a longer time")               \
  X(EQUEUEFULL, -9, "the queue of waiting commands is full", "send less, or wait before retrying") \
  X(ETOOLONG, -10, "the command is over Discord's limit of 4096 bytes", "shorten its texts")       \
  X(EMISSINGINTENT, -11, "the request needs an intent that the shard was not given",               \
    "add the intent to the shard's configuration")                                                 \
  X(ERATELIMITED, -12, "Discord asked to wait before this request is made again",                  \
    "wait for the time that sherd_last_error() gives")                                             \
  X(EUNSUPPORTED, -13, "the combination of options does not exist",                                \
    "choose another compression or data format")                                                   \
  X(ESTATE, -14, "the call is not allowed in this state", "see the call's documentation")          \
  X(EAGAIN, -15, "there is nothing to give yet", "call again later")                               \
  X(EURL, -16, "the URL is not one that a gateway can have",                                       \
    "give ws:// or wss:// with a host, as in wss://gateway.discord.gg")                            \
  X(ESYSTEM, -17, "the operating system refused", "see os_error for its reason")                   \
  X(ENOSPACE, -18, "the buffer given is too small", "give one of the length that came back")       \
  X(EESCAPED, -19, "the text has escapes and cannot be given as a slice",                          \
    "call sherd_value_as_str_copy() instead")                                                      \
  X(ETOKEN, -20, "the token is missing or malformed",                                              \
    "give the bot's bare token, as SHERD_TOKEN does; check for spaces")                            \
  /* The WebSocket peer. */                                                                        \
  X(EUPGRADE, -100, "the server answered HTTP, not a WebSocket",                                   \
    "check the gateway URL, and whether a proxy stands between")                                   \
  X(EUPGRADEHEADER, -101, "the server's WebSocket handshake is malformed",                         \
    "check the gateway URL, and whether a proxy stands between")                                   \
  X(EUPGRADEKEY, -102, "the server's Sec-WebSocket-Accept does not answer our key",                \
    "check whether a caching proxy stands between")                                                \
  X(EUPGRADETOOBIG, -103, "the server's HTTP header is over the limit",                            \
    "check the gateway URL, and whether a proxy stands between")                                   \
  X(EFRAME, -104, "the server broke the WebSocket framing rules",                                  \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EFRAMETYPE, -105, "a text frame came where a binary one is due, or the reverse",               \
    "check that the server and the shard agree on compression and format")                         \
  X(ETOOBIG, -106, "a message is over the shard's size limit",                                     \
    "raise max_message_bytes if the message is genuine")                                           \
  X(EUTF8, -107, "a text is not valid UTF-8",                                                      \
    "nothing: the shard reconnects; report it if it happens again")                                \
  /* The compression. */                                                                           \
  X(EZLIB, -200, "the zlib data is damaged",                                                       \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EZSTD, -201, "the zstd data is damaged",                                                       \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EINFLATELIMIT, -202, "a message inflates to more than the shard's size limit",                 \
    "raise max_message_bytes if the message is genuine")                                           \
  /* The data format. */                                                                           \
  X(EJSON, -300, "the JSON is damaged", "see the byte offset for the place")                       \
  X(EETF, -301, "the ETF is damaged", "see the byte offset for the place")                         \
  X(EDEPTH, -302, "the document nests deeper than the limit of 128", "see the byte offset")        \
  X(ETRUNCATED, -303, "the document ends too early", "give all of its bytes")                      \
  X(ETYPE, -304, "the value is of another type", "ask sherd_value_type() first")                   \
  X(ERANGE, -305, "the number does not fit", "read it as a wider type or as text")                 \
  X(ENOTFOUND, -306, "there is no such key or index", "check sherd_value_exists() first")          \
  X(ETAG, -307, "the ETF has a tag that Discord does not use", "see the byte offset")              \
  /* The gateway. */                                                                               \
  X(EHELLO, -400, "HELLO is malformed or its heartbeat interval is not a sane number",             \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EUNEXPECTEDOP, -401, "an opcode came where it must not",                                       \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EENVELOPE, -402, "a message has no usable op, s or t",                                         \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EZOMBIE, -403, "the server stopped acknowledging heartbeats",                                  \
    "nothing: the shard reconnects and resumes")                                                   \
  X(ERECONNECT, -404, "the server asked to reconnect",                                             \
    "nothing: the shard reconnects and resumes")                                                   \
  X(EINVALIDSESSION, -405, "the server refused or ended the session",                              \
    "nothing: the shard goes on with a new session")                                               \
  X(ESERVERCLOSED, -406, "the server closed the connection", "see close_code for its reason")      \
  X(EHELLOTIMEOUT, -407, "the server did not say HELLO in time",                                   \
    "nothing: the shard reconnects; check the gateway URL if it happens again")                    \
  X(EREADYTIMEOUT, -408, "the server did not say READY or RESUMED in time",                        \
    "nothing: the shard reconnects; see whether Discord has an outage")                            \
  X(EUPGRADETIMEOUT, -409, "the server did not answer the WebSocket handshake in time",            \
    "nothing: the shard reconnects; check the gateway URL if it happens again")                    \
  X(EAUTH, -410, "Discord refused the token (4004)",                                               \
    "check SHERD_TOKEN against the bot's page in the developer portal")                            \
  X(EBADSHARD, -411, "Discord refused the shard id or count (4010)",                               \
    "give an id below the count; large bots need a multiple of the advised count")                 \
  X(ESHARDINGREQUIRED, -412, "the bot is in too many guilds for so few shards (4011)",             \
    "raise the shard count to the advised one")                                                    \
  X(EBADVERSION, -413, "Discord refused the gateway version (4012)", "update libsherd")            \
  X(EBADINTENTS, -414, "Discord refused the intents: an undefined bit is set (4013)",              \
    "use only the bits of sherd/intents.h")                                                        \
  X(EDISALLOWEDINTENTS, -415, "an intent is not enabled for this bot (4014)",                      \
    "enable the privileged intents on the bot's page in the developer portal")                     \
  X(EUNKNOWNOPCODE, -416, "Discord did not know an opcode that we sent (4001)",                    \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(EDECODE, -417, "Discord could not decode what we sent (4002)",                                 \
    "nothing: the shard reconnects; report it if it happens again")                                \
  X(ENOTAUTHENTICATED, -418, "Discord says that we are not identified (4003)",                     \
    "nothing: the shard reconnects")                                                               \
  X(EALREADYAUTHENTICATED, -419, "Discord says that we identified twice (4005)",                   \
    "nothing: the shard reconnects")                                                               \
  X(EBADSEQ, -420, "Discord refused the sequence number of the resume (4007)",                     \
    "nothing: the shard goes on with a new session")                                               \
  X(ESENDLIMIT, -421, "Discord says that we sent too much too fast (4008)",                        \
    "see whether another process uses the same session")                                           \
  X(ESESSIONTIMEOUT, -422, "Discord let the session time out (4009)",                              \
    "nothing: the shard goes on with a new session")                                               \
  X(ESERVERERROR, -423, "Discord met an unknown error (4000)",                                     \
    "nothing: the shard reconnects and resumes")                                                   \
  /* The transport. */                                                                             \
  X(EDNS, -500, "the host name was not found", "check the URL and the machine's DNS")              \
  X(ECONNREFUSED, -501, "the host refused the connection", "check host, port and firewall")        \
  X(ECONNECT, -502, "the host could not be reached", "check the network and the URL")              \
  X(ECONNECTTIMEOUT, -503, "connecting took too long", "check the network, proxy and firewall")    \
  X(ETLS, -504, "the TLS handshake failed",                                                        \
    "check that the URL's port speaks TLS 1.2 or newer; without TLS it is ws:// or http://")       \
  X(ETLSCA, -505, "the server's certificate is not signed by a trusted authority",                 \
    "install the authority, or give its file as ca_file")                                          \
  X(ETLSEXPIRED, -506, "the server's certificate has expired or is not yet valid",                 \
    "check the machine's clock, then the server's certificate")                                    \
  X(ETLSHOST, -507, "the server's certificate is for another host", "check the URL's host name")   \
  X(ELOST, -508, "the connection was lost", "nothing: the shard reconnects and resumes")           \
  X(EPROXY, -509, "the proxy refused to connect us", "check the proxy's URL and its rules")        \
  X(EPROXYAUTH, -510, "the proxy wants other credentials (407)",                                   \
    "give user and password in the proxy's URL")                                                   \
  X(ETLSCAFILE, -511, "the CA file cannot be read",                                                \
    "give a readable PEM file as ca_file, or in SSL_CERT_FILE")                                    \
  X(EREST, -512, "Discord's HTTP API answered with an error",                                      \
    "see http_status; check the token and the API URL")                                            \
  X(ERESTAUTH, -513, "Discord's HTTP API refused the token (401)",                                 \
    "check SHERD_TOKEN against the bot's page in the developer portal")                            \
  X(ERESTBODY, -514, "Discord's HTTP API answered with something unexpected",                      \
    "check the API URL, and whether a proxy stands between")                                       \
  /* The session store. */                                                                         \
  X(ESTOREDAMAGED, -600, "the session store is damaged",                                           \
    "move the file away to begin with new sessions")                                               \
  X(ESTOREVERSION, -601, "the session store was written by another version of Sherd",              \
    "use that version, or move the file away to begin with new sessions")                          \
  X(ESTOREOTHER, -602, "the session store belongs to another bot",                                 \
    "give each bot a store of its own, or check the token")                                        \
  X(ESTORECOUNT, -603, "the session store is for another number of shards",                        \
    "give that number, or move the file away to begin with new sessions")                          \
  X(ESTOREBUSY, -604, "another process uses the session store",                                    \
    "stop that one, or give this one a store of its own")                                          \
  X(ESTOREOWNER, -605, "the session store is not a file of this user",                             \
    "check the path and the file's owner")                                                         \
  X(ESTOREFULL, -606, "there is no room for the session store", "free some room on the disk")      \
  X(ESTOREWRITE, -607, "the session store cannot be read or written",                              \
    "see os_error for the reason; check the path, its directory and the disk")                     \
  X(ESTOREOLD, -608, "the stored session was left alone for too long",                             \
    "nothing: the shard begins a new session")

enum sherd_status {
  SHERD_OK = 0,
#define SHERD__STATUS_ENUM(name, value, text, advice) SHERD_##name = (value),
  SHERD_STATUS_MAP(SHERD__STATUS_ENUM)
#undef SHERD__STATUS_ENUM
};

/* Says in one line what `status` means and what to do next, as in "the host refused the
 * connection: check host, port and firewall". A value that is no status gives "unknown status".
 * Thread-safe. Lifetime: static. */
const char *sherd_strerror(enum sherd_status status);

/* Names `status` as it is written in code, as in "SHERD_ECONNREFUSED"; for logs and tests.
 * A value that is no status gives "SHERD_UNKNOWN". Thread-safe. Lifetime: static. */
const char *sherd_status_name(enum sherd_status status);

#ifdef __cplusplus
}
#endif
#endif
