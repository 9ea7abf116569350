import * as core from '@latchkey/core'
import * as adapter from '@latchkey/express'
import express from 'express'
import scenario from './scenario.cjs'

await scenario({ core, adapter, express })
console.log('ok')
