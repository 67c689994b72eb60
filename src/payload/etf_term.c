#include "payload/etf.h"

const struct sherd__etf_shape sherd__etf_shapes[256] = {
    [SHERD__ETF_NEW_FLOAT] = {SHERD__ETF_KIND_FLOAT, .fixed = 8},
    [SHERD__ETF_SMALL_INTEGER] = {SHERD__ETF_KIND_INTEGER, .fixed = 1},
    [SHERD__ETF_INTEGER] = {SHERD__ETF_KIND_INTEGER, .fixed = 4},
    [SHERD__ETF_FLOAT] = {SHERD__ETF_KIND_FLOAT, .fixed = 31},
    [SHERD__ETF_ATOM] = {SHERD__ETF_KIND_ATOM, .width = 2, .bytes = 1},
    [SHERD__ETF_SMALL_TUPLE] = {SHERD__ETF_KIND_LIST, .width = 1, .terms = 1},
    [SHERD__ETF_LARGE_TUPLE] = {SHERD__ETF_KIND_LIST, .width = 4, .terms = 1},
    [SHERD__ETF_NIL] = {SHERD__ETF_KIND_LIST, .width = 0},
    [SHERD__ETF_STRING] = {SHERD__ETF_KIND_BYTES, .width = 2, .bytes = 1},
    [SHERD__ETF_LIST] = {SHERD__ETF_KIND_LIST, .width = 4, .terms = 1, .tail = 1},
    [SHERD__ETF_BINARY] = {SHERD__ETF_KIND_BINARY, .width = 4, .bytes = 1},
    [SHERD__ETF_SMALL_BIG] = {SHERD__ETF_KIND_INTEGER, .width = 1, .fixed = 1, .bytes = 1},
    [SHERD__ETF_LARGE_BIG] = {SHERD__ETF_KIND_INTEGER, .width = 4, .fixed = 1, .bytes = 1},
    [SHERD__ETF_SMALL_ATOM] = {SHERD__ETF_KIND_ATOM, .width = 1, .bytes = 1},
    [SHERD__ETF_MAP] = {SHERD__ETF_KIND_MAP, .width = 4, .terms = 2},
    [SHERD__ETF_ATOM_UTF8] = {SHERD__ETF_KIND_ATOM, .width = 2, .bytes = 1},
    [SHERD__ETF_SMALL_ATOM_UTF8] = {SHERD__ETF_KIND_ATOM, .width = 1, .bytes = 1},
};
