import { answer } from '../lib/child.js'
import { sliceOf } from '../lib/rounds.js'
import { CONTENDERS } from './contenders.js'

/** What the process of one contender answers. */
export interface ContenderAnswers {
  /** Nanoseconds for one verification, over a slice of them. */
  readonly time: number
}

const [name = ''] = process.argv.slice(2)
const make = CONTENDERS[name]
if (make === undefined) throw new Error(`There is no contender ${name}`)
answer<ContenderAnswers>({ time: await sliceOf(await make(name)) })
