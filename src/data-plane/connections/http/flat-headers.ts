/** Names and values in turn, as `rawHeaders` of Node has them: order, case and repeats survive. */
export type FlatHeaders = string[];

/** Of a name or a method (RFC 9110, section 5.6.2). */
export const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What no value may have: it could begin a line of its own, or cannot be sent as one byte. */
export const notInValue = /[^\t\x20-\x7e\x80-\xff]/;
