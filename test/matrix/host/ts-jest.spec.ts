import * as core from '@latchkey/core'
import * as adapter from '@latchkey/express'
import express from 'express'
import scenario from './scenario.cjs'

test('a token is let in', () => scenario({ core, adapter, express }))
