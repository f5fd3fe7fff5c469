import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeHard, listenHere } from '../support/loopback.ts'
import { until } from '../support/until.ts'
import { LoadBalancer } from './load-balancer.ts'

const LOOK_EVERY_MS = 20

/** A node that counts what it is asked, and answers as the test has it. */
class FakeNode {
  health = 200
  asked = 0
  answer: RequestListener = (_, response) => void response.end(this.name)
  origin = ''
  readonly name: string
  readonly #server: Server

  constructor(name: string) {
    this.name = name
    this.#server = createServer((request, response) => {
      if (request.url === '/health') return void response.writeHead(this.health).end()
      this.asked++
      this.answer(request, response)
    })
  }

  async start(): Promise<this> {
    this.origin = await listenHere(this.#server)
    return this
  }

  stop(): Promise<void> {
    return closeHard(this.#server)
  }
}

describe('The load balancer of chaos', () => {
  let balancer: LoadBalancer
  let [left, right]: FakeNode[] = []
  beforeEach(async () => {
    balancer = await LoadBalancer.open(LOOK_EVERY_MS)
    left = await new FakeNode('left').start()
    right = await new FakeNode('right').start()
    balancer.add(left.origin)
    balancer.add(right.origin)
  })
  afterEach(async () => {
    await balancer.close()
    for (const node of [left, right]) await node?.stop().catch(() => {})
  })

  const post = () => fetch(`${balancer.origin}/`, { method: 'POST', body: 'x' })
  const answers = async (count: number) => {
    const bodies: string[] = []
    for (let i = 0; i < count; i++) bodies.push(await (await post()).text())
    return bodies
  }

  it('sends requests to the nodes in turn', async () => {
    expect((await answers(4)).sort()).toEqual(['left', 'left', 'right', 'right'])
  })

  it('leaves out a node that is not well, until it is', async () => {
    if (left) left.health = 503
    await until('it is left out', () => !balancer.isUp(left?.origin ?? ''))
    expect(await answers(3)).toEqual(['right', 'right', 'right'])
    if (left) left.health = 200
    await until('it is back', () => balancer.isUp(left?.origin ?? ''))
    expect(new Set(await answers(2)).size).toBe(2)
  })

  it('tries all of them when none is well', async () => {
    for (const node of [left, right]) if (node) node.health = 503
    await until('both are down', () => ![left, right].some((node) => balancer.isUp(node?.origin ?? '')))
    expect((await answers(2)).sort()).toEqual(['left', 'right'])
  })

  it('goes to the next where nobody listens', async () => {
    await left?.stop()
    expect(await answers(3)).toEqual(['right', 'right', 'right'])
  })

  it('never repeats a POST that a node has taken and not answered', async () => {
    for (const node of [left, right]) if (node) node.answer = (request) => request.socket.destroy()
    expect((await post()).status).toBe(502)
    expect((left?.asked ?? 0) + (right?.asked ?? 0)).toBe(1)
  })

  it('repeats a GET', async () => {
    if (left) left.answer = (request) => request.socket.destroy()
    const bodies = await Promise.all([0, 1].map(async () => (await fetch(balancer.origin)).text()))
    expect(bodies).toEqual(['right', 'right'])
  })
})
