// A tap meets what was seen: a button that has just come to where a control of something else was takes no tap for a moment.
// Lists follow the hub by themselves: a card may come in, grow or go between the look and the tap, and move another post under
// the finger.

const MOMENT_MS = 500;
const MOVED = "data-moved";
/** As much of a button must lie where another control was. */
const OVERLAP_PX = 4;

/** @typedef {{ whose: string, left: number, top: number, right: number, bottom: number }} Place on the page, however it is scrolled */

/** What can be tapped. @type {Place[]} */
let before = [];
/** What could be tapped a moment ago, with the time until which that counts. @type {{ place: Place, until: number }[]} */
let gone = [];

/** Watches what can be tapped in a part of the page. @param {HTMLElement} root the page @param {HTMLElement} part */
export function watchMoves(root, part) {
  new MutationObserver(look).observe(root, { childList: true, subtree: true, attributeFilter: ["hidden", "open"] });
  // Not in the button itself: what it stands on would take the tap in its place.
  document.addEventListener(
    "click",
    (event) => {
      const byKey = event.detail === 0;
      if (byKey || !(event.target instanceof Element) || event.target.closest(`[${MOVED}]`) === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  function look() {
    const controls = [...part.querySelectorAll("button, a[href]")];
    const now = controls.map(placeOf);
    if (part.dataset.loaded === undefined) {
      before = now; // a screen that is still being drawn moves by itself
      return;
    }
    const at = performance.now();
    gone = gone.filter((one) => one.until > at);
    // Only what can be seen is compared: a list may have hundreds of rows.
    for (const place of before)
      if (inView(place) && !now.some((one) => one.whose === place.whose && meet(one, place)))
        gone.push({ place, until: at + MOMENT_MS });
    const known = [...before, ...gone.map((one) => one.place)];
    for (const [index, place] of now.entries()) {
      const node = controls[index];
      if (!(node instanceof HTMLButtonElement) || !inView(place)) continue;
      const here = known.filter((one) => meet(one, place));
      if (here.length > 0 && here.every((one) => one.whose !== place.whose)) hold(node);
    }
    before = now;
  }
}

/** Another screen is shown: what it has is nobody else's. */
export function forgetMoves() {
  before = [];
  gone = [];
}

/** @param {Element} node @returns {Place} */
function placeOf(node) {
  const { left, top, right, bottom } = node.getBoundingClientRect();
  const [x, y] = [scrollX, scrollY];
  const row = node.closest("[data-key]")?.getAttribute("data-key") ?? "";
  const whose = `${row} ${node.getAttribute("aria-description") ?? ""}`;
  return { whose, left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

/** @param {Place} place */
function inView(place) {
  return place.bottom > scrollY && place.top < scrollY + innerHeight;
}

/** @param {Place} one @param {Place} other */
function meet(one, other) {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return across > OVERLAP_PX && down > OVERLAP_PX;
}

/** @type {WeakMap<Element, number>} */
const timers = new WeakMap();

/** @param {Element} node */
function hold(node) {
  clearTimeout(timers.get(node));
  node.setAttribute(MOVED, "");
  timers.set(
    node,
    setTimeout(() => node.removeAttribute(MOVED), MOMENT_MS),
  );
}
