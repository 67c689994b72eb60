/* Erlang's external term format, version 131. Numbers are big-endian unless a tag says otherwise.
 * Source: Erlang's documentation, External Term Format. */
#ifndef SHERD_PAYLOAD_ETF_H
#define SHERD_PAYLOAD_ETF_H

#define SHERD__ETF_VERSION 131

enum sherd__etf_tag {
  SHERD__ETF_NEW_FLOAT = 70,        /* 8 bytes, IEEE double */
  SHERD__ETF_COMPRESSED = 80,       /* u32 size when inflated, zlib stream of a term */
  SHERD__ETF_SMALL_INTEGER = 97,    /* u8 */
  SHERD__ETF_INTEGER = 98,          /* i32 */
  SHERD__ETF_FLOAT = 99,            /* 31 bytes, "%.20e", NUL-padded */
  SHERD__ETF_ATOM = 100,            /* u16 length, Latin-1 */
  SHERD__ETF_SMALL_TUPLE = 104,     /* u8 arity, terms */
  SHERD__ETF_LARGE_TUPLE = 105,     /* u32 arity, terms */
  SHERD__ETF_NIL = 106,             /* the empty list */
  SHERD__ETF_STRING = 107,          /* u16 length, bytes: a list of small integers */
  SHERD__ETF_LIST = 108,            /* u32 length, terms, a tail, which must be NIL */
  SHERD__ETF_BINARY = 109,          /* u32 length, bytes: a text in UTF-8 */
  SHERD__ETF_SMALL_BIG = 110,       /* u8 length, u8 sign (1: negative), little-endian bytes */
  SHERD__ETF_LARGE_BIG = 111,       /* u32 length, the same */
  SHERD__ETF_SMALL_ATOM = 115,      /* u8 length, Latin-1 */
  SHERD__ETF_MAP = 116,             /* u32 pairs, keys and values by turns */
  SHERD__ETF_ATOM_UTF8 = 118,       /* u16 length, UTF-8 */
  SHERD__ETF_SMALL_ATOM_UTF8 = 119, /* u8 length, UTF-8 */
};

#endif
