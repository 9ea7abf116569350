import { render } from 'preact'
import { App } from './app'
import './base.css'
import './controls.css'
import './app.css'
import './token-table.css'
import './details.css'
import './dialogs.css'
import { start } from './session'

const root = document.getElementById('page')
if (root !== null) render(<App />, root)
void start()
