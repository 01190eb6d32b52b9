// A screen in a language that the files do not cover: its texts are pointed at one after the other, and taught all at once.

import { ApiError, send, sentenceOf } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { badge, button, whileBusy } from "../lib/parts.js";
import { spoken } from "../lib/spoken.js";
import { languageName, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";
import { boxName } from "./boxes.js";

/**
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {{ element: string, sentence: string, needed: boolean, nodes: number[] }} UnreadText
 * @typedef {{ screen: string, texts: UnreadText[] }} UnreadScreen
 */

/**
 * The list of what to point at; its `choose` takes each box that is chosen.
 * @param {import("./lesson.js").Lesson} given with at least one screen in `unread`
 * @param {object} acts
 * @param {(nodes: number[]) => void} acts.mark shows where a text can stand
 * @param {(() => Promise<void>) | null} acts.rehearse begins a rehearsal once all is taught; null where the phone is away
 * @param {(taught: any) => void} acts.done
 * @param {() => void} acts.other the screen is something else
 */
export function unreadForm({ screen, unread }, { mark, rehearse, done, other }) {
  /** @type {Map<string, Box>} */
  const chosen = new Map();
  let shown = unread[0] ?? { screen: "", texts: [] };
  /** @type {UnreadText | null} */
  let current = null;

  const which = h(
    "select",
    { name: "screen", on: { change: turn } },
    unread.map((one) => h("option", { value: one.screen }, one.screen)),
  );
  const list = h("ol", { class: "unread-texts" });
  const refusals = h("div", { class: "refusals", role: "alert" });
  const teachOnly = h("button", { type: "button", class: "button plain", on: { click: () => void act(teachOnly, false) } });
  const teachAll = h("button", { type: "button", class: "button primary", on: { click: () => void act(teachAll, true) } });
  const language = languageName(screen.language) || screen.language;

  function turn() {
    shown = unread.find((one) => one.screen === which.value) ?? shown;
    chosen.clear();
    fill(refusals);
    point(shown.texts[0] ?? null);
  }

  /** @param {UnreadText | null} text the one that is pointed at next */
  function point(text) {
    current = text;
    mark(text?.nodes ?? []);
    draw();
  }

  function draw() {
    fill(list, shown.texts.map(row));
    const n = chosen.size;
    fill(teachOnly, t("teach.teach_n", { n }));
    fill(teachAll, t("teach.teach_n_again", { n }));
    teachOnly.disabled = n === 0;
    teachAll.disabled = n === 0;
    teachAll.hidden = rehearse === null;
  }

  /** @param {UnreadText} text */
  function row(text) {
    const box = chosen.get(text.element);
    const now = text === current;
    return h(
      "li",
      null,
      h(
        "button",
        {
          type: "button",
          class: "unread-text",
          "aria-pressed": String(now),
          on: {
            click: () => {
              chosen.delete(text.element);
              point(text);
            },
          },
        },
        h("span", null, spoken(text.sentence)),
        box ? h("b", null, boxName(box)) : now && h("span", { class: "calm" }, t("teach.point_at_it")),
        !box && text.needed && badge("warn", t("teach.needed")),
      ),
    );
  }

  /** @param {HTMLButtonElement} by @param {boolean} again */
  async function act(by, again) {
    fill(refusals);
    const texts = Object.fromEntries([...chosen].map(([element, box]) => [element, box.node]));
    await whileBusy(
      by,
      (async () => {
        try {
          const answer = await send("POST", "/api/v1/taught/texts", { screen: screen.id, texts });
          toast(t("teach.taught"));
          if (again && rehearse !== null) await rehearse();
          else done(answer);
        } catch (error) {
          refuse(error);
        }
      })(),
    );
  }

  /** @param {unknown} error */
  function refuse(error) {
    const lines = error instanceof ApiError && error.errors.length > 0 ? error.errors.map(lineOf) : [sentenceOf(error)];
    fill(
      refusals,
      h("b", null, t("teach.refused")),
      lines.map((line) => h("p", { class: "problem" }, line)),
    );
  }

  return {
    form: h(
      "section",
      { class: "card stack", "aria-label": t("teach.in_language", { language }) },
      h("h2", null, t("teach.in_language", { language })),
      h("p", { class: "calm" }, t("teach.point_at_each")),
      h("label", { class: "field" }, h("span", { class: "field-label" }, t("teach.which_screen")), which),
      list,
      refusals,
      h(
        "div",
        { class: "buttons" },
        teachAll,
        teachOnly,
        button(
          t("teach.something_else"),
          () => {
            mark([]);
            other();
          },
          { kind: "quiet" },
        ),
      ),
    ),
    /** Asks for the first text. */
    begin() {
      point(shown.texts[0] ?? null);
    },
    /** @param {Box} box */
    choose(box) {
      if (current === null) return;
      for (const [element, before] of chosen) if (before.node === box.node) chosen.delete(element);
      chosen.set(current.element, box);
      const place = shown.texts.indexOf(current);
      const rest = [...shown.texts.slice(place + 1), ...shown.texts.slice(0, place)];
      point(rest.find((text) => !chosen.has(text.element)) ?? null);
    },
  };
}

/** What is wrong with one text. @param {import("../lib/api.js").Problem} one */
function lineOf({ field, problem }) {
  const name = field.split(".")[1];
  return name ? `${name.replaceAll("_", " ")}: ${problem}` : problem;
}
