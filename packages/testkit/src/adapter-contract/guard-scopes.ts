import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, insufficientScope } from './answers.js'
import { bearer } from './http.js'
import { guardCase, withScene } from './scene.js'

const THREE = ['reports.read', 'logs.read', 'logs.write']

function judged(
  held: readonly string[],
  path: string,
  missing: readonly string[],
  needed: readonly string[],
): AdapterCase {
  const outcome = missing.length === 0 ? 'is let in' : `lacks ${missing.join(' and ')}`
  return guardCase(`a token with ${held.join(' and ')} ${outcome} at ${path}`, async (scene) => {
    const issued = await scene.issue({ scopes: held })
    const ask = { path, headers: bearer(issued) }
    for (const reply of [await scene.send(ask), await scene.send(ask)]) {
      if (missing.length === 0) expectLetIn(reply, issued)
      else expectRefusal(reply, insufficientScope(needed, missing))
    }
  })
}

export const guardScopeCases: readonly AdapterCase[] = [
  judged(['logs.read'], '/any', [], []),
  judged(['reports.read'], '/reports', [], []),
  judged(['reports.*'], '/reports', [], []),
  judged(['*'], '/reports-and-logs', [], []),
  judged(['logs.*', 'reports.read'], '/reports-and-logs', [], []),
  judged(['reports.write'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read.all'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read.*'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reportsX.*'], '/reports', ['reports.read'], ['reports.read']),
  judged(['REPORTS.READ'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read'], '/reports-and-logs', ['logs.read', 'logs.write'], THREE),
  judged(['logs.write', 'reports.*'], '/reports-and-logs', ['logs.read'], THREE),
  judged(['other'], '/reports-and-logs', THREE, THREE),

  {
    group: 'guard',
    name: 'a personal token has the scopes that it and its owner have, asked again once forgotten',
    async run(mount) {
      let owned = ['reports.read']
      await withScene(mount, { latchkey: { ownerScopes: async () => owned } }, async (scene) => {
        const issued = await scene.issue({ scopes: ['*'], personal: true })
        expectLetIn(await scene.send({ path: '/reports', headers: bearer(issued) }), issued)
        const refused = await scene.send({ path: '/reports-and-logs', headers: bearer(issued) })
        expectRefusal(refused, insufficientScope(THREE, ['logs.read', 'logs.write']))
        owned = []
        scene.latchkey.forgetOwner('alice')
        const taken = await scene.send({ path: '/reports', headers: bearer(issued) })
        expectRefusal(taken, insufficientScope(['reports.read']))
      })
    },
  },
]
