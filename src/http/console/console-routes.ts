import { join, resolve } from 'node:path'
import express, { type RequestHandler, Router } from 'express'
import { sendPage } from '../built-page.ts'
import type { Auth } from '../sessions/auth.ts'

export type ConsoleOptions = {
  auth: Pick<Auth, 'isAdmin' | 'requireAdmin'>
  /** Where `vite build` has put the page. */
  assetsDir: string
  /** The speech of a caller whose microphone is not to be had; a WAV file. */
  callerSample: string
  config: ConsoleConfig
}

/** What the page must know about what stands behind it. */
export type ConsoleConfig = {
  carrier: 'simulated' | 'real'
  agentVendor: 'simulated' | 'real'
  /** Where callers reach the service, in E.164 form. */
  phoneNumber: string | null
  /** Null without SIP. */
  sip?: SipLine | null
  /** Whether the page may kill the process, because something would start it again. */
  canBeKilled?: boolean
}

/** How the SIP line is reached, and by whom. */
export type SipLine = {
  /** Where drachtio-server takes SIP; null when that is every address of its machine. */
  host: string | null
  port: number
  /** Those that are answered; null means all. */
  numbers: readonly string[] | null
  /** The names of those who call with a password. */
  users: readonly string[]
  /** CIDRs from which calls are taken without one. */
  trunks: readonly string[]
}

/** The names of built files change with their content. */
const FOR_EVER = { immutable: true, maxAge: '1y' } as const

/** The console's page and its files. Who has no session gets a page at the same address that begins one. */
export function consoleRoutes({ auth, assetsDir, callerSample, config }: ConsoleOptions): Router {
  const folder = resolve(assetsDir)
  const router = Router()
  router.use('/console/assets', express.static(join(folder, 'assets'), { ...FOR_EVER, index: false }))

  router.get('/console/licences.json', (_req, res) => sendPage(res, join(folder, 'licences.json')))
  router.get('/', async (req, res) => {
    const isAdmin = await auth.isAdmin(req)
    res.status(isAdmin ? 200 : 401)
    if (!isAdmin) res.set('WWW-Authenticate', 'Bearer realm="precall"')
    // The same address shows another page after signing in.
    await sendPage(res, join(folder, isAdmin ? 'index.html' : 'sign-in.html'))
  })
  router.get('/console/config', auth.requireAdmin, (_req, res) => {
    res.set('Cache-Control', 'no-store').json(config)
  })
  router.get('/console/caller-sample.wav', auth.requireAdmin, sendSample(resolve(callerSample)))
  return router
}

const sendSample =
  (file: string): RequestHandler =>
  (_req, res) => {
    res.sendFile(file, { maxAge: '1d' })
  }
