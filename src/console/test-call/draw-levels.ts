import type { LevelHistory } from '../audio/level-history.ts'

/** In CSS pixels. */
const BAR = 3
const GAP = 2
const FRAMES_PER_BAR = 3
/** Speech moves within the upper half of its loudness; this brings the movement out. */
const CONTRAST = 1.6
/** A silent line is still a line. */
const LEAST_HEIGHT = 2

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')

/** Draws the last seconds as bars that move to the left, or, for who wants no motion, the present level as one bar. */
export function drawLevels(canvas: HTMLCanvasElement, history: LevelHistory): void {
  const brush = canvas.getContext('2d')
  if (!brush) return
  const { clientWidth: width, clientHeight: height } = canvas
  fitToScreen(canvas, brush, width, height)
  brush.clearRect(0, 0, width, height)
  brush.fillStyle = getComputedStyle(canvas).color
  if (reducedMotion.matches) drawPresent(brush, history.at(0), width, height)
  else drawHistory(brush, history, width, height)
}

function drawHistory(
  brush: CanvasRenderingContext2D,
  history: LevelHistory,
  width: number,
  height: number,
): void {
  const bars = Math.min(Math.floor(width / (BAR + GAP)), Math.floor(history.length / FRAMES_PER_BAR))
  for (let i = 0; i < bars; i++) {
    const level = loudestOf(history, i * FRAMES_PER_BAR)
    const barHeight = Math.max(LEAST_HEIGHT, level ** CONTRAST * height)
    const x = width - (i + 1) * (BAR + GAP)
    brush.globalAlpha = (level > 0 ? 1 : 0.45) * (1 - (0.75 * i) / bars)
    brush.beginPath()
    brush.roundRect(x, (height - barHeight) / 2, BAR, barHeight, BAR / 2)
    brush.fill()
  }
}

function drawPresent(brush: CanvasRenderingContext2D, level: number, width: number, height: number): void {
  const thickness = height / 4
  brush.globalAlpha = 0.2
  brush.fillRect(0, (height - thickness) / 2, width, thickness)
  brush.globalAlpha = 1
  brush.fillRect(0, (height - thickness) / 2, width * level, thickness)
}

function loudestOf(history: LevelHistory, from: number): number {
  let loudest = 0
  for (let ago = from; ago < from + FRAMES_PER_BAR; ago++) loudest = Math.max(loudest, history.at(ago))
  return loudest
}

/** As many dots as the screen has, not as many as the style sheet counts. */
function fitToScreen(
  canvas: HTMLCanvasElement,
  brush: CanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const density = devicePixelRatio
  const dots = { width: Math.round(width * density), height: Math.round(height * density) }
  if (canvas.width !== dots.width || canvas.height !== dots.height) Object.assign(canvas, dots)
  brush.setTransform(density, 0, 0, density, 0, 0)
}
