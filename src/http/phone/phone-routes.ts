import { join, resolve } from 'node:path'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import helmet from 'helmet'
import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import type { PhoneLinkStatus, PhoneLinkStore, StoredPhoneLink } from '../../persistence/phone-link-store.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { bodyDeadline } from '../body-deadline.ts'
import { sendPage } from '../built-page.ts'
import { isOwnPage } from '../own-page.ts'

/*
 * The page from which anybody calls who has a link. Nobody signs in here: a link's token, which the page finds behind the #
 * of its own address, is all that there is to show.
 */

export type PhonePageOptions = {
  /** Where `vite build --mode phone` has put the page. */
  assetsDir: string
  links: Pick<PhoneLinkStore, 'find' | 'exchange'>
  /** Where browsers reach the SIP servers; its `url` is null where they do not. */
  browser: Config['sip']['browser']
}

const MAX_BODY = '4kb'
/** A page sends its few bytes in one piece. */
const BODY_MS = 10_000
/** The names of built files change with their content. */
const FOR_EVER = { immutable: true, maxAge: '1y' } as const

const GONE: Record<Exclude<PhoneLinkStatus, 'waiting'>, string> = {
  used: 'This link has been used: each is good for one call. Please ask for another one.',
  expired: 'This link has expired. Please ask for another one.',
}

const body = z.object({ token: z.string().min(1).max(200) })

export function phoneRoutes({ assetsDir, links, browser }: PhonePageOptions): Router {
  const folder = resolve(assetsDir)
  const router = Router()
  router.use('/assets', express.static(join(folder, 'assets'), { ...FOR_EVER, index: false }))
  router.get('/licences.txt', (_req, res) => sendPage(res, join(folder, 'licences.txt')))
  router.get('/', pageHeaders(browser), (_req, res) => sendPage(res, join(folder, 'index.html')))

  const asked = [bodyDeadline(BODY_MS), requireOwnPage, express.json({ limit: MAX_BODY })]
  router.post('/link', ...asked, async (req, res) => {
    const { agentName, to, callerName, expiresAt } = await waitingLink(links, tokenIn(req))
    answer(res, { callee: agentName ?? to, callerName, expiresAt })
  })
  router.post('/credentials', ...asked, async (req, res) => {
    const { url, iceServers } = browser
    if (url === null) throw new HttpProblem(503, 'Nobody can call from a browser here yet.')
    const token = tokenIn(req)
    await waitingLink(links, token)
    const credentials = await links.exchange(token)
    if (!credentials) throw new HttpProblem(410, GONE.used)
    const { user, password, expiresAt } = credentials
    answer(res, { url, iceServers, user, password, expiresAt })
  })
  return router
}

async function waitingLink(links: Pick<PhoneLinkStore, 'find'>, token: string): Promise<StoredPhoneLink> {
  const link = await links.find(token)
  if (!link)
    throw new HttpProblem(
      404,
      'This link is not known here. Was its address copied whole? Else please ask for another one.',
    )
  if (link.status !== 'waiting') throw new HttpProblem(410, GONE[link.status])
  return link
}

function tokenIn(req: Request): string {
  const { data } = body.safeParse(req.body)
  if (!data) throw new HttpProblem(422, 'The body must be JSON like {"token": "…"}.')
  return data.token
}

function answer(res: Response, content: object): void {
  res.set('Cache-Control', 'no-store').json(content)
}

const requireOwnPage: RequestHandler = (req, _res, next) => {
  if (!isOwnPage(req)) throw new HttpProblem(403, 'Only the page of this service may ask for this.')
  next()
}

/** As for all pages, but that this one reaches drachtio-server too, and may be shown in a frame of the sites that are named. */
function pageHeaders({ url, embedOrigins }: Config['sip']['browser']): RequestHandler {
  const policy = helmet.contentSecurityPolicy({
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      connectSrc: ["'self'", ...(url === null ? [] : [new URL(url).origin])],
      formAction: ["'none'"],
      frameAncestors: embedOrigins.length > 0 ? [...embedOrigins] : ["'none'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
    },
  })
  return (req, res, next) => {
    // It knows no list: browsers that obey it would refuse every site that is named.
    if (embedOrigins.length > 0) res.removeHeader('X-Frame-Options')
    policy(req, res, next)
  }
}
