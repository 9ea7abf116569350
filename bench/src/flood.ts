import { attack, issueTokens } from './flood/attack.js'
import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import { ATTACKED, type FrameworkName } from './http/guards.js'

await runBenchmark({
  name: 'flood',
  title: 'Floods',
  about: `
What an attack costs those who hold good tokens. Beside 200 requests a second with cached good tokens come: nothing (\`quiet\`);
forged tokens at a fixed rate (\`forged\`: known ids with wrong secrets, unknown ids, and junk, a third each); 2,000 good tokens
at once that the server has not proven yet (\`cold\`); and the same 2,000 at once when all are proven and cached (\`warm\`), for the
same time. The difference between \`cold\` and \`warm\` is what the proofs add to the burst itself.

\`good…Us\` is the time of the requests with good tokens, \`delayP99Ms\` the delay of the server's event loop. \`refused\` tokens found
the queue of proofs full and got 503 with \`Retry-After\`. \`ofArgon2\` is the time of the burst, divided by what Argon2 alone
needs for the admitted tokens. Server, holders and attackers are processes of their own, on the same cores.`,
  cases: ATTACKED,
  options: { seconds: 20 },
  bounds: () => ATTACKED.flatMap(boundsOf),
  async measure({ cases, seconds }) {
    const tokens = await issueTokens()
    const rows = []
    for (const framework of cases) rows.push(...(await attack(framework as FrameworkName, tokens, seconds)))
    return rows
  },
})

function boundsOf(framework: FrameworkName): Bound[] {
  const forged = `${framework}-forged`
  const cold = `${framework}-cold`
  const [quiet, warm] = [`${framework}-quiet`, `${framework}-warm`]
  return [
    { row: forged, figure: 'ofAsked', atLeast: 0.95, reason: 'the flood arrives' },
    { row: forged, figure: 'goodP99Us', per: quiet, atMost: 3, reason: 'holders of good tokens do not feel a flood' },
    { row: forged, figure: 'proofs', atMost: 0, reason: 'a forged token never runs a slow hash' },
    { row: forged, figure: 'delayP99Ms', atMost: 20, reason: 'refusals do not block the event loop' },
    { row: forged, figure: 'heapGrowthMiB', atMost: 16, reason: 'forged tokens fill no unbounded cache' },
    { row: cold, figure: 'mostWaiting', atMost: 1_000, reason: 'the queue of proofs is bounded' },
    { row: cold, figure: 'ofArgon2', atMost: 1.4, reason: 'admitted tokens wait for Argon2 alone' },
    { row: cold, figure: 'delayP99Ms', atMost: 20, reason: 'proofs run beside the event loop' },
    { row: cold, figure: 'goodMaxUs', per: warm, atMost: 2.5, reason: 'the wait is for 2,000 requests, not proofs' },
  ]
}
