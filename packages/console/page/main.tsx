import { render } from 'preact'
import { App } from './app'
import './page.css'
import { start } from './session'

const root = document.getElementById('page')
if (root !== null) render(<App />, root)
void start()
