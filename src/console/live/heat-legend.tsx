/** What colours and lines of the heat map mean. */
export function HeatLegend() {
  return (
    <ul className="legend">
      <li>
        <span className="swatch" data-kind="heat" /> few to many calls
      </li>
      <li>
        <span className="swatch" data-kind="lit" /> a call just went along
      </li>
      <li>
        <span className="swatch" data-kind="region" /> side by side: the machines of a call
      </li>
      <li className="wide-only">Choose a state to see what can happen in it, and its calls.</li>
    </ul>
  )
}
