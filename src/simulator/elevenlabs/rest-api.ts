import { randomBytes } from 'node:crypto'
import express, { type Express, type RequestHandler } from 'express'
import { agentsApi } from './agents-api.ts'
import { HTML_PAGE } from './faults.ts'
import { speechApi } from './speech-api.ts'
import { answerVendorError, VendorError } from './vendor-error.ts'
import { voicesApi } from './voices-api.ts'
import type { Workspace } from './workspace.ts'

/** The vendor's REST API, as far as a telephone service uses it. */
export function restApi(workspace: Workspace): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(nameRequest)
  app.use((_request, response, next) => {
    const status = workspace.faults.answerHtml
    if (status === null) return next()
    response.status(status).type('html').send(HTML_PAGE)
  })
  app.use(checkApiKey(workspace.apiKey))
  app.use(express.json({ limit: '1mb' }))
  app.use(voicesApi(workspace), speechApi(workspace), agentsApi(workspace))
  app.use((request) => {
    throw new VendorError(
      404,
      'not_found',
      `There is no ${request.method} ${request.path} in the simulation.`,
    )
  })
  app.use(answerVendorError)
  return app
}

const nameRequest: RequestHandler = (_request, response, next) => {
  response.set('x-request-id', randomBytes(16).toString('hex'))
  next()
}

function checkApiKey(apiKey: string): RequestHandler {
  return (request, _response, next) => {
    const given = request.get('xi-api-key')
    if (given === apiKey) return next()
    throw given === undefined
      ? new VendorError(401, 'missing_api_key', 'Neither authorization header nor xi-api-key received.')
      : new VendorError(401, 'invalid_api_key', 'Invalid API key')
  }
}
