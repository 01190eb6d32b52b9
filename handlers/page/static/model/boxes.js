// A phone's picture with the boxes of its UI tree on it: pointing shows the smallest box there, a tap chooses it, and a list does for keyboards.

import { fill, freshId, h, svg } from "../lib/dom.js";
import { t } from "../lib/texts.js";

/**
 * @typedef {object} Box one node of the tree, as in docs/api.md
 * @property {number} node
 * @property {number} parent
 * @property {[number, number, number, number]} bounds
 * @property {string} text
 * @property {string} desc
 * @property {string} resource_id
 * @property {string} class
 * @property {boolean} clickable
 * @property {string} hint
 * @property {boolean} editable
 * @property {boolean} never must not be touched: it publishes, or buys, or deletes
 * @property {string[]} elements
 */

/** What a box says or is, for people. @param {Box} box */
export function boxName(box) {
  const said = box.text || box.desc || box.hint;
  if (said) return t("teach.box_says", { text: said.length > 60 ? `${said.slice(0, 60)}…` : said });
  return box.resource_id.split("/").at(-1) || box.class.split(".").at(-1) || t("teach.box_bare");
}

/** The same with what can be done with it. @param {Box} box */
function boxLine(box) {
  const more = [
    box.never ? t("teach.box_never") : box.editable ? t("teach.box_field") : box.clickable && t("teach.box_tapped"),
    box.elements.length > 0 && t("teach.box_known", { name: box.elements.join(", ") }),
  ].filter(Boolean);
  return [boxName(box), ...more].join(" · ");
}

/** @param {Box} box */
function area({ bounds: [left, top, right, bottom] }) {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/**
 * Boxes that can be told from others: what holds a large part of the screen and says nothing is only around them.
 * @param {Box} box
 * @param {number} whole the area of the screen
 */
function tells(box, whole) {
  const says = box.text !== "" || box.desc !== "" || box.hint !== "";
  return area(box) > 0 && (says || box.editable || (box.clickable && area(box) < whole / 3));
}

/**
 * @param {object} given
 * @param {string} given.picture address, "" where none was kept
 * @param {string} given.alt
 * @param {[number, number]} given.size of the screen in its pixels
 * @param {Box[]} given.nodes
 * @param {(box: Box) => void} given.choose called with each choice
 */
export function boxPicker({ picture, alt, size, nodes, choose }) {
  const [width, height] = size;
  const boxes = nodes.filter((box) => tells(box, width * height));
  const inOrder = boxes.toSorted((one, other) => area(one) - area(other));
  const pointed = rect("box-pointed");
  const chosen = rect("box-chosen");
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "boxes", "aria-hidden": "true" });
  const said = h("p", { class: "box-said small-text", "aria-hidden": "true" }, t("teach.point"));
  const group = freshId();
  let current = /** @type {Box | null} */ (null);

  for (const box of boxes.toSorted((one, other) => area(other) - area(one))) {
    const node = rect(box.never ? "box never" : box.clickable ? "box tappable" : "box");
    put(node, box);
    node.setAttribute("data-node", String(box.node));
    drawing.append(node);
    if (picture === "" && (box.text || box.desc)) drawing.append(words(box));
  }
  drawing.append(pointed, chosen);
  drawing.addEventListener("pointermove", (event) => point(under(/** @type {PointerEvent} */ (event))[0] ?? null));
  drawing.addEventListener("pointerleave", () => point(null));
  drawing.addEventListener("click", (event) => {
    const all = under(/** @type {MouseEvent} */ (event));
    // Another tap on what is chosen means what lies around it.
    const next = all[(current === null ? -1 : all.indexOf(current)) + 1] ?? all[0];
    if (next !== undefined) pick(next, true);
  });

  const radios = new Map(
    boxes.map((box) => {
      const input = h("input", { type: "radio", name: group, value: box.node, on: { change: () => pick(box, false) } });
      const line = h(
        "label",
        { class: "box-line", on: { pointerenter: () => point(box), pointerleave: () => point(null) } },
        input,
        h("span", null, boxLine(box)),
      );
      return [box.node, { input, line }];
    }),
  );
  const list = h(
    "fieldset",
    { class: "box-list" },
    h("legend", { class: "field-label" }, t("teach.boxes")),
    h(
      "div",
      { class: "box-lines" },
      [...radios.values()].map(({ line }) => line),
    ),
  );
  const shot = h(
    "div",
    { class: `shot${picture === "" ? " bare" : ""}` },
    picture !== "" && h("img", { src: picture, alt }),
    drawing,
  );
  shot.style.setProperty("--ratio", String(width / height));

  /** The boxes at a point, the smallest first. @param {MouseEvent} event */
  function under(event) {
    const frame = drawing.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width) * width;
    const y = ((event.clientY - frame.top) / frame.height) * height;
    return inOrder.filter(({ bounds: [left, top, right, bottom] }) => left <= x && x < right && top <= y && y < bottom);
  }

  /** @param {Box | null} box */
  function point(box) {
    put(pointed, box);
    const shown = box ?? current;
    fill(said, shown === null ? t("teach.point") : boxLine(shown));
  }

  /** @param {Box} box @param {boolean} byPicture */
  function pick(box, byPicture) {
    current = box;
    put(chosen, box);
    fill(said, boxLine(box));
    const mine = radios.get(box.node);
    if (byPicture && mine !== undefined) {
      mine.input.checked = true;
      mine.line.scrollIntoView({ block: "nearest" });
    }
    choose(box);
  }

  /** Show that these boxes may be meant. @param {number[]} wanted */
  function mark(wanted) {
    const meant = new Set(wanted.map(String));
    for (const node of drawing.querySelectorAll(".box")) {
      node.classList.toggle("meant", meant.has(node.getAttribute("data-node") ?? ""));
    }
  }

  return { picture: h("div", { class: "shot-part" }, shot, said), list, mark };
}

/** @param {string} kind */
function rect(kind) {
  return svg("rect", { class: kind, rx: 6, "vector-effect": "non-scaling-stroke" });
}

/** @param {Element} node @param {Box | null} box */
function put(node, box) {
  const [left, top, right, bottom] = box?.bounds ?? [0, 0, 0, 0];
  const places = { x: left, y: top, width: right - left, height: bottom - top };
  for (const [key, value] of Object.entries(places)) node.setAttribute(key, String(value));
}

/** What a box says, written where no picture was kept. @param {Box} box */
function words(box) {
  const [left, top, right, bottom] = box.bounds;
  const room = Math.max(3, Math.floor((right - left) / 20));
  const text = (box.text || box.desc).slice(0, room);
  const node = svg("text", { class: "box-words", x: left + 8, y: (top + bottom) / 2 + 12 });
  node.textContent = text;
  return node;
}
