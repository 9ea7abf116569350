/** What Latchkey is compared with: one way to verify a credential in this process, ready to be timed. */
export interface Peer {
  /** The name of its row. */
  readonly name: string
  /** What is presented: a key, a token, or the whole header if the library takes it apart itself. */
  readonly credential: string
  /** Of the same form, and to be refused. */
  readonly forged: string
  verify(credential: string): boolean | Promise<boolean>
}
