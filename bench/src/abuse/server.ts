import { argon2id, createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyKoa } from '@latchkey/koa'
import { tokenRecord } from '@latchkey/testkit'
import express from 'express'
import Koa from 'koa'
import { answer } from '../harness/child.js'
import { serve } from '../harness/http.js'
import { memoryInUse } from '../harness/observe.js'

// The attacked server, which tells about itself.

const TOKENS = 20_000
const NEWCOMERS = 20

const [framework = ''] = process.argv.slice(2)
const store = memoryStore()
const hasher = argon2id()
const issuer = createLatchkey({ store, hasher })
const environment = await store.open('default')
for (let i = 0; i < TOKENS; i++) await environment.insert(tokenRecord({ name: `token ${i}` }))
const issue = async (owner: string) => (await issuer.create({ name: owner, owner, scopes: ['apiTokens.read'] })).token
const tokens = {
  attacker: await issue('mallory'),
  neighbour: await issue('nora'),
  newcomers: await Promise.all(Array.from({ length: NEWCOMERS }, (_, i) => issue(`newcomer ${i}`))),
}

const latchkey = createLatchkey({ store, hasher })
let growth = 0
let begun = { rss: 0, hashes: 0 }
let watching: NodeJS.Timeout | undefined

answer({
  async begin() {
    await memoryInUse()
    begun = { rss: process.memoryUsage.rss(), hashes: latchkey.stats().proofs.done }
    growth = 0
    watching = setInterval(() => {
      growth = Math.max(growth, process.memoryUsage.rss() - begun.rss)
    }, 20)
    return { url: await serve(listener()), ...tokens }
  },
  /** What was observed since `begin`. */
  async end() {
    clearInterval(watching)
    await memoryInUse()
    const left = process.memoryUsage.rss() - begun.rss
    // Those of the attack: each neighbour's first use takes one too.
    const hashes = latchkey.stats().proofs.done - begun.hashes - NEWCOMERS - 1
    return { growthMiB: growth / 2 ** 20, leftMiB: left / 2 ** 20, hashes }
  },
})

export interface AbuseQuestions {
  readonly [question: string]: (...args: never[]) => unknown
  begin(): { url: string; attacker: string; neighbour: string; newcomers: string[] }
  end(): { growthMiB: number; leftMiB: number; hashes: number }
}

function listener() {
  if (framework === 'express') {
    return express().use('/tokens', latchkeyExpress(latchkey).tokenRoutes())
  }
  return new Koa().use(latchkeyKoa(latchkey).tokenRoutes({ path: '/tokens' })).callback()
}
