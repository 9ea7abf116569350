/** A large answer is sent in slices of this size. */
export const SLICE_BYTES = 64 * 1024

/** An answer is given up when its client has taken no byte of it for so long. */
export const READ_TIMEOUT_MS = 30_000
