import { answer } from '../harness/child.js'
import { CONTENDERS } from './contenders.js'
import { sliceOf } from './repeat.js'

// The process of one contender.

const [name = ''] = process.argv.slice(2)
const prepare = CONTENDERS[name]
if (prepare === undefined) throw new Error(`There is no contender ${name}`)
const questions = { measure: await sliceOf(await prepare()) }
export type ContenderQuestions = typeof questions
answer(questions)
