import { dynatraceCreate } from './dynatrace-create.js'
import { dynatraceList } from './dynatrace-list.js'
import { dynatraceToken } from './dynatrace-token.js'
import type { Credential, Exchange } from './exchange.js'
import { pantherLog } from './panther-log.js'

/** What the clients of one published API send, in order, and where and how they send it. */
export interface RequestLog {
  readonly dialect: 'dynatrace' | 'panther'
  /** Where the example host answers it. */
  readonly api: string
  /** The same in an environment of its own. */
  readonly there?: string
  readonly credential: Credential
  readonly exchanges: readonly Exchange[]
}

export const LOGS: readonly RequestLog[] = [
  {
    dialect: 'dynatrace',
    api: '/api/v2/apiTokens',
    there: '/e/clients/api/v2/apiTokens',
    credential: (token) => ({ Authorization: `Api-Token ${token}` }),
    exchanges: [...dynatraceCreate, ...dynatraceList, ...dynatraceToken],
  },
  {
    dialect: 'panther',
    api: '/api-tokens',
    credential: (token) => ({ 'X-API-Key': token }),
    exchanges: pantherLog,
  },
]
