import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from '../lib/child.js'
import type { Known } from '../lib/issue.js'
import { expressApp, expressGuards } from './express.js'
import type { Framework, GuardName } from './guarded.js'
import { koaApp, koaGuards } from './koa.js'

/** What a server of the benchmark tells about itself. */
export interface ServerAnswers {
  readonly where: { readonly port: number; readonly authorization: string; readonly forged: string }
  /** CPU time of this process so far, in µs. */
  readonly cpu: number
}

const [framework, guard, known] = process.argv.slice(2) as [Framework, GuardName, string]
const { listener, authorization, forged } = await guarded(framework, guard, JSON.parse(known) as Known)
const server = createServer(listener)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

answer<ServerAnswers>({
  where: () => ({ port: (server.address() as AddressInfo).port, authorization, forged }),
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})

async function guarded(framework: Framework, guard: GuardName, known: Known) {
  if (framework === 'express') {
    const { middleware, ...credentials } = await expressGuards(known)[guard]()
    return { listener: expressApp(middleware) as RequestListener, ...credentials }
  }
  const { middleware, ...credentials } = await koaGuards(known)[guard]()
  return { listener: koaApp(middleware).callback() as RequestListener, ...credentials }
}
