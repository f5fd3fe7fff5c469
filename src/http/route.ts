import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { z } from 'zod'
import { HttpProblem } from '../problem/problem.ts'
import type { RecordWrite } from './audit/audit.ts'
import { bodyErrors, check, parameterErrors } from './field-errors.ts'
import { ownTurn } from './turns.ts'

/*
 * An admin route is declared once: the schemas check its requests and describe it in the OpenAPI document.
 */

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

type Schema = z.ZodType | undefined
type Checked<S> = S extends z.ZodType ? z.output<S> : undefined

type RouteInput<Params extends Schema, Query extends Schema, Body extends Schema> = {
  params: Checked<Params>
  query: Checked<Query>
  body: Checked<Body>
  req: Request
  res: Response
}

export type Route<Params extends Schema, Query extends Schema, Body extends Schema, Answer extends Schema> = {
  method: Method
  /** In OpenAPI's form, below the API's root: `/calls/{id}`. */
  path: `/${string}`
  summary: string
  params?: Params & z.ZodObject
  query?: Query & z.ZodObject
  body?: Body
  /** The body is a multipart form with files; `receive` reads it and leaves its text fields in `req.body`; `about` tells clients which files. */
  upload?: { field: string; maxFiles: number; about: string; receive: RequestHandler }
  /** `created` says what it means when the handler answers with 201 instead. */
  answer: { status: number; description: string; created?: string; body?: Answer }
  /** What else may be answered, by status; what every route may answer need not be said. */
  problems?: Record<number, string>
  /** What it resolves with becomes the body; a handler that answers by itself has ended or begun its answer. */
  handler: (
    input: RouteInput<Params, Query, Body>,
  ) => Promise<Answer extends z.ZodType ? z.input<Answer> | undefined : void>
}

// biome-ignore lint/suspicious/noExplicitAny: a list holds routes of all kinds, and each was checked where it was declared.
export type AnyRoute = Route<any, any, any, any>

/** Declares a route; the handler's input and result are typed by the schemas. */
export function route<
  Params extends Schema = undefined,
  Query extends Schema = undefined,
  Body extends Schema = undefined,
  Answer extends Schema = undefined,
>(declared: Route<Params, Query, Body, Answer>): AnyRoute {
  return declared
}

/**
 * The routes as an Express router; a path that is known with other methods is answered with 405. `recordWrite` is told of
 * everything that is not a mere question, before it is done.
 */
export function routerOf(routes: readonly AnyRoute[], recordWrite: RecordWrite): Router {
  const router = Router()
  const methods = new Map<string, string[]>()
  for (const declared of routes) {
    const path = expressPath(declared.path)
    const { method } = declared
    methods.set(path, [
      ...(methods.get(path) ?? []),
      ...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]),
    ])
    router[method](path, ...(declared.upload ? [declared.upload.receive] : []), serve(declared, recordWrite))
  }
  for (const [path, allowed] of methods) router.all(path, refuseMethod(allowed.join(', ')))
  return router
}

const expressPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1')

function refuseMethod(allow: string): RequestHandler {
  return ({ method }) => {
    throw new HttpProblem(405, `${method} is not allowed here, only ${allow}.`, { headers: { Allow: allow } })
  }
}

function serve(declared: AnyRoute, recordWrite: RecordWrite): RequestHandler {
  const { answer } = declared
  return async (req, res) => {
    if (declared.method !== 'get') await recordWrite(declared.summary, req, res)
    const result: unknown = await declared.handler({ ...checked(declared, req), req, res })
    await ownTurn()
    if (res.headersSent || res.destroyed) return
    if (!answer.created || res.statusCode !== 201) res.status(answer.status)
    res.set('Cache-Control', 'no-store')
    if (result === undefined) res.end()
    else res.json(result)
  }
}

function checked(declared: AnyRoute, req: Request) {
  const params = check(declared.params, req.params)
  // A path that no resource can have is as unknown as one that none has; only PUT would create what it names.
  if (params?.error && declared.method !== 'put') throw unknownPath(declared, params.error)
  if (declared.body && !declared.upload) requireJson(req)
  const query = check(declared.query, req.query)
  const body = check(declared.body, req.body)
  const errors = [
    ...parameterErrors(params?.error),
    ...parameterErrors(query?.error),
    ...bodyErrors(body?.error),
  ]
  if (errors.length > 0)
    throw new HttpProblem(422, 'The request does not fit what is expected here.', { errors })
  return { params: params?.data, query: query?.data, body: body?.data }
}

/** As the route says it of what it does not find, and why this can be nothing that it would. */
function unknownPath({ problems }: AnyRoute, error: z.ZodError): HttpProblem {
  const errors = parameterErrors(error)
  const why = errors.map(({ parameter, detail }) => `${parameter} ${detail}`).join('; ')
  const what = problems?.[404] ?? 'There is nothing at this path.'
  return new HttpProblem(404, `${what.replace(/\.$/, '')}: ${why}.`, { errors })
}

function requireJson(req: Request): void {
  // `is` is null without a body; the schema then says what is missing.
  if (req.is('application/json') === false) {
    throw new HttpProblem(415, 'The body must be JSON, with Content-Type: application/json.')
  }
}
