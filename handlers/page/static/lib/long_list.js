// A list of any length: all rows have one height, so only those that can be seen are read and drawn.

import { h } from "./dom.js";

const AROUND = 8; // rows drawn above and below what is seen
const PAGES_KEPT = 12;
const NARROW = matchMedia("(max-width: 760px)");

/**
 * @template T
 * @param {object} about
 * @param {string} about.label what a screen reader calls the list
 * @param {number} about.pageSize
 * @param {{ wide: number, narrow: number }} about.rowRem height of a row on a wide and on a narrow window
 * @param {(page: number) => Promise<{ items: T[], total: number }>} about.read a page, counted from 1
 * @param {(item: T) => HTMLElement} about.draw an `li`
 * @param {(items: T[]) => void} [about.seen] called with what is in view once the window has come to rest
 * @param {(error: unknown) => void} about.failed
 */
export function longList(about) {
  const list = h("ul", { class: "long-list", "aria-label": about.label });
  /** @type {Map<number, T[]>} */
  const pages = new Map();
  /** @type {Set<number>} */
  const reading = new Set();
  /** @type {Map<number, { facts: string, node: HTMLElement }>} */
  const rows = new Map();
  let total = 0;
  let turn = 0;
  let frame = 0;
  let rest = 0;
  let also = "";

  function range() {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const height = (NARROW.matches ? about.rowRem.narrow : about.rowRem.wide) * rem;
    const top = -list.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / height));
    const last = Math.min(total, Math.ceil((top + innerHeight) / height));
    return { first: Math.min(first, total), last: Math.max(first, last), height };
  }

  function draw() {
    const { first, last, height } = range();
    list.style.height = `${total * height}px`;
    const from = Math.max(0, first - AROUND);
    const to = Math.min(total, last + AROUND);
    const focused = document.activeElement;
    for (const [place, row] of rows) {
      const outside = place < from || place >= to;
      if (place >= total || (outside && !row.node.contains(focused))) {
        row.node.remove();
        rows.delete(place);
      }
    }
    /** @type {HTMLElement | null} */
    let before = null;
    for (let place = from; place < to; place += 1) {
      const item = pages.get(Math.floor(place / about.pageSize) + 1)?.[place % about.pageSize];
      const facts = item === undefined ? "" : also + JSON.stringify(item);
      let row = rows.get(place);
      if (row === undefined || row.facts !== facts) {
        const node = item === undefined ? h("li", { class: "long-row unread", "aria-busy": "true" }) : about.draw(item);
        node.classList.add("long-row");
        node.setAttribute("aria-setsize", String(total));
        node.setAttribute("aria-posinset", String(place + 1));
        if (row === undefined) list.insertBefore(node, before === null ? list.firstChild : before.nextSibling);
        else row.node.replaceWith(node);
        row = { facts, node };
        rows.set(place, row);
      }
      row.node.style.top = `${place * height}px`;
      row.node.style.height = `${height}px`;
      before = row.node;
    }
    for (let page = pageOf(from); page <= pageOf(Math.max(from, to - 1)) && total > 0; page += 1) {
      if (!pages.has(page)) void readPage(page);
    }
    clearTimeout(rest);
    rest = setTimeout(() => about.seen?.(itemsIn(first, last)), 200);
  }

  /** @param {number} place */
  function pageOf(place) {
    return Math.floor(place / about.pageSize) + 1;
  }

  /** @param {number} first @param {number} last */
  function itemsIn(first, last) {
    /** @type {T[]} */
    const found = [];
    for (let place = first; place < last; place += 1) {
      const item = pages.get(pageOf(place))?.[place % about.pageSize];
      if (item !== undefined) found.push(item);
    }
    return found;
  }

  /** @param {number} page */
  async function readPage(page) {
    if (reading.has(page)) return;
    reading.add(page);
    const mine = turn;
    try {
      const found = await about.read(page);
      if (mine !== turn) return;
      keep(page, found);
      draw();
    } catch (error) {
      if (mine === turn) about.failed(error);
    } finally {
      reading.delete(page);
    }
  }

  /** @param {number} page @param {{ items: T[], total: number }} found */
  function keep(page, found) {
    pages.delete(page);
    pages.set(page, found.items);
    total = found.total;
    for (const old of pages.keys()) {
      if (pages.size <= PAGES_KEPT) break;
      pages.delete(old);
    }
  }

  function soon() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  }

  /**
   * Reads what is in view again.
   * @param {boolean} [anew] it is another list now, e.g. by another filter: begin at its top
   * @param {string} [facts] what the drawing depends on beside an item
   */
  async function refresh(anew = false, facts = "") {
    turn += 1;
    reading.clear();
    also = `${facts}${NARROW.matches}`;
    if (anew) {
      pages.clear();
      if (list.getBoundingClientRect().top < 0) scrollTo(0, 0);
    }
    const { first, last } = range();
    const wanted = anew ? [1] : [...new Set([pageOf(first), pageOf(Math.max(first, last - 1))])];
    const mine = turn;
    const found = await Promise.all(wanted.map(async (page) => /** @type {const} */ ([page, await about.read(page)])));
    if (mine !== turn) return total;
    pages.clear();
    for (const [page, one] of found) keep(page, one);
    draw();
    return total;
  }

  const leave = new AbortController();
  addEventListener("scroll", soon, { passive: true, signal: leave.signal });
  addEventListener("resize", soon, { signal: leave.signal });

  function close() {
    leave.abort();
    clearTimeout(rest);
    cancelAnimationFrame(frame);
  }

  /** Draws again what changed beside the items. @param {string} facts */
  function redraw(facts) {
    also = `${facts}${NARROW.matches}`;
    draw();
  }

  return { node: list, refresh, redraw, close };
}
