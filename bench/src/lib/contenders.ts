import type { Peer } from '../peers/peer.js'
import { expect } from './expect.js'
import type { Contender } from './rounds.js'

/** Verifies one credential again and again. */
export function one(name: string, verify: (token: string) => boolean, token: string): Contender {
  return {
    name,
    run(times) {
      let good = 0
      for (let i = 0; i < times; i++) if (verify(token)) good++
      expect(good === times, `${name} answers as it should`)
    },
  }
}

/** Goes through many tokens, in an order that no cache line or generation of the heap knows. */
export function each(name: string, verify: (token: string) => boolean, tokens: readonly string[]): Contender {
  let next = 0
  return {
    name,
    run(times) {
      let good = 0
      for (let i = 0; i < times; i++) {
        next = (next + 7_919) % tokens.length
        if (verify(tokens[next] ?? '')) good++
      }
      expect(good === times, `${name} answers as it should`)
    },
  }
}

/** Awaits promises only, so that a peer that answers at once is not slowed down. */
export function peerContender({ name, credential, verify }: Peer): Contender {
  return {
    name,
    async run(times) {
      let good = 0
      for (let i = 0; i < times; i++) {
        const answer = verify(credential)
        if (answer === true || (answer !== false && (await answer))) good++
      }
      expect(good === times, `${name} lets a good credential in`)
    },
  }
}
