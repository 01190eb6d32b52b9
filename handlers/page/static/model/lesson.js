// One lesson: what a box of an unknown or misread screen means, what the hub makes of that, and whether it may be taught.

import { ApiError, send, sentenceOf } from "../lib/api.js";
import { fill, freshId, h } from "../lib/dom.js";
import { badge, fold, whileBusy } from "../lib/parts.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { languageName, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {"dialog" | "element" | "translation" | "person"} Means
 *
 * @typedef {object} Pending a screen that waits for a lesson, as in docs/api.md
 * @property {string} id
 * @property {"rehearsal" | "task"} source
 * @property {number} source_id
 * @property {string} serial
 * @property {string} platform
 * @property {string} app_version
 * @property {string} language
 * @property {string} read_as
 * @property {string} kind
 * @property {string} sentence
 * @property {string} taken_at
 * @property {string} picture
 * @property {string} tree
 * @property {boolean} taught
 *
 * @typedef {{ name: string, kind: string, sentence: string }} KnownScreen
 * @typedef {{ screen: string, name: string, never: boolean, sentence: string }} KnownElement
 *
 * @typedef {object} Lesson
 * @property {Pending} screen
 * @property {[number, number]} size
 * @property {Box[]} nodes
 * @property {boolean} cut more nodes than are shown
 * @property {KnownScreen[]} screens
 * @property {KnownElement[]} elements
 * @property {string[]} languages bare codes that a translation may be for
 * @property {import("./unread.js").UnreadScreen[]} unread what to point at, in a language that the files do not cover
 *
 * @typedef {object} Proposal
 * @property {string} toml
 * @property {string} sentence
 * @property {"text" | "id" | "structure"} steadiness
 * @property {number} known_screens
 * @property {{ screen: string, was: string, now: string }[]} changed
 * @property {string[]} refused
 * @property {number} rule
 * @property {string} reads what the screen would be read as, "" while no rule describes it whole
 * @property {string[]} recognises
 * @property {{ rule: number, toml: string, sentence: string, steadiness: "text" | "id" | "structure" }[]} alternatives
 */

const MEANINGS = /** @type {const} */ (["dialog", "element", "translation", "person"]);
/** After the last change of a form the hub is asked what it makes of it. */
const PAUSE_MS = 250;

/**
 * The form of a lesson; its `choose` takes each box that is chosen.
 * @param {Lesson} given
 * @param {(taught: any) => void} done
 * @param {(() => Promise<void>) | null} rehearse begins a rehearsal once it is taught; null where the phone is away
 */
