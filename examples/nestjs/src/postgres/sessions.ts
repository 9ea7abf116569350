// Who is signed in. Replace the map with your own sessions.
import type { Caller } from '@latchkey/core'
import { Injectable } from '@nestjs/common'
import type { Request } from 'express'

interface Person {
  readonly id: string
  readonly scopes: readonly string[]
}

@Injectable()
export class Sessions {
  readonly people = new Map<string, Person>()

  /** The person whose session cookie came with the request. */
  callerOf({ headers }: Request): Caller | undefined {
    const [, session = ''] = /(?:^|; )session=([^;]*)/.exec(headers.cookie ?? '') ?? []
    const person = this.people.get(session)
    if (person === undefined) return undefined
    return { id: person.id, owner: person.id, scopes: person.scopes, personal: true }
  }
}
