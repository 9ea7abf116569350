/** Another library that verifies a credential in this process. */
export interface Peer {
  /** What is presented: a key, a token, or the whole header if the library reads the header itself. */
  readonly credential: string
  /** Of the same form, and to be refused. */
  readonly forged: string
  verify(credential: string): boolean | Promise<boolean>
}