export function lessonForm(given, done, rehearse) {
  const { screen } = given;
  /** @type {Box | null} */
  let box = null;
  /** @type {Means | null} */
  let means = null;
  let rule = 0;
  let timer = 0;
  let turn = 0;

  const boxSaid = h("p", { class: "calm" }, t("teach.no_box"));
  const refusals = h("div", { class: "refusals", role: "alert" });
  const proposal = h("div", { class: "proposal stack", role: "status" });
  const group = freshId();
  const element = elementSelect(given);
  const word = elementSelect(given);
  const language = languageSelect(given);
  const sentence = h("input", { name: "sentence", maxlength: 200, autocomplete: "off" });
  const extras = {
    element: labelled(t("teach.which_element"), element),
    translation: h(
      "div",
      { class: "meaning-more" },
      labelled(t("teach.which_text"), word),
      labelled(t("teach.which_language"), language),
    ),
    person: labelled(t("teach.what_to_do"), sentence, t("teach.what_to_do_hint")),
  };
  for (const control of [element, word, language]) control.addEventListener("change", changed);
  sentence.addEventListener("input", changed);
  const choices = MEANINGS.map((name) => {
    const input = h("input", {
      type: "radio",
      name: group,
      value: name,
      "aria-label": t(`teach.means_${name}`),
      "aria-description": t(`teach.means_${name}_hint`),
      on: { change: () => mean(name) },
    });
    const extra = name === "dialog" ? null : extras[name];
    if (extra !== null) extra.hidden = true;
    return h(
      "div",
      { class: "meaning" },
      h(
        "label",
        { class: "tick" },
        input,
        h("span", null, h("b", null, t(`teach.means_${name}`)), h("span", { class: "hint" }, t(`teach.means_${name}_hint`))),
      ),
      extra,
    );
  });
  const teach = h("button", { type: "submit", class: "button plain", disabled: true }, t("teach.teach"));
  const again = h(
    "button",
    { type: "button", class: "button primary", disabled: true, hidden: rehearse === null, on: { click: submit } },
    t("teach.teach_again"),
  );
  const form = h(
    "form",
    { class: "card stack", on: { submit } },
    h("div", null, h("h2", null, t("teach.step_box")), boxSaid),
    h("fieldset", { class: "meanings" }, h("legend", null, h("h2", null, t("teach.step_means"))), choices),
    refusals,
    proposal,
    h("div", { class: "buttons" }, teach, again),
  );

  /** @param {Means} name */
  function mean(name) {
    means = name;
    for (const [key, extra] of Object.entries(extras)) extra.hidden = key !== name;
    changed();
  }

  function changed() {
    rule = 0;
    ask();
  }

  /** Everything that was said so far; null while something is missing. */
  function lesson() {
    if (box === null || means === null) return null;
    const known = means === "element" ? element.value : means === "translation" ? word.value : "";
    const [ofScreen = "", name = ""] = known.split("/");
    if ((means === "element" || means === "translation") && name === "") return null;
    if (means === "translation" && language.value === "") return null;
    const said = sentence.value.trim();
    if (means === "person" && said === "") return null;
    return {
      screen: screen.id,
      means,
      node: box.node,
      name,
      of_screen: ofScreen,
      sentence: means === "person" ? said : "",
      language: means === "translation" ? language.value : "",
      rule,
    };
  }

  function ask() {
    clearTimeout(timer);
    teach.disabled = again.disabled = true;
    turn += 1;
    fill(refusals);
    if (lesson() === null) {
      fill(proposal);
      return;
    }
    fill(proposal, h("p", { class: "calm" }, t("teach.thinks")));
    timer = setTimeout(() => void propose(turn), PAUSE_MS);
  }

  /** @param {number} mine */
  async function propose(mine) {
    const wanted = lesson();
    if (wanted === null) return;
    try {
      const found = await send("POST", "/api/v1/teach/proposals", wanted, { repeat: true });
      if (mine === turn) draw(found);
    } catch (error) {
      if (mine !== turn) return;
      fill(proposal);
      refuse(error instanceof ApiError && error.errors.length > 0 ? error.errors.map(problemOf) : [sentenceOf(error)]);
    }
  }

  /** @param {string[]} sentences */
  function refuse(sentences) {
    fill(
      refusals,
      sentences.length > 0 && h("b", null, t("teach.refused")),
      sentences.map((line) => h("p", { class: "problem" }, line)),
    );
  }

  /** @param {Proposal} found */
  function draw(found) {
    refuse(found.refused);
    teach.disabled = again.disabled = found.refused.length > 0;
    const others = found.alternatives.length > 1 ? alternatives(found) : null;
    const harmless = found.changed.length === 0;
    fill(
      proposal,
      h("h2", null, t("teach.step_rule")),
      h("p", null, sentenceSaid(found.sentence)),
      h(
        "div",
        { class: "proposal-facts" },
        badge(found.steadiness === "structure" ? "warn" : "good", t(`teach.by_${found.steadiness}`)),
        badge(harmless ? "good" : "warn", t("teach.changes", { changed: found.changed.length, known: found.known_screens })),
      ),
      !harmless &&
        h(
          "ul",
          { class: "changed" },
          found.changed.map(({ screen: of, was, now }) =>
            h("li", null, t("teach.change", { screen: of, was: was || "–", now: now || "–" })),
          ),
        ),
      others,
      fold(t("teach.toml"), h("pre", { tabindex: 0, "aria-label": t("teach.toml") }, found.toml)),
    );
  }

  /** @param {Proposal} found */
  function alternatives(found) {
    const name = freshId();
    return h(
      "fieldset",
      { class: "alternatives" },
      h("legend", { class: "field-label" }, t("teach.rule")),
      found.alternatives.map((one) =>
        h(
          "label",
          { class: "tick" },
          h("input", {
            type: "radio",
            name,
            value: one.rule,
            checked: one.rule === rule,
            on: {
              change: () => {
                rule = one.rule;
                ask();
              },
            },
          }),
          h("span", null, spoken(one.sentence)),
        ),
      ),
    );
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    const wanted = lesson();
    if (wanted === null || teach.disabled) return;
    const thenRehearse = event.currentTarget === again ? rehearse : null;
    await whileBusy(
      thenRehearse === null ? teach : again,
      (async () => {
        const taught = await send("POST", "/api/v1/taught", wanted);
        toast(t("teach.taught"));
        if (thenRehearse === null) done(taught);
        else await thenRehearse();
      })(),
    );
  }

  return {
    form,
    /** @param {Box} chosen @param {string} name */
    choose(chosen, name) {
      box = chosen;
      fill(boxSaid, h("b", null, name));
      boxSaid.classList.remove("calm");
      changed();
    },
  };
}

/** What the hub says of a field, as a sentence. @param {import("../lib/api.js").Problem} one */
function problemOf({ field, problem }) {
  return field === "node" && problem.startsWith("is ") ? t("teach.this_box", { problem }) : problem;
}

/** In which language the text of a box is. @param {Lesson} given */
function languageSelect({ screen, languages }) {
  const codes = [...new Set([screen.language, ...languages])].filter(Boolean);
  const named = codes
    .map((code) => [code, languageName(code)])
    .toSorted(([, one], [, other]) => (one ?? "").localeCompare(other ?? ""));
  return h(
    "select",
    { name: "language" },
    screen.language === "" && h("option", { value: "" }, t("teach.choose")),
    named.map(([code, name]) => h("option", { value: code, selected: code === screen.language }, name)),
  );
}

/** Elements by the screen that they belong to, those of the way to the form first. @param {Lesson} given */
function elementSelect({ elements, screens }) {
  const kinds = new Map(screens.map((one) => [one.name, one.kind]));
  /** @type {Map<string, KnownElement[]>} */
  const groups = new Map();
  for (const one of elements) groups.set(one.screen, [...(groups.get(one.screen) ?? []), one]);
  const rank = (/** @type {string} */ name) => (name === "" ? 2 : kinds.get(name) === "path" ? 0 : 1);
  return h(
    "select",
    { name: "element" },
    h("option", { value: "" }, t("teach.choose")),
    [...groups.keys()]
      .toSorted((one, other) => rank(one) - rank(other))
      .map((name) =>
        h(
          "optgroup",
          { label: name || t("teach.any_screen") },
          (groups.get(name) ?? []).map((one) =>
            h("option", { value: `${one.screen}/${one.name}` }, spoken(one.sentence) || one.name),
          ),
        ),
      ),
  );
}

/** @param {string} label @param {HTMLElement} control @param {string} [hint] */
function labelled(label, control, hint) {
  return h(
    "label",
    { class: "field meaning-more" },
    h("span", { class: "field-label" }, label),
    control,
    hint && h("span", { class: "hint" }, hint),
  );
}
