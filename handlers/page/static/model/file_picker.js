// The files of a post: dropped, chosen or taken from the library, uploaded at once, in the order in which they are shown.

import { fill, h, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { button, progress } from "../lib/parts.js";
import { size, t } from "../lib/texts.js";
import { ACCEPTED, chooseMaterials, localPicture, thumbnail } from "./materials.js";
import { addFiles, dropUpload, kindOf, onUploads, retryUpload, uploadOf } from "./uploads.js";

/** @typedef {import("./draft.js").ChosenFile} ChosenFile */

/**
 * @param {{ files: ChosenFile[] }} draft holds the files; changed here
 * @param {AbortSignal} signal
 * @param {() => void} changed another choice
 * @param {() => void} moved an upload went on, or does not
 */
export function filePicker(draft, signal, changed, moved) {
  const input = h("input", { type: "file", multiple: true, accept: ACCEPTED, "aria-label": t("compose.files") });
  const zone = h(
    "div",
    { class: "drop" },
    input,
    icon("upload"),
    h("p", null, h("b", null, t("compose.drop")), h("span", { class: "calm" }, ` ${t("compose.kinds")}`)),
  );
  const list = h("ul", { class: "chosen-files" });
  const library = button(t("compose.from_library"), fromLibrary, { icon: "library", small: true });
  const node = h("div", { class: "file-picker" }, list, zone, h("div", { class: "buttons" }, library));
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {Map<string, ReturnType<typeof drawRow>>} */
  const rows = new Map();

  input.addEventListener("change", () => {
    const known = new Set(draft.files.map((file) => file.id));
    for (const one of addFiles(input.files ?? [])) {
      if (!known.has(one.id)) draft.files.push({ id: one.id, name: one.name, kind: kindOf(one.name), material: 0 });
    }
    input.value = "";
    update();
  });
  for (const [event, on] of /** @type {[string, boolean][]} */ ([
    ["dragenter", true],
    ["dragleave", false],
    ["drop", false],
  ])) {
    zone.addEventListener(event, () => zone.classList.toggle("over", on));
  }
  onUploads(uploadsChanged, signal);

  async function fromLibrary() {
    add(await chooseMaterials(signal));
  }

  /** @param {{ id: number, name: string, kind: string }[]} materials */
  function add(materials) {
    for (const one of materials) {
      if (!draft.files.some((file) => file.material === one.id)) {
        draft.files.push({ id: `m${one.id}`, name: one.name, kind: one.kind, material: one.id });
      }
    }
    update();
  }

  function uploadsChanged() {
    let arrived = false;
    for (const file of draft.files) {
      const one = file.material ? undefined : uploadOf(file.id);
      if (one?.state === "done") {
        file.material = one.material.id;
        file.kind = one.material.kind;
        dropUpload(one.id);
        arrived = true;
      }
    }
    if (arrived) update();
    else {
      draw();
      release();
      moved();
    }
  }

  function update() {
    draw();
    release();
    changed();
  }

  function release() {
    if (left() === 0 || problem()) for (const go of waiting.splice(0)) go();
  }

  function draw() {
    const wanted = new Set(draft.files.map((file) => file.id));
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    draft.files.forEach((file, place) => {
      const row = rows.get(file.id) ?? drawRow(file);
      rows.set(file.id, row);
      if (list.children[place] !== row.node) list.insertBefore(row.node, list.children[place] ?? null);
      row.update(place);
    });
    zone.classList.toggle("small", draft.files.length > 0);
  }

  /** @param {ChosenFile} file */
  function drawRow(file) {
    const picture = h("span", { class: "chosen-picture" });
    const said = h("span", { class: "small-text calm" });
    const bar = h("span", { class: "chosen-bar" });
    const acts = h("span", { class: "chosen-acts" });
    const row = h(
      "li",
      { class: "chosen" },
      picture,
      h("div", { class: "chosen-text" }, h("b", { title: file.name }, file.name), said, bar),
      acts,
    );
    let shown = "";
    let part = /** @type {HTMLProgressElement | null} */ (null);
    const earlier = iconButton("back", t("compose.earlier", { name: file.name }), () => move(file, -1));
    const later = iconButton("chevron", t("compose.later", { name: file.name }), () => move(file, 1));
    const remove = iconButton("close", t("compose.remove", { name: file.name }), () => take(file));

    /** @param {number} place */
    function update(place) {
      const one = file.material ? undefined : uploadOf(file.id);
      const state = file.material ? "done" : (one?.state ?? "gone");
      const shape = `${state} ${file.material} ${draft.files.length > 1}`;
      if (shape !== shown) {
        shown = shape;
        if (file.material) fill(picture, thumbnail({ id: file.material, kind: file.kind }));
        else if (!picture.hasChildNodes()) fill(picture, localPicture({ name: file.name, file: one?.file ?? null }, signal));
        part =
          state === "sending" || state === "looking" || state === "lost" || state === "waits"
            ? progress(0, t("compose.progress", { name: file.name }))
            : null;
        fill(bar, part, state === "failed" && button(t("compose.try_again"), () => retryUpload(file.id), { small: true }));
        fill(acts, draft.files.length > 1 && [earlier, later], remove);
        row.classList.toggle("bad", state === "failed" || state === "choose" || state === "gone");
      }
      earlier.disabled = place === 0;
      later.disabled = place === draft.files.length - 1;
      const share = one ? one.offset / Math.max(1, one.size) : 0;
      if (part !== null) part.value = share;
      write(said, words(state, one, share));
    }
    return { node: row, update };
  }

  /** @param {ChosenFile} file @param {number} by */
  function move(file, by) {
    const place = draft.files.indexOf(file);
    draft.files.splice(place, 1);
    draft.files.splice(place + by, 0, file);
    update();
  }

  /** @param {ChosenFile} file */
  function take(file) {
    draft.files.splice(draft.files.indexOf(file), 1);
    if (!file.material) dropUpload(file.id);
    update();
    input.focus();
  }

  /** How many are still on their way. */
  function left() {
    return draft.files.filter((file) => !file.material).length;
  }

  /** Why these files make no post; "" where they do. */
  function problem() {
    const kinds = draft.files.map((file) => file.kind);
    if (kinds.includes("")) return t("compose.no_media");
    if (kinds.length > 1 && kinds.includes("video")) return t("compose.one_video");
    const stuck = draft.files.some(
      (file) => !file.material && ["failed", "choose", undefined].includes(uploadOf(file.id)?.state),
    );
    return stuck ? t("compose.stuck") : "";
  }

  return {
    node,
    input,
    add,
    draw,
    /** Draws what was chosen before the page was loaded again. */
    begin() {
      draw();
      uploadsChanged();
    },
    left,
    problem,
    /** Resolves when all are in the library, or one will never be. */
    arrived() {
      return left() === 0 || problem() ? Promise.resolve() : new Promise((resolve) => waiting.push(() => resolve(undefined)));
    },
    /** The post has them now. */
    taken() {
      rows.clear();
      fill(list);
    },
  };
}

/** @param {string} state @param {import("./uploads.js").Upload | undefined} one @param {number} share */
function words(state, one, share) {
  if (state === "failed") return one?.problem ?? "";
  const facts = { part: Math.floor(share * 100), size: size(one?.size ?? 0) };
  return t(`compose.file_${state}`, facts);
}

/** @param {string} sign @param {string} name @param {() => void} act */
function iconButton(sign, name, act) {
  return h("button", { type: "button", class: "icon-button", "aria-label": name, title: name, on: { click: act } }, icon(sign));
}
