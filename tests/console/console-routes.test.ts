import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { consoleRoutes } from '../../src/http/console/console-routes.ts'
import { wrongKeyLimit } from '../../src/http/rate-limits.ts'
import { createAuth } from '../../src/http/sessions/auth.ts'
import { SESSION_COOKIE } from '../../src/http/sessions/sessions.ts'
import { ADMIN_KEY, asAdmin, problemOf, serve, testApp } from '../http/serve.ts'
import { endedSessions } from '../support/ended-sessions.ts'

const CONFIG = { carrier: 'simulated', agentVendor: 'real', phoneNumber: '+15551234567' } as const

let assetsDir: string
beforeEach(async () => {
  assetsDir = await mkdtemp(join(tmpdir(), 'console-routes-'))
})
afterEach(() => rm(assetsDir, { recursive: true }))

const build = async () => {
  await mkdir(join(assetsDir, 'assets'))
  await writeFile(join(assetsDir, 'index.html'), '<title>Console</title>')
  await writeFile(join(assetsDir, 'sign-in.html'), '<title>Sign in</title>')
  await writeFile(join(assetsDir, 'assets', 'page-abc123.js'), 'page()')
  await writeFile(join(assetsDir, 'sample.wav'), 'RIFF')
  await writeFile(join(assetsDir, 'licences.json'), '[]')
}

const start = () => {
  const auth = createAuth({ adminKey: ADMIN_KEY, wrongKeys: wrongKeyLimit(), endedSessions: endedSessions() })
  const callerSample = join(assetsDir, 'sample.wav')
  return serve(testApp({ auth, console: consoleRoutes({ auth, assetsDir, callerSample, config: CONFIG }) }))
}

describe('the page', () => {
  beforeEach(build)

  it('is the sign-in page for who has no session', async () => {
    const response = await fetch(await start())
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toMatch('text/html')
    expect(await response.text()).toContain('Sign in')
  })

  it('is the console for who shows the key, and for the session that begins with it', async () => {
    const url = await start()
    const response = await fetch(url, { headers: asAdmin })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('Console')
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(new RegExp(`^${SESSION_COOKIE}=`))
    expect((await fetch(url, { headers: { cookie } })).status).toBe(200)
  })

  it('is the sign-in page for a wrong key', async () => {
    const response = await fetch(await start(), { headers: { 'x-api-key': 'wrong' } })
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('Sign in')
  })

  it('is never kept, because the same address shows two pages', async () => {
    const url = await start()
    for (const headers of [{}, asAdmin]) {
      expect((await fetch(url, { headers })).headers.get('cache-control')).toBe('no-store')
    }
  })
})

describe('its files', () => {
  beforeEach(build)

  it('are open to all and kept for ever, for their names change with them', async () => {
    const response = await fetch(`${await start()}/console/assets/page-abc123.js`)
    expect(await response.text()).toBe('page()')
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  it('name whose work they are made with, to whoever asks', async () => {
    expect(await (await fetch(`${await start()}/console/licences.json`)).json()).toEqual([])
  })

  it('are not the folder around them', async () => {
    const url = await start()
    for (const path of ['console/assets/', 'console/index.html', 'console/assets/..%2findex.html']) {
      expect((await fetch(`${url}/${path}`)).status, path).toBeGreaterThanOrEqual(400)
    }
  })

  it('need a session when they tell something', async () => {
    const url = await start()
    for (const path of ['config', 'caller-sample.wav']) {
      expect((await fetch(`${url}/console/${path}`)).status, path).toBe(401)
      expect((await fetch(`${url}/console/${path}`, { headers: asAdmin })).status, path).toBe(200)
    }
  })

  it('tell what stands behind the console', async () => {
    const response = await fetch(`${await start()}/console/config`, { headers: asAdmin })
    expect(await response.json()).toEqual(CONFIG)
  })
})

describe('a console that was not built', () => {
  it('says how to build it', async () => {
    const response = await fetch(await start(), { headers: asAdmin })
    expect(response.status).toBe(503)
    expect((await problemOf(response)).detail).toContain('npm run build')
  })
})
