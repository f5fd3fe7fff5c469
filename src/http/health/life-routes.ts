import { Router } from 'express'

/**
 * `GET /nodes/{id}`: whether the node of this id is this process, for the others that see its heartbeat no more. Answered
 * without the database and, as ids are known to nodes alone, of no use to strangers: 204 for its own, 410 for any other.
 */
export function lifeRoutes(nodeId: string): Router {
  const router = Router()
  router.get('/nodes/:id', (req, res) => {
    res
      .status(req.params.id === nodeId ? 204 : 410)
      .set('Cache-Control', 'no-store')
      .end()
  })
  return router
}
