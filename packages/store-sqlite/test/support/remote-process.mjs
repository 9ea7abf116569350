// Another process with stores of its own: carries out the calls that its parent sends. See remote-store.ts.
import { sqliteStore } from '../../dist/index.js'

/** Stores, environments and ends of watches, by the numbers that the parent knows them by. */
const objects = new Map()
let last = 0

function keep(object) {
  objects.set(++last, object)
  return last
}

const calls = {
  createStore: (options) => keep(sqliteStore(options)),
  async open(store, environment, options) {
    const opened = await objects.get(store).open(environment, options)
    return { object: keep(opened), dataset: opened.dataset, sealingKey: opened.sealingKey }
  },
  close: (store) => objects.get(store).close(),
  async watch(environment, watch) {
    objects.set(watch, await objects.get(environment).watch((event) => process.send({ watch, event })))
  },
  unwatch: (watch) => objects.get(watch)(),
  async list(environment, query) {
    const page = await objects.get(environment).list(query)
    return { ...page, records: [...page.records] }
  },
  call: (environment, method, args) => objects.get(environment)[method](...args),
}

process.on('message', async ({ number, name, args }) => {
  try {
    process.send({ number, result: await calls[name](...args) })
  } catch (error) {
    process.send({ number, failure: { code: error.code, message: error.message } })
  }
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
